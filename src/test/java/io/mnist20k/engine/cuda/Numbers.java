package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.random.Philox;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;

/// Made-up inputs, each a function of a seed, and comparisons that say where they failed.
final class Numbers {
    private Numbers() {}

    /// In (-1, 1).
    static double symmetric(long seed, int index) {
        int[] words = new int[4];
        Philox.block(seed, index, 0, 0, -1, words);
        return Philox.symmetric(words[0]);
    }

    /// Multiples of 1/8 in [-2, 2], which both precisions have, so that equal neighbours are common and different ones
    /// differ clearly.
    static float[] eighths(long seed, int count) {
        return array(count, i -> Math.rint(16 * symmetric(seed, i)) / 8);
    }

    static float[] array(int count, IntToDoubleFunction element) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) element.applyAsDouble(i);
        }
        return values;
    }

    static double[] doubles(float[] values) {
        double[] widened = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            widened[i] = values[i];
        }
        return widened;
    }

    static void assertSameBits(float[] expected, float[] actual, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
                assertEquals(expected[i], actual[i], what + ", element " + i);
            }
        }
    }

    /// @param tolerance by index
    static void assertClose(double[] expected, float[] actual, IntToDoubleFunction tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            double off = Math.abs(expected[i] - actual[i]);
            if (!(off <= tolerance.applyAsDouble(i))) {
                assertTrue(
                        false,
                        String.format(
                                Locale.ROOT,
                                "%s: element %d is %.9g, expected %.9g, off by %.3g, tolerance %.3g",
                                what,
                                i,
                                actual[i],
                                expected[i],
                                off,
                                tolerance.applyAsDouble(i)));
            }
        }
    }
}
