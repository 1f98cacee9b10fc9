package io.mnist20k.train;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Evaluation;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/// How a run ended, where it did not fail.
public sealed interface TrainingResult {
    RunSettings settings();

    /// A line an epoch.
    List<EpochRecord> epochs();

    /// Where the run's files are.
    Path directory();

    /// Stopped as asked, with a checkpoint.
    ///
    /// @param epoch     the epoch to go on with, from 1
    /// @param stepsDone of that epoch
    record Stopped(RunSettings settings, List<EpochRecord> epochs, int epoch, int stepsDone, Path directory)
            implements TrainingResult {}

    /// Trained to the end.
    ///
    /// @param device           `cuda`, `cpu` or `reference`
    /// @param deviceName       the device in words
    /// @param parameters       trainable numbers of the network
    /// @param trainSeconds     training and validation of all epochs, without start-up, over all parts of a
    ///                         resumed run
    /// @param imagesPerSecond  training alone
    /// @param validation       the images the model was judged by
    /// @param validationLogits unnormalised scores of the last epoch's model, `[validation.count(), classes]`,
    ///                         row-major
    /// @param evaluation       of those scores
    record Finished(
            RunSettings settings,
            String device,
            String deviceName,
            int parameters,
            List<EpochRecord> epochs,
            double trainSeconds,
            double imagesPerSecond,
            Dataset validation,
            float[] validationLogits,
            Evaluation evaluation,
            Path directory)
            implements TrainingResult {
        /// Of the last epoch's model, never of the best epoch's.
        public double finalAccuracy() {
            return evaluation.accuracy();
        }

        /// Validation loss of the last epoch's model, nats.
        public double finalLoss() {
            return evaluation.loss();
        }

        /// Of the epoch that did best, for the curious; nothing was chosen by it.
        public double bestAccuracy() {
            return epochs.stream()
                    .map(EpochRecord::validationAccuracy)
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }
}
