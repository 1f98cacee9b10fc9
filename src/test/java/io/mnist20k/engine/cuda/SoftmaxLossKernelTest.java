package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@OnCudaDevice
final class SoftmaxLossKernelTest {
    private static final double UNIT = 0x1p-24;
    private static final int STEPS = 5;
    private static final int STEP = 3;

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    record Case(Precision precision, int samples, int classes, float smoothing, int threads) {
        float[] logits() {
            return Numbers.eighths(41, samples * classes);
        }

        byte[] labels() {
            byte[] labels = new byte[samples];
            for (int n = 0; n < samples; n++) {
                labels[n] = (byte) Math.floorMod((int) (1e6 * Numbers.symmetric(42, n)), classes);
            }
            return labels;
        }

        double target(int k, byte label) {
            return (k == (label & 0xFF) ? 1 - smoothing : 0) + (double) smoothing / classes;
        }
    }

    static Stream<Case> cases() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new Case(p, 1, 10, 0, 32),
                        new Case(p, 31, 10, 0.1f, 32),
                        new Case(p, 33, 10, 0, 64),
                        new Case(p, 128, 10, 0.1f, 128),
                        new Case(p, 101, 7, 0.3f, 96),
                        new Case(p, 5, 256, 0.1f, 32),
                        new Case(p, 3, 1, 0, 32),
                        new Case(p, 4096, 10, 0, 1024)));
    }

    private record Result(float[] dLogits, double loss, int correct, double[] losses, int[] hits) {}

    /// In place.
    private static Result run(Case test, float[] logits, byte[] labels) {
        DeviceBuffer z = bench.activations(test.precision, logits);
        DeviceBuffer losses = bench.empty(8 * STEPS);
        DeviceBuffer hits = bench.empty(4 * STEPS);
        losses.clear();
        hits.clear();
        bench.launch(
                "softmax_loss" + test.precision.suffix,
                1,
                test.threads,
                z,
                losses,
                hits,
                z,
                bench.bytes(labels),
                bench.step(1, 2, STEP),
                test.smoothing,
                test.samples,
                test.classes);
        double[] sums = new double[STEPS];
        int[] counts = new int[STEPS];
        losses.download(0, sums);
        hits.download(0, counts);
        return new Result(KernelBench.activations(test.precision, z), sums[STEP], counts[STEP], sums, counts);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givesLossGradientAndHits(Case test) {
        float[] z = test.logits();
        byte[] labels = test.labels();
        double[] expected = new double[z.length];
        double loss = 0;
        int correct = 0;
        for (int n = 0; n < test.samples; n++) {
            int from = n * test.classes;
            int best = 0;
            double sum = 0;
            for (int k = 0; k < test.classes; k++) {
                best = z[from + k] > z[from + best] ? k : best;
                sum += Math.exp(z[from + k]);
            }
            correct += best == (labels[n] & 0xFF) ? 1 : 0;
            for (int k = 0; k < test.classes; k++) {
                double target = test.target(k, labels[n]);
                loss -= target * (z[from + k] - Math.log(sum));
                expected[from + k] = (Math.exp(z[from + k]) / sum - target) / test.samples;
            }
        }
        Result result = run(test, z, labels);
        // An exponential is good to two units, each of the sums rounds once a class, and all are positive.
        double relative = (test.classes + 8) * 2 * UNIT;
        assertEquals(loss, result.loss, relative * (Math.abs(loss) + test.samples), test.toString());
        assertEquals(correct, result.correct, test.toString());
        Numbers.assertClose(
                expected,
                result.dLogits,
                i -> relative / test.samples + test.precision.rounding * Math.abs(expected[i]),
                test.toString());
        for (int step = 0; step < STEPS; step++) {
            assertTrue(step == STEP || (result.losses[step] == 0 && result.hits[step] == 0), "wrote to step " + step);
        }
    }

    @ParameterizedTest
    @EnumSource
    void hugeLogitsGiveFiniteLosses(Precision precision) {
        var test = new Case(precision, 3, 4, 0, 32);
        float huge = precision.round(1e30f);
        float[] z = {huge, -huge, 0, 1, 0, huge, -huge, huge, -huge, -huge, -huge, -huge};
        Result result = run(test, z, new byte[] {0, 3, 2});
        // Certain, half certain, and none of four.
        assertEquals(Math.log(2) + Math.log(4), result.loss, 8 * UNIT);
        assertEquals(1, result.correct);
        float third = 1f / 3;
        float[] expected = {0, 0, 0, 0, 0, third / 2, 0, -third / 2, third / 4, third / 4, -third * 3 / 4, third / 4};
        Numbers.assertClose(
                Numbers.doubles(expected), result.dLogits, _ -> 4 * UNIT + precision.rounding * third, "dLogits");

        Result wrong = run(test, z, new byte[] {1, 1, 0});
        assertEquals(2.0 * huge, wrong.loss, 1e-6 * huge);
    }

    /// log1p of what the others add: 1 plus that, as a float, would be 1. CUDA's expf and log1pf are good to one
    /// unit in the last place, two of 2^-24 each.
    @Test
    void aSmallLossKeepsItsDigits() {
        var test = new Case(Precision.F32, 1, 3, 0, 32);
        double expected = Math.log1p(2 * Math.exp(-20));
        assertEquals(expected, run(test, new float[] {20, 0, 0}, new byte[] {0}).loss, 5 * UNIT * expected);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotANumberSpoilsItsSampleAndTheLoss(Precision precision) {
        var test = new Case(precision, 3, 2, 0, 32);
        Result result = run(test, new float[] {1, 2, Float.NaN, 0, 0, Float.POSITIVE_INFINITY}, new byte[3]);
        assertTrue(Double.isNaN(result.loss));
        for (int i = 0; i < 6; i++) {
            assertEquals(i >= 2, Float.isNaN(result.dLogits[i]), "dLogits " + i);
        }
    }

    @Test
    void ofEqualLogitsTheFirstIsTheAnswer() {
        var test = new Case(Precision.F32, 2, 3, 0, 32);
        assertEquals(1, run(test, new float[] {1, 1, 0, 1, 1, 0}, new byte[] {0, 1}).correct);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sameInputSameBits(Case test) {
        Result first = run(test, test.logits(), test.labels());
        Result second = run(test, test.logits(), test.labels());
        assertArrayEquals(first.losses, second.losses);
        Numbers.assertSameBits(first.dLogits, second.dLogits, test.toString());
    }
}
