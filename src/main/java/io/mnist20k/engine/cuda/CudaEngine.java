package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.Gpu;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;

/// One GPU.
///
/// @param captures whether steps and evaluations are captured as graphs
/// @param stretch  steps until the first report of the first epoch; those to come follow the clock
record CudaEngine(Gpu.Description gpu, boolean captures, int stretch) implements Engine {
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

    @Override
    public Session open(Network network, Training training) {
        Training.requireImages(network);
        return PlatformThread.call(() -> new CudaSession(gpu, network, training, captures, stretch));
    }
}
