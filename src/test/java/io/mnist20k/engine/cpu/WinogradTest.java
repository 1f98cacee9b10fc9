package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Shape;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Winograd's ways to a 3×3 correlation and to its weights' gradient, against sums in double precision.
///
/// How far a result may be off is worked out for each number: the same transforms of absolute values bound the sum of
/// the magnitudes of everything that was added up, and each rounding on the way is at most 2^-24 of that. The matrices
/// are made here from the points alone.
final class WinogradTest {
    private static final long SEED = 20;
    private static final double ROUNDING = 0x1p-24;
    private static final double[] POINTS = {0, Math.sqrt(0.5), -Math.sqrt(0.5), Math.sqrt(2), -Math.sqrt(2)};

    /// Outputs' size, inputs, outputs: multiples of what a kernel takes at once, and not.
    record Case(int height, int width, int inputs, int outputs) {}

    static Stream<Case> cases() {
        return Stream.of(
                new Case(4, 4, 4, 1),
                new Case(4, 8, 5, 4),
                new Case(5, 5, 4, 3),
                new Case(6, 7, 7, 9),
                new Case(8, 8, 16, 16),
                new Case(9, 4, 17, 2),
                new Case(12, 20, 4, 5),
                new Case(13, 11, 6, 6));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void correlatesLikeTheSum(Case c) {
        var problem = new Problem(c, 0);
        run(
                new WinogradCorrelation(
                        problem.in, null, problem.out, Epilogue.NONE, problem.source, new int[0], 0, false),
                problem);
        problem.checkOutputs();
    }

    static Stream<Case> casesWithRoomForARim() {
        return cases().filter(c -> c.height >= 6 && c.width >= 6);
    }

    /// The rim is computed apart, from what is not zero in a border of two.
    @ParameterizedTest
    @MethodSource("casesWithRoomForARim")
    void correlatesARimLikeTheSum(Case c) {
        var problem = new Problem(c, 2);
        run(new RimmedCorrelation(problem.in, problem.out, problem.source), problem);
        problem.checkOutputs();
    }

    private static void run(Correlation correlation, Problem problem) {
        correlation.pack(problem.weights);
        Arrays.fill(problem.out.data, Float.NaN);
        float[] scratch = problem.scratch(correlation.scratchLength());
        correlation.run(problem.in.data, problem.in.block(1), problem.out.data, problem.out.block(1), scratch);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsWeightGradientsLikeTheSum(Case c) {
        var problem = new Problem(c, 0);
        var gradient = new WinogradWeightGradient(problem.in, null, problem.out, problem.source);
        problem.fill(problem.out);
        float[] found = new float[problem.weights.length];
        float[] scratch = problem.scratch(gradient.scratchLength());
        gradient.run(problem.in.data, problem.in.block(1), problem.out.data, problem.out.block(1), scratch, found);
        problem.checkGradients(found);
    }

    @Test
    void leftoversInTheScratchChangeNothing() {
        var problem = new Problem(new Case(5, 9, 5, 3), 0);
        var correlation = new WinogradCorrelation(
                problem.in, null, problem.out, Epilogue.NONE, problem.source, new int[0], 0, false);
        correlation.pack(problem.weights);
        float[] scratch = problem.scratch(correlation.scratchLength());
        correlation.run(problem.in.data, problem.in.block(0), problem.out.data, problem.out.block(0), scratch);
        float[] first = problem.out.data.clone();
        Arrays.fill(scratch, Float.NaN);
        correlation.run(problem.in.data, problem.in.block(0), problem.out.data, problem.out.block(0), scratch);
        assertArrayEquals(first, problem.out.data, () -> "seed " + SEED);
    }

    @Test
    void poolsWhatItWouldWriteWhereNotEverythingIsANumber() {
        var random = new Random(SEED);
        int products = Winograd.IN * Winograd.IN * COUNT;
        for (int round = 0; round < 200; round++) {
            float[] m = new float[Planes.START + products + Winograd.OUT * Winograd.IN * COUNT];
            for (int i = 0; i < products; i++) {
                m[i] = (float) random.nextGaussian();
            }
            for (int broken = 0; broken < 3 * COUNT; broken++) {
                m[random.nextInt(products)] = broken % 2 == 0 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
            }
            Winograd.outputColumns(m, 0, COUNT, products);
            for (float least : new float[] {0, Float.NEGATIVE_INFINITY}) {
                float[] written = new float[Winograd.OUT * Winograd.OUT * COUNT];
                float[] pooled = new float[Winograd.OUT * Winograd.OUT / 4 * COUNT];
                Winograd.outputRows(m, products, 0.25f, least, written, 0, Winograd.OUT * COUNT);
                Winograd.pooledRows(m, products, 0.25f, least, pooled, 0, Winograd.OUT / 2 * COUNT);
                assertArrayEquals(pooledPlainly(written), pooled, () -> "seed " + SEED);
            }
        }
    }

    /// A later element replaces an earlier one only if it is greater.
    private static float[] pooledPlainly(float[] written) {
        int side = Winograd.OUT / 2;
        float[] pooled = new float[side * side * COUNT];
        for (int i = 0; i < pooled.length; i++) {
            int lane = i % COUNT;
            int corner = i / COUNT / side * 2 * Winograd.OUT + i / COUNT % side * 2;
            float first = written[corner * COUNT + lane];
            for (int next : new int[] {1, Winograd.OUT, Winograd.OUT + 1}) {
                float candidate = written[(corner + next) * COUNT + lane];
                first = candidate > first ? candidate : first;
            }
            pooled[i] = first;
        }
        return pooled;
    }

    /// A correlation over random numbers, and what is expected of it. Of two blocks, the second is looked at.
    private static final class Problem {
        final Planes in;
        final Planes out;
        final int[][] source;
        final float[] weights;
        private final Case c;
        private final Random random = new Random(SEED);

        /// @param border of zeros that the input is read with
        Problem(Case c, int border) {
            this.c = c;
            in = planes(new Shape(c.inputs, c.height + 2 - 2 * border, c.width + 2 - 2 * border), border, border);
            out = planes(new Shape(c.outputs, c.height, c.width), 1, 2);
            source = IntStream.range(0, c.outputs)
                    .mapToObj(o -> IntStream.range(o * c.inputs * 9, (o + 1) * c.inputs * 9)
                            .toArray())
                    .toArray(int[][]::new);
            weights = new float[c.outputs * c.inputs * 9];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) random.nextGaussian();
            }
            fill(in);
        }

        private static Planes planes(Shape shape, int before, int after) {
            var memory = new BlockMemory(0);
            Planes planes = memory.planes(shape, before, after, 1);
            planes.region.touch(0);
            memory.layOut(2);
            memory.allocate();
            return planes;
        }

        void fill(Planes planes) {
            for (int block = 0; block < 2; block++) {
                for (int channel = 0; channel < planes.shape.channels(); channel++) {
                    for (int y = 0; y < planes.shape.height(); y++) {
                        int from = planes.row(block, channel, y);
                        for (int i = from; i < from + planes.shape.width() * COUNT; i++) {
                            planes.data[i] = (float) random.nextGaussian() + 0.5f;
                        }
                    }
                }
            }
        }

        float[] scratch(int length) {
            float[] scratch = new float[Planes.START + length];
            Arrays.fill(scratch, Float.NaN);
            return scratch;
        }

        /// Of the second block, from the corner of the border.
        private double input(int channel, int y, int x, int lane) {
            return in.data[in.block(1) + channel * in.planeStride + y * in.lineLength + x * COUNT + lane];
        }

        private double output(int channel, int y, int x, int lane) {
            return out.data[out.row(1, channel, y) + x * COUNT + lane];
        }

        void checkOutputs() {
            double[][] b = absolute(inputMatrix());
            double[][] g = absolute(powers(3, true));
            double[][] a = absolute(powers(4, false));
            // Roundings: 4 a dimension in each transform and in what the constants are, and one a term of the sum.
            double roundings = 2 * (5 + 6 + 6) + c.inputs;
            for (int o = 0; o < c.outputs; o++) {
                double[][][] kernels = new double[c.inputs][][];
                for (int i = 0; i < c.inputs; i++) {
                    kernels[i] = sandwich(g, kernel(o, i));
                }
                for (int lane = 0; lane < COUNT; lane++) {
                    checkPlane(o, lane, b, kernels, a, roundings);
                }
            }
        }

        private void checkPlane(int o, int lane, double[][] b, double[][][] kernels, double[][] a, double roundings) {
            for (int y = 0; y < c.height; y++) {
                for (int x = 0; x < c.width; x++) {
                    double expected = 0;
                    for (int i = 0; i < c.inputs; i++) {
                        for (int tap = 0; tap < 9; tap++) {
                            expected += weights[source[o][i * 9 + tap]] * input(i, y + tap / 3, x + tap % 3, lane);
                        }
                    }
                    double bound = largestTileBound(y, x, lane, b, kernels, a);
                    double actual = output(o, y, x, lane);
                    assertTrue(
                            Math.abs(actual - expected) <= roundings * ROUNDING * bound,
                            () -> "seed " + SEED + ", " + c + ": " + actual + " instead of a sum that may be off by "
                                    + roundings * ROUNDING * bound);
                }
            }
        }

        /// Over all tiles over the pixel, whichever has computed it.
        private double largestTileBound(int y, int x, int lane, double[][] b, double[][][] kernels, double[][] a) {
            double largest = 0;
            for (int top = Math.max(0, y - 3); top <= Math.min(y, c.height - 4); top++) {
                for (int left = Math.max(0, x - 3); left <= Math.min(x, c.width - 4); left++) {
                    largest = Math.max(largest, tileBound(y - top, x - left, top, left, lane, b, kernels, a));
                }
            }
            return largest;
        }

        private double tileBound(
                int dy, int dx, int top, int left, int lane, double[][] b, double[][][] kernels, double[][] a) {
            double bound = 0;
            for (int i = 0; i < c.inputs; i++) {
                double[][] products = sandwich(b, tile(i, top, left, lane));
                for (int p = 0; p < 6; p++) {
                    for (int q = 0; q < 6; q++) {
                        bound += a[p][dy] * a[q][dx] * products[p][q] * kernels[i][p][q];
                    }
                }
            }
            return bound;
        }

        private double[][] tile(int channel, int top, int left, int lane) {
            double[][] tile = new double[6][6];
            for (int y = 0; y < 6; y++) {
                for (int x = 0; x < 6; x++) {
                    tile[y][x] = Math.abs(input(channel, top + y, left + x, lane));
                }
            }
            return tile;
        }

        private double[][] kernel(int o, int i) {
            double[][] kernel = new double[3][3];
            for (int tap = 0; tap < 9; tap++) {
                kernel[tap / 3][tap % 3] = Math.abs(weights[source[o][i * 9 + tap]]);
            }
            return kernel;
        }

        void checkGradients(float[] found) {
            double[][] b = absolute(inputMatrix());
            double[][] a = absolute(powers(4, false));
            double[][] g = absolute(powers(3, true));
            var tiles = new WinogradTiles(c.height, c.width);
            double roundings = 2 * (5 + 5 + 6) + tiles.count() + COUNT;
            for (int o = 0; o < c.outputs; o++) {
                for (int i = 0; i < c.inputs; i++) {
                    double[][] products = gradientProducts(tiles, o, i, b, a);
                    for (int tap = 0; tap < 9; tap++) {
                        double bound = 0;
                        for (int p = 0; p < 6; p++) {
                            for (int q = 0; q < 6; q++) {
                                bound += g[p][tap / 3] * g[q][tap % 3] * products[p][q];
                            }
                        }
                        double expected = gradient(o, i, tap);
                        double actual = found[source[o][i * 9 + tap]];
                        double tolerance = roundings * ROUNDING * bound;
                        assertTrue(
                                Math.abs(actual - expected) <= tolerance,
                                () -> "seed " + SEED + ", " + c + ": " + actual + " instead of " + expected
                                        + ", which may be off by " + tolerance);
                    }
                }
            }
        }

        private double[][] gradientProducts(WinogradTiles tiles, int o, int i, double[][] b, double[][] a) {
            double[][] sums = new double[6][6];
            for (int n = 0; n < tiles.count(); n++) {
                int top = tiles.y(n / tiles.across());
                int left = tiles.x(n % tiles.across());
                for (int lane = 0; lane < COUNT; lane++) {
                    double[][] gradients = new double[4][4];
                    for (int k = 0; k < 16; k++) {
                        gradients[k / 4][k % 4] = Math.abs(output(o, top + k / 4, left + k % 4, lane));
                    }
                    double[][] left6 = sandwich(a, gradients);
                    double[][] right6 = sandwich(b, tile(i, top, left, lane));
                    for (int k = 0; k < 36; k++) {
                        sums[k / 6][k % 6] += left6[k / 6][k % 6] * right6[k / 6][k % 6];
                    }
                }
            }
            return sums;
        }

        private double gradient(int o, int i, int tap) {
            double sum = 0;
            for (int y = 0; y < c.height; y++) {
                for (int x = 0; x < c.width; x++) {
                    for (int lane = 0; lane < COUNT; lane++) {
                        sum += output(o, y, x, lane) * input(i, y + tap / 3, x + tap % 3, lane);
                    }
                }
            }
            return sum;
        }
    }

    /// Rows are the coefficients of f(x) / (x - point), and of f(x) = product of all x - point.
    private static double[][] inputMatrix() {
        double[][] rows = new double[6][];
        for (int without = 0; without < 6; without++) {
            double[] product = {1, 0, 0, 0, 0, 0};
            for (int p = 0; p < POINTS.length; p++) {
                if (p == without) {
                    continue;
                }
                double[] next = new double[6];
                for (int k = 0; k < 6; k++) {
                    next[k] = (k > 0 ? product[k - 1] : 0) - POINTS[p] * product[k];
                }
                product = next;
            }
            rows[without] = product;
        }
        return rows;
    }

    /// Rows are the powers of a point, divided by f' there if wanted; the last is that of infinity.
    private static double[][] powers(int count, boolean divided) {
        double[][] rows = new double[6][count];
        for (int p = 0; p < POINTS.length; p++) {
            double slope = 1;
            for (int other = 0; other < POINTS.length; other++) {
                slope *= other == p || !divided ? 1 : POINTS[p] - POINTS[other];
            }
            for (int k = 0; k < count; k++) {
                rows[p][k] = Math.pow(POINTS[p], k) / slope;
            }
        }
        rows[5][count - 1] = 1;
        return rows;
    }

    private static double[][] absolute(double[][] matrix) {
        return Arrays.stream(matrix)
                .map(row -> Arrays.stream(row).map(Math::abs).toArray())
                .toArray(double[][]::new);
    }

    /// `m x mᵀ`.
    private static double[][] sandwich(double[][] m, double[][] x) {
        double[][] result = new double[m.length][m.length];
        for (int p = 0; p < m.length; p++) {
            for (int q = 0; q < m.length; q++) {
                for (int y = 0; y < x.length; y++) {
                    for (int z = 0; z < x.length; z++) {
                        result[p][q] += m[p][y] * m[q][z] * x[y][z];
                    }
                }
            }
        }
        return result;
    }
}
