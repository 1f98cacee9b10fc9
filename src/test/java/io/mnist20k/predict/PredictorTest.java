package io.mnist20k.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.engine.CountedSessions;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.model.TinyModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class PredictorTest {
    private static final int COUNT = 7;
    private static final byte[] DIGIT = new byte[28 * 28];

    private final Dataset digits = MadeUpDigits.of(COUNT, 3);

    private static Predictor open() {
        return new Predictor(TinyModel.model(), new ReferenceEngine());
    }

    @Test
    void eachDigitHasItsAnswerInItsPlace() {
        var images = new ArrayList<byte[]>();
        for (int i = 0; i < COUNT; i++) {
            images.add(digits.slice(i, i + 1).pixels());
        }
        try (Predictor predictor = open()) {
            List<Prediction> together = predictor.predict(images);
            assertEquals(COUNT, together.size());
            for (int i = 0; i < COUNT; i++) {
                Prediction alone = predictor.predict(List.of(images.get(i))).getFirst();
                assertArrayEquals(alone.probabilities(), together.get(i).probabilities());
                assertEquals(alone.digit(), together.get(i).digit());
            }
        }
    }

    @Test
    void digitsOfAnotherLengthAreRefused() {
        try (Predictor predictor = open()) {
            for (int length : new int[] {0, 783, 785, 2 * 784}) {
                assertThrows(IllegalArgumentException.class, () -> predictor.predict(List.of(DIGIT, new byte[length])));
                assertThrows(IllegalArgumentException.class, () -> predictor.predict(List.of(new byte[length], DIGIT)));
            }
            assertThrows(IllegalArgumentException.class, () -> predictor.predict(List.of()));
            assertEquals(2, predictor.predict(List.of(DIGIT, DIGIT)).size());
        }
    }

    @Test
    void aModelThatCouldNotBeLoadedLeavesNoSession() {
        var engine = new CountedSessions();
        engine.failOnce(new IllegalStateException("as told"));
        assertThrows(IllegalStateException.class, () -> new Predictor(TinyModel.model(), engine).close());
        assertEquals(1, engine.opened());
        assertEquals(1, engine.closed());
    }

    @Test
    void moreThanAnArrayHoldsIsRefused() {
        try (Predictor predictor = open()) {
            assertThrows(
                    IllegalArgumentException.class, () -> predictor.predict(Collections.nCopies(3_000_000, DIGIT)));
        }
    }

    @Test
    void threadsThatShareOneTakeTurns() throws Exception {
        try (Predictor predictor = open();
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            double expected = predictor.predict(List.of(DIGIT)).getFirst().probability();
            Callable<Double> asking =
                    () -> predictor.predict(List.of(DIGIT)).getFirst().probability();
            for (Future<Double> answer : threads.invokeAll(Collections.nCopies(40, asking))) {
                assertEquals(expected, answer.get());
            }
        }
    }

    @Test
    void whatIsClosedPredictsNothing() {
        Predictor predictor = open();
        predictor.close();
        assertThrows(IllegalStateException.class, () -> predictor.logits(digits));
    }
}
