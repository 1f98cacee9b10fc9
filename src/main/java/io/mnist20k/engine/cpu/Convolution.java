package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// A convolution, or a dense layer, which is a 1×1 convolution over as many one-pixel channels as its input has
/// elements.
///
/// The data gradient is a correlation too: of the output's gradient, padded by `kernel - 1 - padding` and dilated
/// by the stride as its [Planes] were laid out, with the kernels turned by 180°.
final class Convolution implements Node {
    private final Signal in;
    private final Signal out;
    private final Gradients gradients;
    private final Scratch scratch;
    private final boolean inputIsData;
    private final int[] bias;
    private final Correlation forward;
    private final Correlation dataGradient;
    private final WeightGradient weightGradient;
    private final LaneSum[] laneSums;

    /// @param norm        whose input the input still is; only where the layer [#canNormalise]
    /// @param inputIsData whether nothing before this layer learns, so that the data gradient is not needed
    static Convolution of(
            Layer.Conv layer,
            Signal in,
            @Nullable PointwiseNorm norm,
            Signal out,
            List<Tensor> tensors,
            boolean inputIsData,
            Gradients gradients,
            Scratch scratch) {
        int kernel = layer.kernel();
        int taps = kernel * kernel;
        int channels = in.shape().channels();
        int[][] source = source(tensors.getFirst().offset(), layer.out(), channels * taps);
        int[][] turnedSource = new int[channels][layer.out() * taps];
        for (int o = 0; o < layer.out(); o++) {
            for (int i = 0; i < channels * taps; i++) {
                turnedSource[i / taps][o * taps + taps - 1 - i % taps] = source[o][i];
            }
        }
        Planes x = in.value();
        Planes dx = in.gradient();
        Planes y = out.value();
        Planes dy = out.gradient();
        int[] bias = biasOf(tensors);
        boolean tiles = fitsTiles(layer);
        Correlation forward = correlation(layer, x, norm, y, Epilogue.NONE, source, bias, false);
        Correlation dataGradient;
        if (!tiles || !WinogradCorrelation.pays(dy.shape, dx.shape) || dx.columnStride != COUNT) {
            dataGradient = new DirectCorrelation(
                    taps(dy, kernel),
                    corners(dx, 1, dy),
                    channels(dx),
                    dx.elements(),
                    Epilogue.NONE.least(),
                    turnedSource,
                    new int[0]);
        } else if (layer.padding() == 0 && RimmedCorrelation.pays(dy.shape, dx.shape)) {
            dataGradient = new RimmedCorrelation(dy, dx, turnedSource);
        } else {
            dataGradient = new WinogradCorrelation(dy, null, dx, Epilogue.NONE, turnedSource, new int[0], 0, false);
        }
        WeightGradient weightGradient = tiles && WinogradWeightGradient.pays(x.shape, dy.shape)
                ? new WinogradWeightGradient(x, norm, dy, source)
                : new DirectWeightGradient(
                        taps(x, kernel), corners(dy, layer.stride(), x), channels(dy), dy.elements(), source);
        return new Convolution(in, out, gradients, scratch, inputIsData, bias, forward, dataGradient, weightGradient);
    }

    /// @param norm   as in [#of]
    /// @param y      where what the epilogue makes of the outputs goes; it may pool where the layer [#canPool]
    /// @param source `[output][input * taps + tap]`: where each weight stands among the parameters
    /// @param bias   `[output]`, likewise; empty where there is no bias
    /// @param cached whether x and y are in the caches already
    static Correlation correlation(
            Layer.Conv layer,
            Planes x,
            @Nullable PointwiseNorm norm,
            Planes y,
            Epilogue epilogue,
            int[][] source,
            int[] bias,
            boolean cached) {
        if (fitsTiles(layer) && WinogradCorrelation.pays(x.shape, epilogue.over(y.shape))) {
            return new WinogradCorrelation(x, norm, y, epilogue, source, bias, 0, cached);
        }
        assert !epilogue.pools() : layer;
        int[] corners = corners(y, layer.stride(), x);
        return new DirectCorrelation(
                taps(x, layer.kernel()), corners, channels(y), y.elements(), epilogue.least(), source, bias);
    }

    /// Whether a convolution can pool its outputs before it writes them.
    static boolean canPool(Layer.Conv layer, Shape in, Shape pooled) {
        return fitsTiles(layer) && WinogradCorrelation.pays(in, new Epilogue(false, true).over(pooled));
    }

    /// Of a dense layer.
    static Correlation correlation(Planes x, Planes y, float least, int[][] source, int[] bias) {
        return new DirectCorrelation(allElements(x), new int[] {0}, channels(y), y.elements(), least, source, bias);
    }

    /// Where the weights of each output stand, `terms` an output, if the first stands at `offset`.
    static int[][] source(int offset, int outputs, int terms) {
        int[][] source = new int[outputs][terms];
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < terms; i++) {
                source[o][i] = offset + o * terms + i;
            }
        }
        return source;
    }

    private static boolean fitsTiles(Layer.Conv layer) {
        return layer.kernel() == Winograd.KERNEL && layer.stride() == 1;
    }

    /// Whether a convolution can normalise its input as it reads it, so that nobody has to write it down. A padded
    /// one cannot: its border would be normalised too.
    static boolean canNormalise(Layer.Conv layer, Shape in, Shape out) {
        return fitsTiles(layer)
                && layer.padding() == 0
                && WinogradCorrelation.pays(in, out)
                && WinogradWeightGradient.pays(in, out);
    }

    static Convolution of(
            Layer.Dense layer,
            Signal in,
            Signal out,
            List<Tensor> tensors,
            boolean inputIsData,
            Gradients gradients,
            Scratch scratch) {
        int inputs = in.shape().elements();
        int[][] source = source(tensors.getFirst().offset(), layer.out(), inputs);
        int[][] turnedSource = new int[inputs][layer.out()];
        for (int o = 0; o < layer.out(); o++) {
            for (int i = 0; i < inputs; i++) {
                turnedSource[i][o] = source[o][i];
            }
        }
        int[] single = {0};
        int[] bias = biasOf(tensors);
        int[] taps = allElements(in.value());
        return new Convolution(
                in,
                out,
                gradients,
                scratch,
                inputIsData,
                bias,
                correlation(in.value(), out.value(), Epilogue.NONE.least(), source, bias),
                new DirectCorrelation(
                        channels(out.gradient()),
                        single,
                        allElements(in.gradient()),
                        single,
                        Epilogue.NONE.least(),
                        turnedSource,
                        new int[0]),
                new DirectWeightGradient(
                        taps, single, channels(out.gradient()), out.gradient().elements(), source));
    }

    private Convolution(
            Signal in,
            Signal out,
            Gradients gradients,
            Scratch scratch,
            boolean inputIsData,
            int[] bias,
            Correlation forward,
            Correlation dataGradient,
            WeightGradient weightGradient) {
        this.in = in;
        this.out = out;
        this.gradients = gradients;
        this.scratch = scratch;
        this.inputIsData = inputIsData;
        this.bias = bias;
        this.forward = forward;
        this.dataGradient = dataGradient;
        this.weightGradient = weightGradient;
        scratch.reserve(forward.scratchLength());
        scratch.reserve(weightGradient.scratchLength());
        if (!inputIsData) {
            scratch.reserve(dataGradient.scratchLength());
        }
        laneSums = LaneSum.array(gradients.blocks());
    }

    private static int[] biasOf(List<Tensor> tensors) {
        if (tensors.size() < 2) {
            return new int[0];
        }
        Tensor bias = tensors.get(1);
        return IntStream.range(bias.offset(), bias.offset() + bias.elements()).toArray();
    }

    /// Offsets of what a window reaches from its corner, channel by channel, row by row.
    private static int[] taps(Planes planes, int kernel) {
        int[] taps = new int[planes.shape.channels() * kernel * kernel];
        for (int i = 0; i < taps.length; i++) {
            int row = i / kernel % kernel;
            taps[i] = i / (kernel * kernel) * planes.planeStride + row * planes.lineLength + i % kernel * COUNT;
        }
        return taps;
    }

    private static int[] channels(Planes planes) {
        return IntStream.range(0, planes.shape.channels())
                .map(c -> c * planes.planeStride)
                .toArray();
    }

    /// Offsets from the start of a block, channel by channel.
    private static int[] allElements(Planes planes) {
        return IntStream.of(channels(planes))
                .flatMap(c -> IntStream.of(planes.elements()).map(e -> c + e))
                .toArray();
    }

    /// Upper left corners of the windows of all outputs over bordered planes, from the start of a plane.
    private static int[] corners(Planes outputs, int stride, Planes planes) {
        int height = outputs.shape.height();
        int width = outputs.shape.width();
        int[] corners = new int[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                corners[y * width + x] = y * stride * planes.lineLength + x * stride * COUNT;
            }
        }
        return corners;
    }

    /// Takes over new parameters.
    void pack(float[] parameters) {
        forward.pack(parameters);
        if (!inputIsData) {
            dataGradient.pack(parameters);
        }
    }

    @Override
    public void forward(int block) {
        Planes x = in.value();
        Planes y = out.value();
        forward.run(x.data, x.block(block), y.data, y.block(block), scratch.get());
    }

    /// Gradients of weights and biases; [#backwardInput] does the rest.
    @Override
    public void backward(int block) {
        Planes x = in.value();
        Planes dy = out.gradient();
        float[] gradient = gradients.of(block);
        weightGradient.run(x.data, x.block(block), dy.data, dy.block(block), scratch.get(), gradient);
        for (int o = 0; o < bias.length; o++) {
            gradient[bias[o]] = sum(dy, block, o);
        }
    }

    /// Whether anything before this layer learns.
    boolean needsInputGradient() {
        return !inputIsData;
    }

    void backwardInput(int block) {
        Planes dx = in.gradient();
        Planes dy = out.gradient();
        dy.clearBorder(block);
        dataGradient.run(dy.data, dy.block(block), dx.data, dx.block(block), scratch.get());
    }

    private float sum(Planes planes, int block, int channel) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int y = 0; y < planes.shape.height(); y++) {
            int i = planes.row(block, channel, y);
            for (int x = 0; x < planes.shape.width(); x++, i += planes.columnStride) {
                sum = sum.add(FloatVector.fromArray(SPECIES, planes.data, i));
            }
        }
        return (float) laneSums[block].of(sum);
    }
}
