package io.mnist20k.engine.cuda;

import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;

/// One GPU.
///
/// @param ordinal    the driver's number of it
/// @param deviceName as the driver calls it
/// @param captures   whether training steps are captured as graphs
record CudaEngine(int ordinal, String deviceName, boolean captures) implements Engine {
    @Override
    public String name() {
        return CudaProvider.NAME;
    }

    @Override
    public Session open(Network network, Training training) {
        return new CudaSession(ordinal, network, training, captures);
    }
}
