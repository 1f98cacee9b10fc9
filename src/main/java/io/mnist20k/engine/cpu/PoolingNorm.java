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
import jdk.incubator.vector.VectorMask;

/// Batch normalisation, ReLU and max pooling of 2×2 at stride 2. Backward, the gradient of a window goes to its first
/// largest element.
final class PoolingNorm extends BatchNorm {
    static final int SIDE = 2;

    private final Planes chosen;

    /// @param chosen gets input minus mean of each window's first largest element, for the sums of [#backward]
    PoolingNorm(
            Layer.BatchNorm layer,
            Fused fused,
            Signal in,
            Signal out,
            List<Tensor> parameters,
            List<Tensor> statistics,
            Batch batch,
            Gradients gradients,
            Weights weights,
            Planes chosen) {
        super(layer, fused, in, out, parameters, statistics, batch, gradients, weights);
        this.chosen = chosen;
    }

    @Override
    public void forward(int block) {
        Planes z = in.value();
        Planes a = out.value();
        DropoutMask dropout = fused.dropout();
        float[] factors = this.factors[block];
        int element = 0;
        for (int c = 0; c < a.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            for (int y = 0; y < a.shape.height(); y++) {
                int o = a.row(block, c, y);
                int p = chosen.row(block, c, y);
                int i = z.row(block, c, y * SIDE);
                for (int x = 0; x < a.shape.width(); x++, o += a.columnStride, i += SIDE * z.columnStride) {
                    FloatVector c0 = centred(i, mean);
                    FloatVector c1 = centred(i + z.columnStride, mean);
                    FloatVector c2 = centred(i + z.rowStride, mean);
                    FloatVector c3 = centred(i + z.rowStride + z.columnStride, mean);
                    FloatVector v0 = fma(c0, scale, shift);
                    FloatVector v1 = fma(c1, scale, shift);
                    FloatVector v2 = fma(c2, scale, shift);
                    FloatVector v3 = fma(c3, scale, shift);
                    VectorMask<Float> second = v1.compare(GT, v0);
                    FloatVector max = v0.blend(v1, second);
                    VectorMask<Float> third = v2.compare(GT, max);
                    max = max.blend(v2, third);
                    VectorMask<Float> fourth = v3.compare(GT, max);
                    max = max.blend(v3, fourth);
                    c0.blend(c1, second).blend(c2, third).blend(c3, fourth).intoArray(chosen.data, p);
                    p += COUNT;
                    FloatVector v = max.blend(0, max.compare(LT, 0));
                    if (dropout != null) {
                        int drawn = drawn(dropout, block, c, element++);
                        v = v.mul(FloatVector.fromArray(SPECIES, factors, drawn * COUNT));
                    }
                    v.intoArray(a.data, o);
                }
            }
        }
    }

    private FloatVector centred(int index, FloatVector mean) {
        return FloatVector.fromArray(SPECIES, in.value().data, index).sub(mean);
    }

    /// The gradient of the window whose output stands at `o` and that output's gradient at `d`, behind dropout and
    /// ReLU.
    private FloatVector passed(int o, int d, FloatVector factor) {
        VectorMask<Float> positive =
                FloatVector.fromArray(SPECIES, out.value().data, o).compare(GT, 0);
        FloatVector g = FloatVector.fromArray(SPECIES, out.gradient().data, d);
        return FloatVector.zero(SPECIES).blend(g.mul(factor), positive);
    }

    @Override
    public void backward(int block) {
        Planes a = out.value();
        Planes da = out.gradient();
        FloatVector factor = passedScale();
        for (int c = 0; c < a.shape.channels(); c++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector product = FloatVector.zero(SPECIES);
            for (int y = 0; y < a.shape.height(); y++) {
                int o = a.row(block, c, y);
                int d = da.row(block, c, y);
                int p = chosen.row(block, c, y);
                for (int x = 0; x < a.shape.width(); x++) {
                    FloatVector g = passed(o, d, factor);
                    sum = sum.add(g);
                    product = fma(FloatVector.fromArray(SPECIES, chosen.data, p), g, product);
                    o += a.columnStride;
                    d += da.columnStride;
                    p += COUNT;
                }
            }
            putGradientSums(block, c, sum, product);
        }
    }

    @Override
    void backwardInput(int block) {
        Planes z = in.value();
        Planes dz = in.gradient();
        Planes a = out.value();
        Planes da = out.gradient();
        FloatVector mask = batch.mask(block);
        FloatVector factor = passedScale();
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            FloatVector meanGradient = FloatVector.broadcast(SPECIES, this.meanGradient[c]);
            // Of a pixel that is not the largest. The mean is taken off once, not from each of four pixels: with more
            // in the loop the compiler leaves a call in it, and every vector becomes an object.
            FloatVector none = FloatVector.zero(SPECIES).sub(meanGradient);
            FloatVector maskedScale = scale.mul(mask);
            FloatVector slope = FloatVector.broadcast(SPECIES, this.slope[c]).mul(mask);
            for (int y = 0; y < a.shape.height(); y++) {
                int o = a.row(block, c, y);
                int d = da.row(block, c, y);
                int i = z.row(block, c, y * SIDE);
                int j = dz.row(block, c, y * SIDE);
                for (int x = 0; x < a.shape.width(); x++) {
                    FloatVector g = passed(o, d, factor).sub(meanGradient);
                    FloatVector c0 = centred(i, mean);
                    FloatVector c1 = centred(i + z.columnStride, mean);
                    FloatVector c2 = centred(i + z.rowStride, mean);
                    FloatVector c3 = centred(i + z.rowStride + z.columnStride, mean);
                    FloatVector v0 = fma(c0, scale, shift);
                    FloatVector v1 = fma(c1, scale, shift);
                    FloatVector v2 = fma(c2, scale, shift);
                    FloatVector v3 = fma(c3, scale, shift);
                    // The last that is larger than all before takes the gradient.
                    VectorMask<Float> second = v1.compare(GT, v0);
                    FloatVector max = v0.blend(v1, second);
                    VectorMask<Float> third = v2.compare(GT, max);
                    VectorMask<Float> fourth = v3.compare(GT, max.blend(v2, third));
                    FloatVector upToThird = g.blend(none, fourth);
                    FloatVector upToSecond = upToThird.blend(none, third);
                    fma(upToSecond.blend(none, second), maskedScale, c0.mul(slope))
                            .intoArray(dz.data, j);
                    fma(none.blend(upToSecond, second), maskedScale, c1.mul(slope))
                            .intoArray(dz.data, j + dz.columnStride);
                    fma(none.blend(upToThird, third), maskedScale, c2.mul(slope))
                            .intoArray(dz.data, j + dz.rowStride);
                    fma(none.blend(g, fourth), maskedScale, c3.mul(slope))
                            .intoArray(dz.data, j + dz.rowStride + dz.columnStride);
                    o += a.columnStride;
                    d += da.columnStride;
                    i += SIDE * z.columnStride;
                    j += SIDE * dz.columnStride;
                }
            }
            unpooledInput(block, c, mean, meanGradient, maskedScale, slope);
        }
    }

    /// Rows and columns that fill no window get no gradient from the pooling, only from the statistics.
    private void unpooledInput(
            int block,
            int channel,
            FloatVector mean,
            FloatVector meanGradient,
            FloatVector maskedScale,
            FloatVector slope) {
        Planes z = in.value();
        Planes dz = in.gradient();
        int height = out.shape().height() * SIDE;
        int width = out.shape().width() * SIDE;
        for (int y = 0; y < z.shape.height(); y++) {
            for (int x = y < height ? width : 0; x < z.shape.width(); x++) {
                centred(z.row(block, channel, y) + x * z.columnStride, mean)
                        .mul(slope)
                        .sub(meanGradient.mul(maskedScale))
                        .intoArray(dz.data, dz.row(block, channel, y) + x * dz.columnStride);
            }
        }
    }
}
