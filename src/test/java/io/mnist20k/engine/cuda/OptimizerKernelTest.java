package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One update against the formulas in double. Tolerances count roundings of 2^-24 of the terms that are added.
@OnCudaDevice
final class OptimizerKernelTest {
    private static final double UNIT = 0x1p-24;

    /// More than the threads, and no multiple of a warp.
    private static final int PARAMETERS = 301;

    private static final int STATISTICS = 37;
    private static final int GRID = 3;
    private static final int BLOCK = 64;

    private static final float RATE = 0.03f;
    private static final float AVERAGING = 0.75f;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final float EPSILON = 1e-8f;

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    private final float[] parameters = Numbers.array(PARAMETERS, i -> 2 * Numbers.symmetric(51, i));
    private final float[] gradients = Numbers.array(PARAMETERS, i -> Numbers.symmetric(52, i) / 16);
    private final float[] decays = Numbers.array(PARAMETERS, i -> i % 3 == 0 ? 0 : 0.0005);
    private final float[] first = Numbers.array(PARAMETERS, i -> Numbers.symmetric(53, i) / 8);
    private final float[] second = Numbers.array(PARAMETERS, i -> Math.abs(Numbers.symmetric(54, i)) / 64);
    private final float[] averages = Numbers.array(PARAMETERS, i -> Numbers.symmetric(55, i));
    private final float[] statistics = Numbers.array(STATISTICS, i -> 3 * Numbers.symmetric(56, i));
    private final float[] averagedStatistics = Numbers.array(STATISTICS, i -> 3 * Numbers.symmetric(57, i));

    private DeviceBuffer p;
    private DeviceBuffer m;
    private DeviceBuffer v;
    private DeviceBuffer average;
    private DeviceBuffer averagedStatistic;
    private DeviceBuffer rounded;

    @BeforeEach
    void upload() {
        p = bench.floats(parameters);
        m = bench.floats(first);
        v = bench.floats(second);
        average = bench.floats(averages);
        averagedStatistic = bench.floats(averagedStatistics);
        rounded = bench.empty(2L * PARAMETERS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void descendsByTheMomentum(int nesterov) {
        float momentum = 0.9f;
        sgd(momentum, nesterov, average, averagedStatistic, rounded);
        double[] velocity = new double[PARAMETERS];
        double[] expected = new double[PARAMETERS];
        for (int i = 0; i < PARAMETERS; i++) {
            double g = gradients[i] + (double) decays[i] * parameters[i];
            velocity[i] = (double) momentum * first[i] + g;
            expected[i] = parameters[i] - (double) RATE * (nesterov == 1 ? g + momentum * velocity[i] : velocity[i]);
        }
        Numbers.assertClose(velocity, KernelBench.floats(m), i -> 4 * UNIT * (Math.abs(first[i]) + 0.1), "velocity");
        Numbers.assertClose(
                expected, KernelBench.floats(p), i -> 3 * UNIT * Math.abs(parameters[i]) + UNIT * RATE, "p");
        checkFollowers(expected);
    }

    @Test
    void adaptsToTheMoments() {
        float correction1 = 2.5f;
        float correction2 = 100;
        bench.launch(
                "adamw",
                GRID,
                BLOCK,
                p,
                m,
                v,
                average,
                averagedStatistic,
                rounded,
                bench.floats(gradients),
                bench.floats(decays),
                bench.floats(statistics),
                bench.step(4, 0, 0, RATE, correction1, correction2, AVERAGING),
                BETA1,
                BETA2,
                EPSILON,
                PARAMETERS,
                STATISTICS);
        double[] moment1 = new double[PARAMETERS];
        double[] moment2 = new double[PARAMETERS];
        double[] expected = new double[PARAMETERS];
        double[] stepSize = new double[PARAMETERS];
        for (int i = 0; i < PARAMETERS; i++) {
            moment1[i] = BETA1 * first[i] + (1 - BETA1) * gradients[i];
            moment2[i] = BETA2 * second[i] + (1 - BETA2) * gradients[i] * gradients[i];
            stepSize[i] = RATE * correction1 / (Math.sqrt(moment2[i] * correction2) + EPSILON);
            expected[i] = parameters[i] - (double) RATE * decays[i] * parameters[i] - stepSize[i] * moment1[i];
        }
        Numbers.assertClose(
                moment1, KernelBench.floats(m), i -> 4 * UNIT * (Math.abs(first[i]) + 0.01), "first moment");
        Numbers.assertClose(moment2, KernelBench.floats(v), i -> 5 * UNIT * moment2[i], "second moment");
        Numbers.assertClose(
                expected,
                KernelBench.floats(p),
                i -> 3 * UNIT * Math.abs(parameters[i]) + 14 * UNIT * stepSize[i] * (Math.abs(first[i]) + 0.01),
                "p");
        checkFollowers(expected);
    }

    /// 1 - 0.999 as floats is off by 1.3e-5 of itself.
    @Test
    void oneMinusBetaKeepsItsDigits() {
        DeviceBuffer moment = bench.floats(0);
        bench.launch(
                "adamw",
                1,
                32,
                bench.floats(1),
                bench.floats(0),
                moment,
                0L,
                0L,
                0L,
                bench.floats(1),
                bench.floats(0),
                bench.floats(0),
                bench.step(1, 0, 0, RATE, 1, 1, 0),
                BETA1,
                0.999,
                EPSILON,
                1,
                0);
        assertEquals(0.001f, KernelBench.floats(moment)[0]);
    }

    @Test
    void withoutAveragesNothingElseIsWritten() {
        sgd(0, 0, null, null, null);
        Numbers.assertSameBits(averages, KernelBench.floats(average), "averages");
        Numbers.assertSameBits(averagedStatistics, KernelBench.floats(averagedStatistic), "averaged statistics");
        assertTrue(KernelBench.floats(p)[5] != parameters[5]);
    }

    @Test
    void aGradientThatIsNotANumberIsNotHidden() {
        gradients[7] = Float.NaN;
        sgd(0.9f, 1, average, averagedStatistic, rounded);
        assertTrue(Float.isNaN(KernelBench.floats(p)[7]));
        assertTrue(Float.isNaN(KernelBench.activations(Precision.BF16, rounded)[7]));
        assertTrue(Float.isFinite(KernelBench.floats(p)[8]));
    }

    private void sgd(
            float momentum,
            int nesterov,
            @Nullable DeviceBuffer averages,
            @Nullable DeviceBuffer averagedStatistics,
            @Nullable DeviceBuffer rounded) {
        bench.launch(
                "sgd",
                GRID,
                BLOCK,
                p,
                m,
                averages == null ? 0L : averages,
                averagedStatistics == null ? 0L : averagedStatistics,
                rounded == null ? 0L : rounded,
                bench.floats(gradients),
                bench.floats(decays),
                bench.floats(statistics),
                bench.step(4, 0, 0, RATE, 1, 1, AVERAGING),
                momentum,
                nesterov,
                PARAMETERS,
                STATISTICS);
    }

    /// What follows the parameters: their averages, those of the statistics, and the copy in bf16.
    private void checkFollowers(double[] expected) {
        float[] updated = KernelBench.floats(p);
        Numbers.assertClose(
                Numbers.doubles(
                        Numbers.array(PARAMETERS, i -> AVERAGING * averages[i] + (1 - AVERAGING) * expected[i])),
                KernelBench.floats(average),
                _ -> 12 * UNIT,
                "averages");
        Numbers.assertClose(
                Numbers.doubles(Numbers.array(
                        STATISTICS, i -> AVERAGING * averagedStatistics[i] + (1 - AVERAGING) * statistics[i])),
                KernelBench.floats(averagedStatistic),
                _ -> 12 * UNIT,
                "averaged statistics");
        Numbers.assertSameBits(
                Numbers.array(PARAMETERS, i -> Precision.BF16.round(updated[i])),
                KernelBench.activations(Precision.BF16, rounded),
                "bf16 copy");
    }
}
