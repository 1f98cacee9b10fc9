package io.mnist20k.engine.reference;

import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;

/// Computes with one thread, in double.
public final class ReferenceEngine implements Engine {
    static final String NAME = "reference";
    static final String DEVICE_NAME = "plain loops in double precision, 1 thread";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String deviceName() {
        return DEVICE_NAME;
    }

    @Override
    public Session open(Network network, Training training) {
        Training.requireImages(network);
        training.requireSinglePrecision(name());
        return new ReferenceSession(network, training);
    }
}
