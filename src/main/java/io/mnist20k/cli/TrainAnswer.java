package io.mnist20k.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.mnist20k.data.Validation;
import io.mnist20k.train.TrainingResult;

/// A finished run as `train --json` prints it.
///
/// @param device          `cuda`, `cpu` or `reference`
/// @param recipe          its name
/// @param finalAccuracy   of the last epoch's model, 0..1
/// @param bestAccuracy    of the epoch that did best, 0..1
/// @param finalLoss       mean of the last epoch's model, nats
/// @param trainSeconds    the loop alone
/// @param totalSeconds    from the start of the process
/// @param imagesPerSecond training alone
/// @param validation      `held-out` or `re-drawn`, where the accuracies are not of the test files
/// @param limit           of training images, where not all were trained on
/// @param budgetLifted    only there where it is true
record TrainAnswer(
        String device,
        String deviceName,
        String recipe,
        int parameters,
        int epochs,
        int batch,
        long seed,
        double finalAccuracy,
        double bestAccuracy,
        double finalLoss,
        double trainSeconds,
        double totalSeconds,
        double imagesPerSecond,
        String runDir,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) String validation,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) int limit,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean budgetLifted) {
    static TrainAnswer of(TrainingResult.Finished finished) {
        var settings = finished.settings();
        return new TrainAnswer(
                finished.device(),
                finished.deviceName(),
                settings.recipe().name(),
                finished.parameters(),
                finished.epochs().size(),
                settings.recipe().batch(),
                settings.seed(),
                finished.finalAccuracy(),
                finished.bestAccuracy(),
                finished.finalLoss(),
                finished.trainSeconds(),
                Restart.secondsSinceStart(),
                finished.imagesPerSecond(),
                finished.directory().toAbsolutePath().normalize().toString(),
                settings.validation() == Validation.TEST
                        ? ""
                        : settings.validation().toString(),
                settings.limit(),
                settings.budgetLifted());
    }
}
