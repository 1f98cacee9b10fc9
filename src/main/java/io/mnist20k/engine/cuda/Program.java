package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.engine.Region;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Precision;

/// A network compiled for whole batches: what stands where in the device's memory, and what a step of so many samples
/// does there.
interface Program {
    /// As [io.mnist20k.engine.Session#kernels].
    String kernels();

    MemoryPlan memory();

    DeviceState state();

    /// Where evaluations leave their logits, `[batch, classes]` in single precision.
    Region evaluatedLogits();

    /// Everything for this number of samples; the memory has been allocated.
    ///
    /// @param samples at most the batch
    /// @param owner   of what it needs natively
    Body layOut(Device device, Owner owner, int samples);

    /// Whole units by this program's kernels where they are asked for and fit network and GPU, else layer by layer.
    static Program of(Gpu.Description gpu, Network network, Training training) {
        int sharedBytes = gpu.sharedBytes();
        if (training.engine().kernels() != Kernels.FUSED) {
            return new LayerProgram(network, training, sharedBytes, "");
        }
        if (training.engine().precision() != Precision.FP32) {
            return new LayerProgram(network, training, sharedBytes, "; whole units are computed only in fp32");
        }
        var units = UnitNetwork.of(network, sharedBytes);
        if (units.isPresent()) {
            return new UnitProgram(units.get(), network, training, sharedBytes);
        }
        return new LayerProgram(
                network,
                training,
                sharedBytes,
                "; no whole units: the network is not made of them, or one is too large, in channels or for the "
                        + (sharedBytes >> 10) + " KB of shared memory that a block has here");
    }

    /// Writes what never changes.
    default void begin(Device device, DeviceBuffer memory) {
        state().begin(device, memory);
    }

    /// Queues what makes the model of now the one to evaluate.
    default void beginEvaluation(DeviceBuffer memory) {
        state().copyForEvaluation(memory);
    }

    /// Allocates all memory; its content is undefined.
    default DeviceBuffer allocate(Gpu gpu) {
        var buffer = new DeviceBuffer(gpu, memory().bytes());
        memory().locate(buffer.address());
        return buffer;
    }
}
