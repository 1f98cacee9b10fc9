package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TinyRun;
import io.mnist20k.train.TrainingResult;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RunResultTest {
    private static final Variant VARIANT = new Variant("tiny", "reference", "0123");

    private static final RunSettings SETTINGS =
            new RunSettings(TinyRun.recipe(), 7, Validation.HELD_OUT, 50, false, "/home/a/digits");

    /// The first epoch did better than the last.
    @Test
    void aFinishedRunIsToldByItsOwnNumbers() {
        var run = new TrainingResult.Finished(
                SETTINGS,
                "reference",
                "a processor",
                2014,
                List.of(
                        new EpochRecord(1, 0.5, 0.98, 0.25, 0.995, 0.01, 20, 14_001),
                        new EpochRecord(2, 0.375, 0.99, 0.125, 0.992, 0.01, 21, 14_002)),
                59.4,
                14_000.4,
                MadeUpDigits.of(1, 1),
                new float[10],
                new Evaluation(1000, 992, 0.125, new int[10][10]),
                Path.of("run"));
        assertEquals(withNumbers(0.992, 0.995, 0.125, 59.4, 14_000.4), RunResult.of(VARIANT, run));
    }

    @Test
    void aRunThatDivergedHasNoNumbers() {
        assertEquals(withNumbers(null, null, null, null, null), RunResult.diverged(VARIANT, SETTINGS, "a processor"));
    }

    private static RunResult withNumbers(
            @Nullable Double finalAccuracy,
            @Nullable Double bestAccuracy,
            @Nullable Double finalLoss,
            @Nullable Double trainSeconds,
            @Nullable Double imagesPerSecond) {
        return new RunResult(
                "0123",
                "tiny",
                7,
                "reference",
                "a processor",
                "digits",
                "held-out",
                50,
                2014,
                3,
                16,
                finalAccuracy,
                bestAccuracy,
                finalLoss,
                trainSeconds,
                imagesPerSecond);
    }
}
