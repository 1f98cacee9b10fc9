package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.engine.cuda.NormCase.Moments;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Tolerances are worst cases: a float sum of T terms strays by at most T units of 2^-24 of the sum of magnitudes.
@OnCudaDevice
final class BatchNormKernelTest {
    private static final double UNIT = 0x1p-24;

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    /// How far float sums and what is computed from them may stray, for one channel.
    private record Strays(double sum, double mean, double inverse) {
        /// A thread adds up its share in a row, a warp in five more; the rest is double.
        static Strays of(NormCase test, float[] x, Moments moments, int channel) {
            double terms = Math.ceil((double) test.count() / (NormCase.THREADS * test.slices())) + 8;
            double pivot = x[channel * test.pixels()];
            double distance = Math.abs(moments.mean() - pivot);
            double magnitude = IntStream.range(0, x.length)
                            .filter(i -> test.channelOf(i) == channel)
                            .mapToDouble(i -> Math.abs(x[i] - pivot))
                            .sum()
                    / test.count();
            double squares = moments.variance() + distance * distance;
            double sum = terms * UNIT;
            double mean = sum * magnitude;
            double variance = sum * squares + 2 * distance * mean;
            return new Strays(
                    sum,
                    mean + UNIT * Math.abs(moments.mean()),
                    variance / 2 / (moments.variance() + NormCase.EPSILON) + 4 * UNIT);
        }
    }

    /// Of a normalised value: the mean's error, the scale's error and four roundings.
    private static double[] strays(NormCase test, float[] x, Moments[] moments, double[] values) {
        float[] scale = test.scale();
        Strays[] strays = new Strays[test.channels()];
        Arrays.setAll(strays, c -> Strays.of(test, x, moments[c], c));
        double[] result = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int c = test.channelOf(i);
            double factor = Math.abs(scale[c]) * moments[c].inverse();
            double deviation = Math.abs(x[i] - moments[c].mean());
            result[i] =
                    factor * (strays[c].mean + deviation * (strays[c].inverse + 3 * UNIT)) + UNIT * Math.abs(values[i]);
        }
        return result;
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.cuda.NormCase#cases")
    void normalisesByTheBatch(NormCase test) {
        float[] x = test.x();
        Moments[] moments = test.moments(x);
        double[] values = test.normalized(x, moments);
        double[] strays = strays(test, x, moments, values);
        double[] expected = test.output(values);
        assertTrue(DoubleStream.of(expected).map(Math::abs).max().orElseThrow() > 0.1, "the output says nothing");
        Numbers.assertClose(
                expected,
                new NormRun(bench, test, x).forward(),
                i -> strays[test.source(values, i)] * test.keptScale()
                        + (2 * UNIT + test.precision().rounding) * Math.abs(expected[i]),
                test.toString());
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.cuda.NormCase#cases")
    void keepsAndRemembersTheMoments(NormCase test) {
        float[] x = test.x();
        var run = new NormRun(bench, test, x);
        run.forward();
        float[] saved = KernelBench.floats(run.saved);
        float[] means = KernelBench.floats(run.runningMean);
        float[] variances = KernelBench.floats(run.runningVariance);
        for (int c = 0; c < test.channels(); c++) {
            Moments moments = test.moments(x, c);
            Strays strays = Strays.of(test, x, moments, c);
            String what = test + ", channel " + c;
            assertEquals(moments.mean(), saved[c], strays.mean, what);
            assertEquals(moments.inverse(), saved[test.channels() + c], strays.inverse * moments.inverse(), what);
            double mean = (1 - NormCase.MOMENTUM) * (0.5 + c) + NormCase.MOMENTUM * moments.mean();
            assertEquals(mean, means[c], strays.mean + UNIT * Math.abs(mean), what);
            double unbiased = moments.variance() * test.count() / (test.count() - 1);
            double variance = (1 - NormCase.MOMENTUM) * (2 + c) + NormCase.MOMENTUM * unbiased;
            double off = NormCase.MOMENTUM * 2 * strays.inverse * (unbiased + NormCase.EPSILON);
            assertEquals(variance, variances[c], off + UNIT * variance, what);
        }
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.cuda.NormCase#cases")
    void givesBackTheGradient(NormCase test) {
        float[] x = test.x();
        float[] scale = test.scale();
        Moments[] moments = test.moments(x);
        double[] values = test.normalized(x, moments);
        double[] valueStrays = strays(test, x, moments, values);
        for (int i = 0; i < values.length; i++) {
            assertTrue(!test.relu() || Math.abs(values[i]) > valueStrays[i], "rounding decides about element " + i);
        }
        double[] g = test.gradient(values);
        double[] dx = new double[x.length];
        double[] tolerance = new double[x.length];
        double[] dScale = new double[test.channels()];
        double[] dShift = new double[test.channels()];
        double[] scaleTolerance = new double[test.channels()];
        double[] shiftTolerance = new double[test.channels()];
        for (int c = 0; c < test.channels(); c++) {
            int channel = c;
            int[] members = IntStream.range(0, x.length)
                    .filter(i -> test.channelOf(i) == channel)
                    .toArray();
            double inverse = moments[c].inverse();
            double mean = moments[c].mean();
            Strays strays = Strays.of(test, x, moments[c], c);
            double sum = 0;
            double product = 0;
            double magnitude = 0;
            double productMagnitude = 0;
            for (int i : members) {
                sum += g[i];
                product += g[i] * (x[i] - mean) * inverse;
                magnitude += Math.abs(g[i]);
                productMagnitude += Math.abs(g[i] * (x[i] - mean) * inverse);
            }
            dShift[c] = sum;
            dScale[c] = product;
            double sumStray = strays.sum * magnitude;
            double productStray =
                    (strays.sum + strays.inverse + 4 * UNIT) * productMagnitude + strays.mean * inverse * magnitude;
            shiftTolerance[c] = sumStray + UNIT * Math.abs(sum);
            scaleTolerance[c] = productStray + UNIT * Math.abs(product);
            double factor = Math.abs(scale[c]) * inverse;
            for (int i : members) {
                double hat = (x[i] - mean) * inverse;
                double ofMean = sum / test.count();
                double ofSlope = hat * product / test.count();
                dx[i] = scale[c] * inverse * (g[i] - ofMean - ofSlope);
                double parts = Math.abs(g[i]) + Math.abs(ofMean) + Math.abs(ofSlope);
                tolerance[i] = factor
                                * (sumStray / test.count()
                                        + Math.abs(hat) * productStray / test.count()
                                        + strays.mean * inverse * Math.abs(product) / test.count()
                                        + (2 * strays.inverse + 8 * UNIT) * parts)
                        + test.precision().rounding * Math.abs(dx[i]);
            }
        }
        assertTrue(test.count() < 3 || DoubleStream.of(dx).map(Math::abs).max().orElseThrow() > 0.1);

        var run = new NormRun(bench, test, x);
        run.forward();
        float[] actual = run.backward(run.inputGradient(), run.input(test.dy()));
        Numbers.assertClose(dx, actual, i -> tolerance[i], test + " dx");
        Numbers.assertClose(dScale, KernelBench.floats(run.dScale), c -> scaleTolerance[c], test + " dScale");
        Numbers.assertClose(dShift, KernelBench.floats(run.dShift), c -> shiftTolerance[c], test + " dShift");
        if (test.pool() == 1) {
            DeviceBuffer inPlace = run.input(test.dy());
            Numbers.assertSameBits(actual, run.backward(inPlace, inPlace), test + " in place");
        }
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.cuda.NormCase#cases")
    void evaluatesEachImageAlone(NormCase test) {
        float[] x = test.x();
        Moments[] moments = new Moments[test.channels()];
        Arrays.setAll(moments, c -> new Moments(0.5 + c, 2.0 + c));
        double[] values = test.normalized(x, moments);
        var plain = new NormCase(
                test.precision(),
                test.relu(),
                test.pool(),
                0,
                false,
                test.samples(),
                test.channels(),
                test.height(),
                test.width(),
                test.slices());
        double[] expected = plain.output(values);
        float[] y = new NormRun(bench, test, x).infer();
        Numbers.assertClose(
                expected,
                y,
                i -> {
                    int at = plain.source(values, i);
                    return 6 * UNIT * (Math.abs(values[at]) + 0.4) + test.precision().rounding * Math.abs(expected[i]);
                },
                test.toString());

        var alone = new NormCase(
                test.precision(),
                test.relu(),
                test.pool(),
                0,
                false,
                1,
                test.channels(),
                test.height(),
                test.width(),
                1);
        float[] last = Arrays.copyOfRange(x, x.length - alone.elements(), x.length);
        Numbers.assertSameBits(
                Arrays.copyOfRange(y, y.length - alone.outElements(), y.length),
                new NormRun(bench, alone, last).infer(),
                test + ", the last image");
    }

    @ParameterizedTest
    @EnumSource
    void oneNumberAChannelIsItsOwnMean(Precision precision) {
        var test = new NormCase(precision, false, 1, 0, false, 1, 3, 1, 1, 1);
        var run = new NormRun(bench, test, new float[] {-3, 0, 5});
        float[] rounded = Numbers.array(3, c -> precision.round(test.shift()[c]));
        Numbers.assertSameBits(rounded, run.forward(), "y");
        float[] variances = KernelBench.floats(run.runningVariance);
        for (int c = 0; c < 3; c++) {
            assertEquals((1 - NormCase.MOMENTUM) * (2 + c), variances[c], 1e-6);
        }
    }

    /// Without a pivot near the mean, the squares' sum would be 10^8 times the variance, which a float cannot tell.
    @Test
    void aLargeMeanDoesNotDrownTheVariance() {
        var test = new NormCase(Precision.F32, false, 1, 0, false, 5, 1, 7, 9, 2);
        float[] x = Numbers.array(test.elements(), i -> 10_000 + Numbers.symmetric(9, i));
        Moments moments = test.moments(x, 0);
        var run = new NormRun(bench, test, x);
        run.forward();
        // Some ten roundings of 2^-24, of differences from the pivot.
        assertEquals(moments.inverse(), KernelBench.floats(run.saved)[1], 1e-6 * moments.inverse());
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotANumberSpoilsItsChannelAlone(Precision precision) {
        var test = new NormCase(precision, true, 2, 0, false, 3, 2, 4, 4, 2);
        float[] x = test.x();
        x[test.pixels() + 5] = Float.NaN;
        var run = new NormRun(bench, test, x);
        float[] y = run.forward();
        float[] dx = run.backward(run.inputGradient(), run.input(test.dy()));
        for (int i = 0; i < y.length; i++) {
            assertEquals(i / test.outPixels() % 2 == 1, Float.isNaN(y[i]), "y " + i);
        }
        for (int i = 0; i < dx.length; i++) {
            assertEquals(test.channelOf(i) == 1, Float.isNaN(dx[i]), "dx " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.cuda.NormCase#cases")
    void sameInputSameBits(NormCase test) {
        var first = new NormRun(bench, test, test.x());
        var second = new NormRun(bench, test, test.x());
        Numbers.assertSameBits(first.forward(), second.forward(), "y");
        Numbers.assertSameBits(
                first.backward(first.inputGradient(), first.input(test.dy())),
                second.backward(second.inputGradient(), second.input(test.dy())),
                "dx");
    }
}
