package io.mnist20k.engine;

/// Told of every training step, in order and one at a time, on whichever thread is at work. A device that runs ahead
/// reports several steps at once, at least a few times a second. Where an observer throws, training ends with
/// what it threw; the session has done the steps told of, or a few more.
@FunctionalInterface
public interface StepObserver {
    /// @param lossSum of the step's samples, nats, with label smoothing, as the optimiser saw it
    /// @param correct samples whose label had the largest score
    /// @return whether to go on; after `false` the engine stops as soon as it can and reports what it did until
    ///         then
    boolean stepDone(int step, double lossSum, int correct);
}
