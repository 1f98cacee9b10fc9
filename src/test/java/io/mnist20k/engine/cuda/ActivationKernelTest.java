package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.engine.Synthetic;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@OnCudaDevice
final class ActivationKernelTest {
    private static final long SEED = 0x1234_5678_9ABC_DEF1L;
    private static final int EPOCH = 65_535;
    private static final int STEP = 468;
    private static final int LAYER = 7;

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    /// One dropout, or none where the rate is 0, with or without a ReLU.
    ///
    /// @param blocks fewer than the pieces need, so that threads go round
    record Case(
            Precision precision,
            boolean relu,
            double rate,
            boolean dropsChannels,
            int samples,
            int channels,
            int pixels,
            int blocks) {
        int elements() {
            return samples * channels * pixels;
        }

        boolean keeps(int i) {
            int sample = i / (channels * pixels);
            int unit = dropsChannels ? i / pixels % channels : i % (channels * pixels);
            return Synthetic.kept(SEED, LAYER, rate, EPOCH, STEP, sample, unit);
        }

        float keptScale() {
            return (float) (1 / (1 - rate));
        }

        /// With a scale that is a power of two, or rounding once, nothing is left to tolerate.
        float scaled(float value) {
            return precision.round(value * keptScale());
        }

        Object[] parameters(DeviceBuffer step) {
            return new Object[] {
                step,
                relu ? 1 : 0,
                SEED,
                LAYER,
                (int) Math.round(65536 * rate),
                keptScale(),
                dropsChannels ? 1 : 0,
                samples,
                channels,
                pixels
            };
        }
    }

    static Stream<Case> cases() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new Case(p, false, 0.5, false, 1, 1, 1, 1),
                        new Case(p, false, 0.05, false, 3, 5, 169, 1),
                        new Case(p, true, 0.25, false, 5, 4, 36, 2),
                        new Case(p, true, 0.3, false, 2, 31, 1, 1),
                        new Case(p, false, 0.5, true, 7, 13, 49, 2),
                        new Case(p, true, 0.4, true, 3, 33, 16, 1),
                        new Case(p, false, 0.95, true, 1, 9, 1, 1),
                        new Case(p, true, 0, false, 3, 7, 25, 1),
                        new Case(p, false, 0.000001, false, 2, 3, 11, 1)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void dropsWhatTheCounterSays(Case test) {
        float[] x = Numbers.eighths(1, test.elements());
        float[] expected = Numbers.array(x.length, i -> {
            float passed = test.relu ? Math.max(x[i], 0) : x[i];
            return test.keeps(i) ? test.scaled(passed) : 0;
        });
        Numbers.assertSameBits(expected, forward(test, x), test.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void letsThroughTheGradientOfWhatPassed(Case test) {
        float[] x = Numbers.eighths(1, test.elements());
        float[] dy = Numbers.eighths(2, test.elements());
        float[] expected =
                Numbers.array(x.length, i -> test.keeps(i) && (!test.relu || x[i] > 0) ? test.scaled(dy[i]) : 0);
        float[] y = forward(test, x);
        DeviceBuffer dx = bench.activations(test.precision, dy);
        bench.launch(
                "activation_backward" + test.precision.suffix,
                test.blocks,
                32,
                arguments(test, dx, dx, bench.activations(test.precision, y)));
        Numbers.assertSameBits(expected, KernelBench.activations(test.precision, dx), test.toString());
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotANumberStaysSo(Precision precision) {
        var test = new Case(precision, true, 0, false, 1, 1, 8, 1);
        float[] y = forward(
                test, new float[] {Float.NaN, -1, -0f, 0, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1, -2});
        assertTrue(Float.isNaN(y[0]));
        Numbers.assertSameBits(
                new float[] {0, 0, 0, 0, Float.POSITIVE_INFINITY, 1, 0}, Arrays.copyOfRange(y, 1, 8), "y");
    }

    @ParameterizedTest
    @EnumSource
    void droppingHidesWhatIsNotANumber(Precision precision) {
        var test = new Case(precision, false, 0.5, false, 1, 1, 40, 1);
        float[] x = new float[40];
        Arrays.fill(x, Float.NaN);
        float[] y = forward(test, x);
        for (int i = 0; i < y.length; i++) {
            assertEquals(test.keeps(i), Float.isNaN(y[i]), "element " + i);
        }
    }

    /// In place.
    private static float[] forward(Case test, float[] x) {
        DeviceBuffer y = bench.activations(test.precision, x);
        bench.launch("activation_forward" + test.precision.suffix, test.blocks, 32, arguments(test, y, y));
        return KernelBench.activations(test.precision, y);
    }

    private static Object[] arguments(Case test, DeviceBuffer... tensors) {
        return Stream.concat(Stream.of(tensors), Stream.of(test.parameters(bench.step(3, EPOCH, STEP))))
                .toArray();
    }
}
