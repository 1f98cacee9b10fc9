package io.mnist20k.engine.cuda;

import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;

/// One GPU.
///
/// @param ordinal    the driver's number of it
/// @param deviceName as the driver calls it
/// @param captures   whether steps and evaluations are captured as graphs
/// @param stretch    steps until the first report of the first epoch; those to come follow the clock
record CudaEngine(int ordinal, String deviceName, boolean captures, int stretch) implements Engine {
    CudaEngine(int ordinal, String deviceName, boolean captures) {
        this(ordinal, deviceName, captures, 1);
    }

    @Override
    public String name() {
        return CudaProvider.NAME;
    }

    @Override
    public Session open(Network network, Training training) {
        return new CudaSession(ordinal, network, training, captures, stretch);
    }
}
