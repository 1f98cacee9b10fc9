package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Inputs are eighths, so that ties are everywhere and sums of a few are exact.
@OnCudaDevice
final class PoolingKernelTest {
    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    record Case(Precision precision, int kernel, int stride, int planes, int height, int width) {
        int outHeight() {
            return (height - kernel) / stride + 1;
        }

        int outWidth() {
            return (width - kernel) / stride + 1;
        }

        int outputs() {
            return planes * outHeight() * outWidth();
        }

        float[] x() {
            return Numbers.eighths(11, planes * height * width);
        }

        float[] dy() {
            return Numbers.eighths(12, outputs());
        }

        /// Index of the first largest element of an output's window.
        int source(float[] x, int output) {
            int plane = output / (outHeight() * outWidth());
            int p = output % (outHeight() * outWidth());
            int corner = plane * height * width + p / outWidth() * stride * width + p % outWidth() * stride;
            int best = corner;
            for (int row = 0; row < kernel; row++) {
                for (int column = 0; column < kernel; column++) {
                    int at = corner + row * width + column;
                    best = x[at] > x[best] ? at : best;
                }
            }
            return best;
        }

        DeviceBuffer out(int count) {
            return bench.empty((long) count * precision.bytes);
        }

        float[] pooled(float[] x) {
            DeviceBuffer y = out(outputs());
            bench.launch(
                    "max_pool_forward" + precision.suffix,
                    2,
                    64,
                    y,
                    bench.activations(precision, x),
                    kernel,
                    stride,
                    planes,
                    height,
                    width);
            return KernelBench.activations(precision, y);
        }
    }

    static Stream<Case> cases() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new Case(p, 1, 1, 1, 1, 1),
                        new Case(p, 2, 2, 7, 13, 12),
                        new Case(p, 3, 2, 5, 12, 9),
                        new Case(p, 3, 1, 3, 7, 11),
                        new Case(p, 2, 3, 2, 10, 8),
                        new Case(p, 5, 4, 3, 5, 17)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void takesTheFirstLargestOfEachWindow(Case test) {
        float[] x = test.x();
        float[] expected = Numbers.array(test.outputs(), i -> x[test.source(x, i)]);
        Numbers.assertSameBits(expected, test.pooled(x), test.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givesTheWholeGradientToTheFirstLargest(Case test) {
        float[] x = test.x();
        float[] dy = test.dy();
        float[] expected = new float[x.length];
        for (int i = 0; i < dy.length; i++) {
            expected[test.source(x, i)] += dy[i];
        }
        for (int i = 0; i < x.length; i++) {
            expected[i] = test.precision.round(expected[i]);
        }
        DeviceBuffer dx = test.out(x.length);
        bench.launch(
                "max_pool_backward" + test.precision.suffix,
                1,
                96,
                dx,
                bench.activations(test.precision, dy),
                bench.activations(test.precision, x),
                test.kernel,
                test.stride,
                test.planes,
                test.height,
                test.width);
        Numbers.assertSameBits(expected, KernelBench.activations(test.precision, dx), test.toString());
    }

    @ParameterizedTest
    @EnumSource
    void aWindowThatBeginsWithNoNumberIsNoNumber(Precision precision) {
        var test = new Case(precision, 2, 2, 1, 2, 4);
        float nan = Float.NaN;
        float[] y = test.pooled(new float[] {nan, 1, 1, nan, 2, 3, 2, nan});
        assertTrue(Float.isNaN(y[0]));
        assertEquals(2, y[1]);
    }

    /// @param pixels around the width of a warp
    record Global(Precision precision, int planes, int pixels) {
        float[] x() {
            return Numbers.eighths(13, planes * pixels);
        }

        int source(float[] x, int plane) {
            int best = plane * pixels;
            for (int i = best; i < (plane + 1) * pixels; i++) {
                best = x[i] > x[best] ? i : best;
            }
            return best;
        }

        DeviceBuffer in(float[] values) {
            return bench.activations(precision, values);
        }

        DeviceBuffer out(int count) {
            return bench.empty((long) count * precision.bytes);
        }

        float[] maxima(float[] x) {
            DeviceBuffer y = out(planes);
            bench.launch("global_max_forward" + precision.suffix, 2, 64, y, in(x), planes, pixels);
            return KernelBench.activations(precision, y);
        }
    }

    static Stream<Global> planes() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new Global(p, 1, 1),
                        new Global(p, 13, 31),
                        new Global(p, 3, 32),
                        new Global(p, 9, 33),
                        new Global(p, 5, 784)));
    }

    @ParameterizedTest
    @MethodSource("planes")
    void findsTheFirstLargestOfAPlane(Global test) {
        float[] x = test.x();
        Numbers.assertSameBits(Numbers.array(test.planes, i -> x[test.source(x, i)]), test.maxima(x), test.toString());

        float[] dy = Numbers.eighths(14, test.planes);
        float[] expected = new float[x.length];
        for (int i = 0; i < dy.length; i++) {
            expected[test.source(x, i)] = dy[i];
        }
        DeviceBuffer dx = test.out(x.length);
        bench.launch(
                "global_max_backward" + test.precision.suffix,
                1,
                96,
                dx,
                test.in(dy),
                test.in(x),
                test.planes,
                test.pixels);
        Numbers.assertSameBits(expected, KernelBench.activations(test.precision, dx), test.toString());
    }

    @ParameterizedTest
    @EnumSource
    void aPlaneSkipsWhatIsNotANumberUnlessItBeginsSo(Precision precision) {
        var test = new Global(precision, 2, 40);
        float[] x = test.x();
        x[0] = Float.NaN;
        x[40 + 39] = Float.NaN;
        x[40 + 7] = 3;
        float[] y = test.maxima(x);
        assertTrue(Float.isNaN(y[0]));
        assertEquals(3, y[1]);
    }

    /// Sums of eighths are exact, so that only the division and the precision round.
    @ParameterizedTest
    @MethodSource("planes")
    void averagesAPlane(Global test) {
        float[] x = test.x();
        float[] means = Numbers.array(test.planes, plane -> {
            float sum = 0;
            for (int i = plane * test.pixels; i < (plane + 1) * test.pixels; i++) {
                sum += x[i];
            }
            return test.precision.round(sum / test.pixels);
        });
        DeviceBuffer y = test.out(test.planes);
        bench.launch("global_average_forward" + test.precision.suffix, 1, 96, y, test.in(x), test.planes, test.pixels);
        Numbers.assertSameBits(means, KernelBench.activations(test.precision, y), test.toString());

        float[] dy = Numbers.eighths(15, test.planes);
        DeviceBuffer dx = test.out(x.length);
        bench.launch(
                "global_average_backward" + test.precision.suffix, 1, 96, dx, test.in(dy), test.planes, test.pixels);
        Numbers.assertSameBits(
                Numbers.array(x.length, i -> test.precision.round(dy[i / test.pixels] / test.pixels)),
                KernelBench.activations(test.precision, dx),
                test.toString());
    }
}
