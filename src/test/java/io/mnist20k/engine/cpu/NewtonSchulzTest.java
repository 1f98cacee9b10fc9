package io.mnist20k.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.SeedReport;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// On matrices whose singular values are known, since they are diagonal before two rotations. Expected is what five
/// iterations of the polynomial of `docs/OPERATIONS.md`, written out here once more, make of each value in double.
@ExtendWith(SeedReport.class)
final class NewtonSchulzTest {
    private final Random random = new Random(SeedReport.SEED);

    /// Five iterations multiply an error by up to 3.4445 each, 485 in all. Ten deviations of a random walk over the
    /// longest sum, each step rounding by 2^-24.
    private static double tolerance(int longest) {
        return 10 * 485 * 0.4 * Math.sqrt(longest) * 0x1p-24;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,9", "9,1", "3,4", "5,16", "16,9", "17,33", "20,144", "28,252", "61,7", "18,9", "17,9"})
    void turnsEachSingularValueIntoWhatTheIterationsMakeOfIt(int rows, int columns) {
        int rank = Math.min(rows, columns);
        double[] values = random.doubles(rank, 0.1, 3).toArray();
        double[][] left = rotation(rows);
        double[][] right = rotation(columns);
        int guard = 3;
        float[] matrix = new float[guard + rows * columns + guard];
        Arrays.fill(matrix, 7);
        fill(matrix, guard, product(left, values, right, rows, columns));
        new NewtonSchulz(rows, columns).run(matrix, guard);

        double norm = Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
        double[] expected =
                product(left, Arrays.stream(values).map(v -> iterated(v / norm)).toArray(), right, rows, columns);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], matrix[guard + i], tolerance(Math.max(rows, columns)), "element " + i);
        }
        assertEquals(7, matrix[guard - 1]);
        assertEquals(7, matrix[guard + expected.length]);
    }

    /// As `docs/OPERATIONS.md` promises.
    @Test
    void valuesFrom16TenThousandthsOfTheNormOnComeOutNearOne() {
        var iteration = new NewtonSchulz(2, 2);
        for (double value = 0.0016; value < 1; value *= 1.01) {
            float large = (float) Math.sqrt(1 - value * value);
            float[] matrix = {large, 0, 0, (float) value};
            iteration.run(matrix, 0);
            for (float near : new float[] {matrix[0], matrix[3]}) {
                assertTrue(near > 0.68 && near < 1.21, value + " becomes " + near);
            }
        }
    }

    @Test
    void nothingStaysNothing() {
        float[] matrix = new float[20];
        new NewtonSchulz(4, 5).run(matrix, 0);
        assertEquals(0, Arrays.stream(toDouble(matrix)).map(Math::abs).sum());
    }

    @Test
    void notANumberIsNotHidden() {
        float[] matrix = new float[30];
        matrix[7] = Float.NaN;
        var iteration = new NewtonSchulz(5, 6);
        iteration.run(matrix, 0);
        assertTrue(Arrays.stream(toDouble(matrix)).allMatch(Double::isNaN));
        Arrays.fill(matrix, 1);
        iteration.run(matrix, 0);
        assertTrue(Arrays.stream(toDouble(matrix)).noneMatch(Double::isNaN), "what was there before comes through");
    }

    private static double[] toDouble(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }

    private static double iterated(double x) {
        for (int i = 0; i < 5; i++) {
            x = 3.4445 * x - 4.7750 * x * x * x + 2.0315 * x * x * x * x * x;
        }
        return x;
    }

    private static void fill(float[] matrix, int at, double[] values) {
        for (int i = 0; i < values.length; i++) {
            matrix[at + i] = (float) values[i];
        }
    }

    /// left · diagonal · right
    private static double[] product(double[][] left, double[] values, double[][] right, int rows, int columns) {
        double[] product = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                for (int k = 0; k < values.length; k++) {
                    product[i * columns + j] += left[i][k] * values[k] * right[k][j];
                }
            }
        }
        return product;
    }

    /// An orthogonal matrix: random rows, each made orthogonal to those before (Gram and Schmidt, twice).
    private double[][] rotation(int side) {
        double[][] rows = new double[side][];
        for (int i = 0; i < side; i++) {
            double[] row = random.doubles(side, -1, 1).toArray();
            for (int again = 0; again < 2; again++) {
                for (int k = 0; k < i; k++) {
                    double along = dot(row, rows[k]);
                    for (int j = 0; j < side; j++) {
                        row[j] -= along * rows[k][j];
                    }
                }
            }
            double length = Math.sqrt(dot(row, row));
            rows[i] = Arrays.stream(row).map(v -> v / length).toArray();
        }
        return rows;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
