package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.engine.Distortion;
import io.mnist20k.recipe.Augmentation;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@OnCudaDevice
final class LoaderKernelTest {
    private static final long SEED = 0x8000_0000_0000_0003L;
    private static final int EPOCH = 40_000;
    private static final float MEAN = 0.13f;
    private static final float DEVIATION = 0.31f;
    private static final int SIDE = 28;
    private static final int PIXELS = SIDE * SIDE;
    private static final int IMAGES = 9;

    /// A whole step, then a short last one.
    private static final int BATCH = 7;

    private static final int[] ORDER = {8, 3, 5, 5, 0, 1, 7, 2, 6, 4};

    /// The factor and the offset round twice each, and so does what is computed from them.
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

    private static byte[] images() {
        byte[] pixels = new byte[IMAGES * PIXELS];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.floorMod((int) (1e6 * Numbers.symmetric(31, i)), 256);
        }
        return pixels;
    }

    private static final byte[] LABELS = {9, 8, 7, 6, 5, 4, 3, 2, 1};

    private record Loaded(float[] x, byte[] labels) {}

    private static Loaded load(Precision precision, byte[] images, Augmentation ranges, int step) {
        int samples = Math.min(BATCH, ORDER.length - step * BATCH);
        DeviceBuffer x = bench.empty((long) samples * PIXELS * precision.bytes);
        DeviceBuffer labels = bench.empty(samples);
        bench.launch(
                "load_batch" + precision.suffix,
                samples,
                96,
                x,
                labels,
                bench.bytes(images),
                bench.bytes(LABELS),
                bench.ints(ORDER),
                bench.step(4, EPOCH, step),
                BATCH,
                SIDE,
                SIDE,
                SEED,
                Math.toRadians(ranges.rotation()),
                ranges.scale(),
                ranges.shear(),
                ranges.shift(),
                MEAN,
                DEVIATION);
        return new Loaded(KernelBench.activations(precision, x), KernelBench.bytes(labels));
    }

    private static double normalized(double value) {
        return (value / 255 - MEAN) / DEVIATION;
    }

    /// The product and the offset each stray by three roundings, the sum by one.
    private static double roundings(Precision precision, double value) {
        double magnitude = (value / 255 + MEAN) / DEVIATION;
        return 4 * UNIT * magnitude + precision.rounding * Math.abs(normalized(value));
    }

    @ParameterizedTest
    @EnumSource
    void gathersWhatTheOrderSays(Precision precision) {
        byte[] images = images();
        for (int step = 0; step < 2; step++) {
            Loaded loaded = load(precision, images, Augmentation.NONE, step);
            int[] order = Arrays.copyOfRange(ORDER, step * BATCH, Math.min(ORDER.length, (step + 1) * BATCH));
            double[] raw = new double[order.length * PIXELS];
            double[] expected = new double[raw.length];
            byte[] labels = new byte[order.length];
            for (int n = 0; n < order.length; n++) {
                labels[n] = LABELS[order[n]];
                for (int i = 0; i < PIXELS; i++) {
                    raw[n * PIXELS + i] = images[order[n] * PIXELS + i] & 0xFF;
                    expected[n * PIXELS + i] = normalized(raw[n * PIXELS + i]);
                }
            }
            assertArrayEquals(labels, loaded.labels);
            Numbers.assertClose(expected, loaded.x, i -> roundings(precision, raw[i]), "step " + step);
        }
    }

    /// A coordinate is a sum of two products and two numbers, all of some tens at most: it rounds five times, and
    /// moves the value by at most 255 a pixel of its error, in each direction. A matrix entry may be the
    /// neighbouring float.
    @ParameterizedTest
    @EnumSource
    void distortsAsTheCounterSays(Precision precision) {
        byte[] images = images();
        for (Augmentation ranges : new Augmentation[] {
            new Augmentation(15, 0.1, 0.2, 2), new Augmentation(180, 0, 0, 0), new Augmentation(0, 0.9, 2, 28),
        }) {
            for (int step = 0; step < 2; step++) {
                Loaded loaded = load(precision, images, ranges, step);
                for (int n = 0; n < loaded.labels.length; n++) {
                    Distortion d = Distortion.draw(ranges, SEED, EPOCH, step, n);
                    check(precision, images, ORDER[step * BATCH + n], d, loaded.x, n * PIXELS);
                }
            }
        }
    }

    private static void check(Precision precision, byte[] images, int image, Distortion d, float[] x, int from) {
        for (int i = 0; i < PIXELS; i++) {
            double right = i % SIDE - 13.5;
            int row = i / SIDE;
            double down = row - 13.5;
            double sx = d.xx() * right + d.xy() * down + 13.5 + d.tx();
            double sy = d.yx() * right + d.yy() * down + 13.5 + d.ty();
            double value = sampled(images, image, sx, sy);
            double magnitude = Math.abs(d.xx() * right)
                    + Math.abs(d.xy() * down)
                    + 27
                    + Math.abs(d.tx())
                    + Math.abs(d.yx() * right)
                    + Math.abs(d.yy() * down)
                    + Math.abs(d.ty());
            double coordinate = 6 * UNIT * magnitude;
            double tolerance = (255 * coordinate + 8 * UNIT * 255) / 255 / DEVIATION + roundings(precision, value);
            assertEquals(
                    normalized(value), x[from + i], tolerance, "pixel " + i + " of image " + image + " under " + d);
        }
    }

    private static double sampled(byte[] images, int image, double sx, double sy) {
        int x0 = (int) Math.floor(sx);
        int y0 = (int) Math.floor(sy);
        double fx = sx - x0;
        double fy = sy - y0;
        return (1 - fy) * ((1 - fx) * pixel(images, image, y0, x0) + fx * pixel(images, image, y0, x0 + 1))
                + fy * ((1 - fx) * pixel(images, image, y0 + 1, x0) + fx * pixel(images, image, y0 + 1, x0 + 1));
    }

    private static int pixel(byte[] images, int image, int row, int column) {
        boolean inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
        return inside ? images[image * PIXELS + row * SIDE + column] & 0xFF : 0;
    }

    /// Another size than 28, to hold the kernel to its parameters; the rows behind the images are black.
    @ParameterizedTest
    @EnumSource
    void evaluationFillsUpWithBlack(Precision precision) {
        int height = 5;
        int width = 7;
        int rows = 4;
        int from = 2;
        int count = 3;
        byte[] images = Arrays.copyOf(images(), (from + count) * height * width);
        DeviceBuffer x = bench.empty((long) rows * height * width * precision.bytes);
        bench.launch(
                "load_images" + precision.suffix,
                rows,
                32,
                x,
                bench.bytes(images),
                from,
                count,
                height,
                width,
                MEAN,
                DEVIATION);
        double[] raw = new double[rows * height * width];
        double[] expected = new double[raw.length];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = i < count * height * width ? images[from * height * width + i] & 0xFF : 0;
            expected[i] = normalized(raw[i]);
        }
        Numbers.assertClose(expected, KernelBench.activations(precision, x), i -> roundings(precision, raw[i]), "x");
    }
}
