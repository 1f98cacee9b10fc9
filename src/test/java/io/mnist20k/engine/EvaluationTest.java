package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.data.Dataset;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class EvaluationTest {
    @Test
    void lossIsLogTenForEqualLogits() {
        float[] logits = new float[30];
        Arrays.fill(logits, 123.5f);
        assertEquals(Math.log(10), Evaluation.of(labelled(3, 0, 9), logits).loss(), 1e-14);
    }

    @Test
    void logitsOfOtherImagesAreRefused() {
        for (int length : new int[] {0, 20, 29, 31, 40}) {
            assertThrows(IllegalArgumentException.class, () -> Evaluation.of(labelled(3, 0, 9), new float[length]));
        }
    }

    @Test
    void theFirstOfEqualLogitsIsTheAnswer() {
        float[] logits = new float[20];
        logits[4] = 1;
        logits[7] = 1;
        Evaluation evaluation = Evaluation.of(labelled(4, 7), logits);
        assertEquals(1, evaluation.correct());
        assertEquals(1, evaluation.confusion()[4][4]);
        assertEquals(1, evaluation.confusion()[7][0]);
    }

    @Test
    void confusionCountsTruthByRows() {
        float[] logits = new float[40];
        logits[2] = 5;
        logits[12] = 5;
        logits[23] = 5;
        logits[32] = 5;
        Evaluation evaluation = Evaluation.of(labelled(2, 3, 3, 3), logits);
        int[][] expected = new int[10][10];
        expected[2][2] = 1;
        expected[3][2] = 2;
        expected[3][3] = 1;
        assertArrayEquals(expected, evaluation.confusion());
        assertEquals(4, evaluation.count());
        assertEquals(2, evaluation.correct());
        assertEquals(2, evaluation.errors());
        assertEquals(0.5, evaluation.accuracy());
    }

    @Test
    void lossIsTheMeanOfTheCrossEntropies() {
        float[] logits = new float[20];
        logits[1] = 2;
        logits[15] = -1;
        // -log softmax by hand: log(9 + e²) - 2 and log(9 + 1/e) + 1.
        double expected = (Math.log(9 + Math.exp(2)) - 2 + Math.log(9 + Math.exp(-1)) + 1) / 2;
        assertEquals(expected, Evaluation.of(labelled(1, 5), logits).loss(), 1e-14);
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        float[] logits = new float[10];
        logits[0] = 30_000;
        logits[1] = -30_000;
        assertEquals(60_000, Evaluation.of(labelled(1), logits).loss());
    }

    private static Dataset labelled(int... labels) {
        byte[] bytes = new byte[labels.length];
        for (int i = 0; i < labels.length; i++) {
            bytes[i] = (byte) labels[i];
        }
        return new Dataset(new byte[labels.length * 784], bytes);
    }
}
