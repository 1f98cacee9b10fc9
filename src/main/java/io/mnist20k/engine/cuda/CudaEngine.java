package io.mnist20k.engine.cuda;

import io.mnist20k.UserError;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Precision;

/// One GPU.
///
/// @param captures whether steps and evaluations are captured as graphs
/// @param stretch  steps until the first report of the first epoch; those to come follow the clock
record CudaEngine(Gpu.Description gpu, boolean captures, int stretch) implements Engine {
    /// Since Ampere: cuDNN has no convolutions in bfloat16 for GPUs before it.
    private static final int BF16_MAJOR = 8;

    CudaEngine(Gpu.Description gpu, boolean captures) {
        this(gpu, captures, 1);
    }

    @Override
    public String name() {
        return CudaProvider.NAME;
    }

    @Override
    public String deviceName() {
        return gpu.name();
    }

    static boolean canBf16(Gpu.Description gpu) {
        return gpu.major() >= BF16_MAJOR;
    }

    /// @throws UserError where the GPU cannot have the precision, or fails
    @Override
    public Session open(Network network, Training training) {
        Training.requireImages(network);
        if (training.engine().precision() == Precision.BF16 && !canBf16(gpu)) {
            throw new UserError(
                    "engine.precision is bf16, for which cuDNN needs a GPU of compute capability 8.0 or more,"
                            + " and %s has %s.%s; train with --set engine.precision=fp32"
                                    .formatted(gpu.name(), gpu.major(), gpu.minor()));
        }
        return PlatformThread.call(() -> new CudaSession(gpu, network, training, captures, stretch));
    }
}
