package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;

/// A convolution, or a dense layer, which is a 1×1 convolution over as many one-pixel channels as its input has
/// elements.
///
/// The data gradient is a correlation too: of the output's gradient, padded by `kernel - 1 - padding` and dilated
/// by the stride as its [Planes] were laid out, with the kernels turned by 180°.
final class Convolution implements Node {
    private final Signal in;
    private final Signal out;
    private final Gradients gradients;
    private final boolean inputIsData;
    private final Correlation forward;
    private final Correlation dataGradient;
    private final WeightGradient weightGradient;
    private final int[] bias;
    private final LaneSum[] laneSums;

    /// @param inputIsData whether nothing before this layer learns, so that the data gradient is not needed
    static Convolution of(
            Layer.Conv layer, Signal in, Signal out, List<Tensor> tensors, boolean inputIsData, Gradients gradients) {
        int kernel = layer.kernel();
        int channels = in.shape().channels();
        int firstWeight = tensors.getFirst().offset();
        Planes x = in.value();
        Planes dy = out.gradient();
        int[] taps = new int[channels * kernel * kernel];
        int[] turned = new int[layer.out() * kernel * kernel];
        int[][] source = new int[layer.out()][taps.length];
        int[][] turnedSource = new int[channels][turned.length];
        for (int ky = 0; ky < kernel; ky++) {
            for (int kx = 0; kx < kernel; kx++) {
                int k = ky * kernel + kx;
                for (int c = 0; c < channels; c++) {
                    taps[c * kernel * kernel + k] = c * x.planeStride + ky * x.lineLength + kx * COUNT;
                }
                for (int o = 0; o < layer.out(); o++) {
                    turned[o * kernel * kernel + k] =
                            o * dy.planeStride + (kernel - 1 - ky) * dy.lineLength + (kernel - 1 - kx) * COUNT;
                    for (int c = 0; c < channels; c++) {
                        int weight = firstWeight + (o * channels + c) * kernel * kernel + k;
                        source[o][c * kernel * kernel + k] = weight;
                        turnedSource[c][o * kernel * kernel + k] = weight;
                    }
                }
            }
        }
        int[] windows = corners(out.shape().height(), out.shape().width(), layer.stride(), x);
        int[] turnedWindows = corners(in.shape().height(), in.shape().width(), 1, dy);
        return new Convolution(
                in,
                out,
                gradients,
                inputIsData,
                biasOf(tensors),
                taps,
                windows,
                channels(out.value()),
                source,
                turned,
                turnedWindows,
                channels(in.gradient()),
                in.gradient().elements(),
                turnedSource);
    }

    static Convolution of(
            Layer.Dense layer, Signal in, Signal out, List<Tensor> tensors, boolean inputIsData, Gradients gradients) {
        int inputs = in.shape().elements();
        int firstWeight = tensors.getFirst().offset();
        int[][] source = new int[layer.out()][inputs];
        int[][] turnedSource = new int[inputs][layer.out()];
        for (int o = 0; o < layer.out(); o++) {
            for (int i = 0; i < inputs; i++) {
                source[o][i] = firstWeight + o * inputs + i;
                turnedSource[i][o] = source[o][i];
            }
        }
        int[] single = {0};
        return new Convolution(
                in,
                out,
                gradients,
                inputIsData,
                biasOf(tensors),
                allElements(in.value()),
                single,
                channels(out.value()),
                source,
                channels(out.gradient()),
                single,
                allElements(in.gradient()),
                single,
                turnedSource);
    }

    private Convolution(
            Signal in,
            Signal out,
            Gradients gradients,
            boolean inputIsData,
            int[] bias,
            int[] taps,
            int[] windows,
            int[] outChannels,
            int[][] source,
            int[] turned,
            int[] turnedWindows,
            int[] inChannels,
            int[] inPixels,
            int[][] turnedSource) {
        this.in = in;
        this.out = out;
        this.gradients = gradients;
        this.inputIsData = inputIsData;
        this.bias = bias;
        int[] gradientChannels = channels(out.gradient());
        forward = new Correlation(taps, windows, outChannels, out.value().elements(), source, bias);
        dataGradient = new Correlation(turned, turnedWindows, inChannels, inPixels, turnedSource, new int[0]);
        weightGradient = new WeightGradient(
                taps, windows, gradientChannels, out.gradient().elements(), source);
        gradients.reserveScratch(weightGradient.scratchLength());
        laneSums = LaneSum.array(gradients.blocks());
    }

    private static int[] biasOf(List<Tensor> tensors) {
        if (tensors.size() < 2) {
            return new int[0];
        }
        Tensor bias = tensors.get(1);
        return IntStream.range(bias.offset(), bias.offset() + bias.elements()).toArray();
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

    /// Upper left corners of windows over bordered planes, from the start of a plane.
    private static int[] corners(int height, int width, int stride, Planes planes) {
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
        forward.run(
                in.value().data,
                in.value().block(block),
                out.value().data,
                out.value().block(block));
    }

    /// Gradients of weights and biases; [#backwardInput] does the rest.
    @Override
    public void backward(int block) {
        Planes x = in.value();
        Planes dy = out.gradient();
        float[] gradient = gradients.of(block);
        weightGradient.run(x.data, x.block(block), dy.data, dy.block(block), gradients.scratch(), gradient);
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
        dataGradient.run(dy.data, dy.block(block), dx.data, dx.block(block));
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
