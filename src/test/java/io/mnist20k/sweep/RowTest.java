package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class RowTest {
    private static RunResult run(double accuracy, double loss, double seconds) {
        return new RunResult(
                "0123",
                "r",
                1,
                "cpu",
                "EPYC",
                "MNIST",
                "held-out",
                50,
                2014,
                3,
                16,
                accuracy,
                accuracy + 0.01,
                loss,
                seconds,
                1000.0);
    }

    private static Row row(double... accuracies) {
        return Row.of(
                Arrays.stream(accuracies).mapToObj(a -> run(a, 2 * a, 10 * a)).toList());
    }

    /// Student's (1908) own example, the additional sleep of ten patients, as every textbook of statistics works it
    /// out: mean 2.33, deviation 2.002, t(9) = 2.262.
    @Test
    void theIntervalIsStudents() {
        Row row = row(1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4);
        assertEquals(2.33, Objects.requireNonNull(row.mean()), 1e-12);
        assertEquals(2.002, Objects.requireNonNull(row.deviation()), 5e-4);
        assertEquals(2.262 * 2.002 / Math.sqrt(10), Objects.requireNonNull(row.halfWidth95()), 1e-3);
        assertEquals(-0.1, row.minimum());
        assertEquals(5.5, row.maximum());
        assertEquals(2 * 2.33, Objects.requireNonNull(row.loss()), 1e-12);
        assertEquals(17.5, row.seconds());
    }

    @Test
    void oneRunHasNoSpread() {
        assertEquals(
                new Row(
                        "0123",
                        "r",
                        "cpu",
                        "MNIST",
                        "held-out",
                        50,
                        2014,
                        3,
                        16,
                        1,
                        0,
                        0.5,
                        null,
                        1.0,
                        0.5,
                        0.5,
                        null,
                        5.0),
                row(0.5));
    }

    @Test
    void equalRunsHaveNoSpreadEither() {
        Row row = row(0.996, 0.996, 0.996);
        assertEquals(0.996, Objects.requireNonNull(row.mean()), 1e-15);
        assertEquals(0, Objects.requireNonNull(row.deviation()), 1e-15);
    }
}
