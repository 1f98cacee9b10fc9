package io.mnist20k.engine.cpu;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A convolution or dense layer in an evaluation, with all that it can do for the layers behind it: a batch
/// normalisation is in its weights and biases, ReLU and pooling are in the correlation's epilogue.
final class FoldedConvolution implements Inference.Operation {
    private final Tensor weight;
    private final @Nullable Tensor bias;
    private final @Nullable RunningNorm norm;
    private final Planes in;
    private final Planes out;
    private final Scratch scratch;
    private final int outputs;

    /// Of an output's sum.
    private final int terms;

    /// Weights, as in the model, then a bias an output.
    private final float[] folded;

    private final Correlation correlation;

    /// @param layer a convolution or a dense layer
    /// @param norm  between the layer and its epilogue
    FoldedConvolution(
            Layer layer,
            List<Tensor> tensors,
            @Nullable RunningNorm norm,
            Epilogue epilogue,
            Planes in,
            Planes out,
            Scratch scratch) {
        weight = tensors.getFirst();
        bias = tensors.size() < 2 ? null : tensors.get(1);
        this.norm = norm;
        this.in = in;
        this.out = out;
        this.scratch = scratch;
        outputs = out.shape.channels();
        terms = weight.elements() / outputs;
        folded = new float[outputs * terms + outputs];
        int[] biases = IntStream.range(outputs * terms, folded.length).toArray();
        int[][] weights = Convolution.source(0, outputs, terms);
        correlation = switch (layer) {
            case Layer.Conv conv -> Convolution.correlation(conv, in, null, out, epilogue, weights, biases, true);
            case Layer.Dense _ -> Convolution.correlation(in, out, epilogue.least(), weights, biases);
            default -> throw new AssertionError(layer);
        };
        scratch.reserve(correlation.scratchLength());
    }

    @Override
    public void pack(Weights weights) {
        fold(weights);
        correlation.pack(folded);
    }

    /// A method of its own, so that the JIT compiler, when these loops get hot, compiles them without the correlation's
    /// packing, which would take it longer than some evaluations.
    private void fold(Weights weights) {
        float[] parameters = weights.parameters();
        for (int o = 0; o < outputs; o++) {
            double scale = norm == null ? 1 : norm.scale(weights, o);
            double shift = norm == null ? 0 : norm.shift(weights, o);
            for (int i = o * terms; i < (o + 1) * terms; i++) {
                folded[i] = (float) (scale * parameters[weight.offset() + i]);
            }
            folded[outputs * terms + o] =
                    (float) (bias == null ? shift : scale * parameters[bias.offset() + o] + shift);
        }
    }

    @Override
    public void run(int block) {
        correlation.run(in.data, in.block(block), out.data, out.block(block), scratch.get());
    }
}
