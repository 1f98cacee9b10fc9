package io.mnist20k.train;

import io.mnist20k.network.Network;
import java.nio.file.Path;

/// Told what a run does, in order and one at a time, on whichever thread is at work. Everything is optional.
public interface TrainingListener {
    /// A run as it begins or goes on.
    ///
    /// @param device           `cuda`, `cpu` or `reference`
    /// @param deviceName       the device in words
    /// @param kernels          what computes there, as [io.mnist20k.engine.Session#kernels] says
    /// @param trainingImages   an epoch
    /// @param validationImages after each epoch
    /// @param stepsPerEpoch    at least 1
    /// @param epochsDone       0 where the run begins
    /// @param stepsDone        of the epoch after those; not 0 where the run was stopped within it
    record Start(
            RunSettings settings,
            Network network,
            String device,
            String deviceName,
            String kernels,
            int trainingImages,
            int validationImages,
            int stepsPerEpoch,
            int epochsDone,
            int stepsDone,
            Path directory) {}

    /// The device is ready, and no step taken yet.
    default void started(Start start) {}

    /// The device could not do what was tried first.
    ///
    /// @param kernels what computes from here on, to the same bits
    default void kernelsChanged(String kernels) {}

    /// @param epoch    from 1
    /// @param step     within the epoch, from 1
    /// @param meanLoss of the epoch's samples so far, nats, with label smoothing
    default void stepDone(int epoch, int step, double meanLoss) {}

    default void epochDone(EpochRecord epoch) {}
}
