package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.LaunchShape;
import io.mnist20k.cuda.OnCudaDevice;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Inputs are eighths, whose sums are exact.
@OnCudaDevice
final class BiasKernelTest {
    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    record Case(Precision precision, int samples, int channels, int pixels) {
        int elements() {
            return samples * channels * pixels;
        }

        int channelOf(int i) {
            return i / pixels % channels;
        }
    }

    static Stream<Case> cases() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new Case(p, 1, 1, 1), new Case(p, 31, 10, 1), new Case(p, 3, 5, 49), new Case(p, 300, 2, 3)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isAddedToItsChannel(Case test) {
        float[] y = Numbers.eighths(21, test.elements());
        float[] bias = Numbers.eighths(22, test.channels);
        DeviceBuffer out = bench.activations(test.precision, y);
        bench.launch(
                "add_bias" + test.precision.suffix,
                2,
                64,
                out,
                bench.floats(bias),
                test.samples,
                test.channels,
                test.pixels);
        float[] expected = Numbers.array(y.length, i -> test.precision.round(y[i] + bias[test.channelOf(i)]));
        Numbers.assertSameBits(expected, KernelBench.activations(test.precision, out), test.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hasTheSumOfItsChannelAsGradient(Case test) {
        float[] dy = Numbers.eighths(23, test.elements());
        float[] expected = new float[test.channels];
        for (int i = 0; i < dy.length; i++) {
            expected[test.channelOf(i)] += dy[i];
        }
        DeviceBuffer dBias = bench.empty(4L * test.channels);
        bench.launch(
                "bias_gradient" + test.precision.suffix,
                new LaunchShape(1, test.channels, 256),
                dBias,
                bench.activations(test.precision, dy),
                test.samples,
                test.channels,
                test.pixels);
        Numbers.assertSameBits(expected, KernelBench.floats(dBias), test.toString());
    }
}
