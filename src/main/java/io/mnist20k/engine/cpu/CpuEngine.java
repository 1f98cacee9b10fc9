package io.mnist20k.engine.cpu;

import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Roofline;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;

/// The CPU through its vector units.
record CpuEngine(int threads, String deviceName) implements Engine, Roofline.Source {
    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Session open(Network network, Training training) {
        Training.requireImages(network);
        training.requireSinglePrecision(name());
        return new CpuSession(network, training, threads);
    }

    @Override
    public Roofline roofline() {
        return Ceilings.measure(threads);
    }
}
