package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EpochTest {
    private static final int[] ORDER = {2, 0, 1};

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void countsWithinTheCounterOfTheRandomNumbers(int epoch) {
        refused(() -> epoch(epoch, 0, 2, 1, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3})
    void beginsWithAStepThatItHas(int firstStep) {
        refused(() -> epoch(0, firstStep, 2, 1, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0})
    void aBatchHasSamples(int batch) {
        refused(() -> epoch(0, 0, batch, 1, 1));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aLearningRateIsANumber(float rate) {
        refused(() -> epoch(0, 0, 2, 1, rate));
    }

    @Test
    void aStepHasALearningRate() {
        refused(() -> epoch(0, 0, 2, 1));
        refused(() -> epoch(0, 0, 2, 1, 1, 1));
        assertEquals(2, epoch(0, 2, 2, 1, 1).steps());
    }

    private static void refused(Runnable made) {
        assertThrows(IllegalArgumentException.class, made::run);
    }

    private static Epoch epoch(int epoch, int firstStep, int batch, float... learningRates) {
        return new Epoch(epoch, firstStep, batch, ORDER, learningRates);
    }
}
