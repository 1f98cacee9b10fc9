package io.mnist20k.train;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.StepObserver;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Network;

/// The reference engine, with someone beside it who has a say in every epoch.
record WatchedEngine(Watch watch) implements Engine {
    interface Watch {
        int train(Session session, Dataset dataset, Epoch epoch, StepObserver observer);
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String deviceName() {
        return "watched";
    }

    @Override
    public Session open(Network network, Training training) {
        Session whole = new ReferenceEngine().open(network, training);
        return new Session() {
            @Override
            public String kernels() {
                return whole.kernels();
            }

            @Override
            public int train(Dataset dataset, Epoch epoch, StepObserver observer) {
                return watch.train(whole, dataset, epoch, observer);
            }

            @Override
            public float[] logits(Dataset dataset) {
                return whole.logits(dataset);
            }

            @Override
            public SessionState state() {
                return whole.state();
            }

            @Override
            public void restore(SessionState state) {
                whole.restore(state);
            }

            @Override
            public void close() {
                whole.close();
            }
        };
    }
}
