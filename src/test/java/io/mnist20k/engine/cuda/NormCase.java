package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.LaunchShape;
import io.mnist20k.engine.Synthetic;
import java.util.Arrays;
import java.util.stream.Stream;

/// A batch normalisation with what is fused behind it, its inputs, and what comes out in double by
/// `docs/OPERATIONS.md`, one layer after the other.
///
/// Inputs are eighths around the channel's number, so that windows have equal elements, and different ones
/// differ by far more than rounding: every engine finds the same maxima.
///
/// @param pool side and stride of the window, 1 where nothing is pooled
/// @param rate of the dropout, 0 where there is none
record NormCase(
        Precision precision,
        boolean relu,
        int pool,
        double rate,
        boolean dropsChannels,
        int samples,
        int channels,
        int height,
        int width,
        int slices) {
    static final double EPSILON = 1e-3;
    static final double MOMENTUM = 0.3;
    static final long SEED = -77;
    static final int LAYER = 255;
    static final int EPOCH = 18;
    static final int STEP = 3;

    /// The same as in the kernels' launch contract.
    static final int THREADS = 256;

    static Stream<NormCase> cases() {
        return Arrays.stream(Precision.values())
                .flatMap(p -> Stream.of(
                        new NormCase(p, false, 1, 0, false, 1, 1, 1, 2, 1),
                        new NormCase(p, true, 1, 0, false, 3, 5, 13, 13, 2),
                        new NormCase(p, true, 1, 0.3, false, 2, 3, 6, 6, 3),
                        new NormCase(p, true, 1, 0.3, true, 4, 11, 3, 5, 1),
                        new NormCase(p, false, 1, 0.4, false, 33, 7, 1, 1, 1),
                        new NormCase(p, true, 2, 0.25, false, 3, 4, 12, 12, 4),
                        new NormCase(p, true, 2, 0.25, true, 5, 9, 4, 8, 1),
                        new NormCase(p, false, 2, 0, false, 3, 2, 13, 11, 2),
                        new NormCase(p, true, 3, 0.5, false, 2, 3, 11, 10, 33),
                        new NormCase(p, false, 5, 0.1, true, 3, 17, 5, 6, 1),
                        new NormCase(p, true, 2, 0, false, 31, 2, 26, 26, 5)));
    }

    String kernel(String name) {
        return name + precision.suffix;
    }

    LaunchShape shape() {
        return new LaunchShape(slices, channels, THREADS);
    }

    int pixels() {
        return height * width;
    }

    int outWidth() {
        return width / pool;
    }

    int outPixels() {
        return height / pool * outWidth();
    }

    int elements() {
        return samples * channels * pixels();
    }

    int outElements() {
        return samples * channels * outPixels();
    }

    /// Numbers that a channel's statistics are made of.
    int count() {
        return samples * pixels();
    }

    int threshold() {
        return (int) Math.round(65536 * rate);
    }

    float keptScale() {
        return (float) (1 / (1 - rate));
    }

    float[] x() {
        float[] eighths = Numbers.eighths(3, elements());
        return Numbers.array(elements(), i -> eighths[i] + channelOf(i) % 3 - 1);
    }

    /// Among them negative ones, which turn maxima into minima.
    float[] scale() {
        return Numbers.array(channels, c -> c % 4 == 3 ? -0.7 : 0.9 + 0.3 * Numbers.symmetric(4, c));
    }

    float[] shift() {
        return Numbers.array(channels, c -> 0.1 + 0.3 * Numbers.symmetric(5, c));
    }

    float[] dy() {
        return Numbers.eighths(6, outElements());
    }

    int channelOf(int i) {
        return i / pixels() % channels;
    }

    boolean keeps(int output) {
        int unit = dropsChannels ? output / outPixels() % channels : output % (channels * outPixels());
        return Synthetic.kept(SEED, LAYER, rate, EPOCH, STEP, output / (channels * outPixels()), unit);
    }

    /// A channel's mean and biased variance.
    record Moments(double mean, double variance) {
        double inverse() {
            return 1 / Math.sqrt(variance + EPSILON);
        }
    }

    Moments moments(float[] x, int channel) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += channelOf(i) == channel ? x[i] : 0;
        }
        double mean = sum / count();
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            squares += channelOf(i) == channel ? (x[i] - mean) * (x[i] - mean) : 0;
        }
        return new Moments(mean, squares / count());
    }

    Moments[] moments(float[] x) {
        Moments[] moments = new Moments[channels];
        Arrays.setAll(moments, c -> moments(x, c));
        return moments;
    }

    double[] normalized(float[] x, Moments[] moments) {
        float[] scale = scale();
        float[] shift = shift();
        double[] values = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int c = channelOf(i);
            values[i] = scale[c] * (x[i] - moments[c].mean) * moments[c].inverse() + shift[c];
        }
        return values;
    }

    /// Index into the values of what an output takes: the first largest of its window after the ReLU.
    int source(double[] values, int output) {
        int p = output % outPixels();
        int corner = output / outPixels() * pixels() + p / outWidth() * pool * width + p % outWidth() * pool;
        int best = corner;
        for (int row = 0; row < pool; row++) {
            for (int column = 0; column < pool; column++) {
                int at = corner + row * width + column;
                if (rectified(values[at]) > rectified(values[best])) {
                    best = at;
                }
            }
        }
        return best;
    }

    double rectified(double value) {
        return relu ? Math.max(value, 0) : value;
    }

    double[] output(double[] values) {
        double[] y = new double[outElements()];
        for (int i = 0; i < y.length; i++) {
            y[i] = keeps(i) ? rectified(values[source(values, i)]) / (1 - rate) : 0;
        }
        return y;
    }

    /// The gradient at the normalisation's output.
    double[] gradient(double[] values) {
        float[] dy = dy();
        double[] g = new double[values.length];
        for (int i = 0; i < dy.length; i++) {
            int at = source(values, i);
            if (keeps(i) && (!relu || values[at] > 0)) {
                g[at] += dy[i] / (1 - rate);
            }
        }
        return g;
    }
}
