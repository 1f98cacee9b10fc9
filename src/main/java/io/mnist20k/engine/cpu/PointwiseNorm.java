package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/// Batch normalisation with nothing behind it that changes the shape.
final class PointwiseNorm extends BatchNorm {
    PointwiseNorm(
            Layer.BatchNorm layer,
            Fused fused,
            Signal in,
            Signal out,
            List<Tensor> parameters,
            List<Tensor> statistics,
            Batch batch,
            Gradients gradients,
            Weights weights) {
        super(layer, fused, in, out, parameters, statistics, batch, gradients, weights);
    }

    @Override
    public void forward(int block) {
        if (fused.dropout() == null) {
            forwardWhole(block);
        } else {
            forwardDropping(block, fused.dropout());
        }
    }

    private void forwardWhole(int block) {
        Planes z = in.value();
        Planes a = out.value();
        FloatVector least = FloatVector.broadcast(SPECIES, fused.relu() ? 0 : Float.NEGATIVE_INFINITY);
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int o = a.row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++, i += z.columnStride, o += a.columnStride) {
                    FloatVector v =
                            fma(FloatVector.fromArray(SPECIES, z.data, i).sub(mean), scale, shift);
                    v.blend(least, v.compare(LT, least)).intoArray(a.data, o);
                }
            }
        }
    }

    /// What [#forward] does without dropout, to some lines of a channel, for a convolution that keeps its input to
    /// itself.
    ///
    /// @param line floats from one line to the next where they are read; written, they follow one another
    void normalise(int channel, float[] in, int at, int line, int lines, int width, float[] normalised, int to) {
        FloatVector least = FloatVector.broadcast(SPECIES, fused.relu() ? 0 : Float.NEGATIVE_INFINITY);
        FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[channel]);
        FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[channel]);
        FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[channel]);
        for (int y = 0; y < lines; y++, at += line) {
            for (int i = 0; i < width * COUNT; i += COUNT, to += COUNT) {
                FloatVector v = fma(FloatVector.fromArray(SPECIES, in, at + i).sub(mean), scale, shift);
                v.blend(least, v.compare(LT, least)).intoArray(normalised, to);
            }
        }
    }

    private void forwardDropping(int block, DropoutMask dropout) {
        Planes z = in.value();
        Planes a = out.value();
        float[] factors = this.factors[block];
        int element = 0;
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int o = a.row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++, i += z.columnStride, o += a.columnStride) {
                    int drawn = drawn(dropout, block, c, element++);
                    FloatVector v =
                            fma(FloatVector.fromArray(SPECIES, z.data, i).sub(mean), scale, shift);
                    v.blend(0, v.compare(LT, 0))
                            .mul(FloatVector.fromArray(SPECIES, factors, drawn * COUNT))
                            .intoArray(a.data, o);
                }
            }
        }
    }

    @Override
    public void backward(int block) {
        Planes z = in.value();
        Planes da = out.gradient();
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector product = FloatVector.zero(SPECIES);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int d = da.row(block, c, y);
                int o = out.value().row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++) {
                    FloatVector centred =
                            FloatVector.fromArray(SPECIES, z.data, i).sub(mean);
                    FloatVector g = passed(fma(centred, scale, shift), o, d);
                    sum = sum.add(g);
                    product = fma(centred, g, product);
                    i += z.columnStride;
                    d += da.columnStride;
                    o += out.value().columnStride;
                }
            }
            putGradientSums(block, c, sum, product);
        }
    }

    /// The gradient at the normalisation's output of the element whose output stands at `o` and that output's
    /// gradient at `d`.
    ///
    /// @param normalised positive where ReLU lets it through; without dropout, computing it again costs less than
    ///                   fetching the output
    private FloatVector passed(FloatVector normalised, int o, int d) {
        FloatVector g = FloatVector.fromArray(SPECIES, out.gradient().data, d);
        if (!fused.relu()) {
            return g;
        }
        if (fused.dropout() == null) {
            return FloatVector.zero(SPECIES).blend(g, normalised.compare(GT, 0));
        }
        FloatVector kept = FloatVector.fromArray(SPECIES, out.value().data, o);
        return FloatVector.zero(SPECIES).blend(g.mul(passedScale()), kept.compare(GT, 0));
    }

    @Override
    void backwardInput(int block) {
        Planes z = in.value();
        Planes dz = in.gradient();
        Planes da = out.gradient();
        FloatVector mask = batch.mask(block);
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            FloatVector meanGradient = FloatVector.broadcast(SPECIES, this.meanGradient[c]);
            FloatVector maskedScale = scale.mul(mask);
            FloatVector slope = FloatVector.broadcast(SPECIES, this.slope[c]).mul(mask);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int d = da.row(block, c, y);
                int j = dz.row(block, c, y);
                int o = out.value().row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++) {
                    FloatVector centred =
                            FloatVector.fromArray(SPECIES, z.data, i).sub(mean);
                    fma(passed(fma(centred, scale, shift), o, d).sub(meanGradient), maskedScale, centred.mul(slope))
                            .intoArray(dz.data, j);
                    i += z.columnStride;
                    d += da.columnStride;
                    j += dz.columnStride;
                    o += out.value().columnStride;
                }
            }
        }
    }
}
