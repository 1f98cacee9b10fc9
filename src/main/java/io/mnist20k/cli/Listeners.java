package io.mnist20k.cli;

import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.TrainingListener;
import java.util.List;

/// Several that follow one run.
record Listeners(List<TrainingListener> all) implements TrainingListener {
    @Override
    public void started(Start start) {
        all.forEach(listener -> listener.started(start));
    }

    @Override
    public void kernelsChanged(String kernels) {
        all.forEach(listener -> listener.kernelsChanged(kernels));
    }

    @Override
    public void stepDone(int epoch, int step, double meanLoss) {
        all.forEach(listener -> listener.stepDone(epoch, step, meanLoss));
    }

    @Override
    public void epochDone(EpochRecord epoch) {
        all.forEach(listener -> listener.epochDone(epoch));
    }
}
