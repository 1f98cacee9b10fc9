package io.mnist20k.train;

import java.util.stream.DoubleStream;

/// What one epoch came to; a line of `metrics.jsonl`.
///
/// @param epoch              from 1
/// @param trainLoss          mean over the epoch's samples as the optimiser saw them, nats, with label smoothing
/// @param trainAccuracy      share of right answers while training, 0..1
/// @param validationLoss     of the model after the epoch, mean, nats, without label smoothing
/// @param validationAccuracy of the model after the epoch, 0..1
/// @param learningRate       of the epoch's last step
/// @param seconds            training and validation
/// @param imagesPerSecond    training alone
public record EpochRecord(
        int epoch,
        double trainLoss,
        double trainAccuracy,
        double validationLoss,
        double validationAccuracy,
        double learningRate,
        double seconds,
        double imagesPerSecond) {
    boolean isFinite() {
        return DoubleStream.of(
                        trainLoss,
                        trainAccuracy,
                        validationLoss,
                        validationAccuracy,
                        learningRate,
                        seconds,
                        imagesPerSecond)
                .allMatch(Double::isFinite);
    }
}
