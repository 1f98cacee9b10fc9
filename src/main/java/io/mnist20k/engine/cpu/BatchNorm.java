package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/// Batch normalisation and, fused into its passes, the ReLU, max pooling and dropout that may follow it.
///
/// A batch meets twice: forward its statistics, backward the sums that the statistics' own gradient needs. So there
/// are two passes a direction with the whole batch waiting in between: [#gatherStatistics], [#finishStatistics],
/// [#forward]; and [#backward], [#finishGradients], [#backwardInput]. Normalising is one multiply-add with a scale
/// and shift a channel; so is its gradient.
///
/// Backward, what ReLU and dropout let through is where the output is positive; no mask is stored.
final class BatchNorm implements Node {
    private final Signal in;
    private final Signal out;
    private final Batch batch;
    private final Layer.BatchNorm layer;
    private final Fused fused;
    private final int scaleAt;
    private final int shiftAt;
    private final int meanAt;
    private final int varianceAt;
    private final Gradients gradients;
    private final Weights weights;

    private final double[][] sums;
    private final LaneSum[] laneSums;
    private final int[][] words;
    private final float[][] factors;

    /// Forward, a channel each: out = scale (in - mean) + shift.
    private final float[] mean;

    private final float[] inverseDeviation;
    private final float[] scale;
    private final float[] shift;

    /// Backward, a channel each: dIn = scale (dOut - meanGradient) + slope (in - mean).
    private final float[] meanGradient;

    private final float[] slope;

    /// What follows the normalisation in the same pass.
    ///
    /// @param pool    side and stride of the pooling window, 1 where there is none; above 1 only with `relu`
    /// @param dropout only with `relu`
    record Fused(boolean relu, int pool, @Nullable DropoutMask dropout, boolean dropsChannels) {}

    BatchNorm(
            Layer.BatchNorm layer,
            Fused fused,
            Signal in,
            Signal out,
            List<Tensor> parameters,
            List<Tensor> statistics,
            Batch batch,
            Gradients gradients,
            Weights weights) {
        this.layer = layer;
        this.fused = fused;
        this.in = in;
        this.out = out;
        this.batch = batch;
        this.gradients = gradients;
        this.weights = weights;
        scaleAt = parameters.get(0).offset();
        shiftAt = parameters.get(1).offset();
        meanAt = statistics.get(0).offset();
        varianceAt = statistics.get(1).offset();
        int channels = in.shape().channels();
        sums = new double[gradients.blocks()][2 * channels];
        laneSums = LaneSum.array(gradients.blocks());
        words = new int[gradients.blocks()][4 * COUNT];
        factors = new float[gradients.blocks()][DropoutMask.CHUNK * COUNT];
        mean = new float[channels];
        inverseDeviation = new float[channels];
        scale = new float[channels];
        shift = new float[channels];
        meanGradient = new float[channels];
        slope = new float[channels];
    }

    void gatherStatistics(int block) {
        if (!batch.training) {
            return;
        }
        Planes z = in.value();
        FloatVector mask = batch.mask(block);
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector squares = FloatVector.zero(SPECIES);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++, i += z.columnStride) {
                    FloatVector v = FloatVector.fromArray(SPECIES, z.data, i).mul(mask);
                    sum = sum.add(v);
                    squares = v.fma(v, squares);
                }
            }
            sums[block][2 * c] = laneSums[block].of(sum);
            sums[block][2 * c + 1] = laneSums[block].of(squares);
        }
    }

    /// Sets each channel's scale and shift: from the batch, which also moves the running statistics, or from these.
    void finishStatistics() {
        double count = (double) batch.samples * in.shape().pixels();
        for (int c = 0; c < mean.length; c++) {
            double mu;
            double variance;
            if (batch.training) {
                mu = sum(2 * c) / count;
                variance = Math.max(0, sum(2 * c + 1) / count - mu * mu);
                double unbiased = count > 1 ? variance * count / (count - 1) : variance;
                move(meanAt + c, mu);
                move(varianceAt + c, unbiased);
            } else {
                mu = weights.statistics[meanAt + c];
                variance = weights.statistics[varianceAt + c];
            }
            mean[c] = (float) mu;
            inverseDeviation[c] = (float) (1 / Math.sqrt(variance + layer.epsilon()));
            scale[c] = weights.parameters[scaleAt + c] * inverseDeviation[c];
            shift[c] = weights.parameters[shiftAt + c];
        }
    }

    private void move(int statistic, double batchValue) {
        weights.statistics[statistic] =
                (float) ((1 - layer.momentum()) * weights.statistics[statistic] + layer.momentum() * batchValue);
    }

    private double sum(int index) {
        double sum = 0;
        for (int block = 0; block < batch.blocks(); block++) {
            sum += sums[block][index];
        }
        return sum;
    }

    @Override
    public void forward(int block) {
        Planes z = in.value();
        Planes a = out.value();
        int pool = fused.pool();
        float least = fused.relu() ? 0 : Float.NEGATIVE_INFINITY;
        DropoutMask dropout = batch.training ? fused.dropout() : null;
        int[] words = this.words[block];
        float[] factors = this.factors[block];
        int element = 0;
        for (int c = 0; c < a.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            if (dropout != null && fused.dropsChannels() && c % DropoutMask.CHUNK == 0) {
                dropout.draw(block, c / DropoutMask.CHUNK, words, factors);
            }
            for (int y = 0; y < a.shape.height(); y++) {
                int o = a.row(block, c, y);
                int i = z.row(block, c, y * pool);
                for (int x = 0; x < a.shape.width(); x++, o += a.columnStride, i += pool * z.columnStride) {
                    FloatVector v = window(z, i, pool, mean, scale, shift).max(least);
                    if (dropout != null) {
                        if (!fused.dropsChannels() && element % DropoutMask.CHUNK == 0) {
                            dropout.draw(block, element / DropoutMask.CHUNK, words, factors);
                        }
                        int drawn = (fused.dropsChannels() ? c : element) % DropoutMask.CHUNK;
                        v = v.mul(FloatVector.fromArray(SPECIES, factors, drawn * COUNT));
                        element++;
                    }
                    v.intoArray(a.data, o);
                }
            }
        }
    }

    /// The largest normalised value of a window.
    private static FloatVector window(
            Planes z, int corner, int pool, FloatVector mean, FloatVector scale, FloatVector shift) {
        FloatVector max = normalised(z, corner, mean, scale, shift);
        for (int y = 0; y < pool; y++) {
            int i = corner + y * z.rowStride;
            for (int x = 0; x < pool; x++, i += z.columnStride) {
                max = max.max(normalised(z, i, mean, scale, shift));
            }
        }
        return max;
    }

    private static FloatVector normalised(Planes z, int index, FloatVector mean, FloatVector scale, FloatVector shift) {
        return FloatVector.fromArray(SPECIES, z.data, index).sub(mean).fma(scale, shift);
    }

    /// Turns the output's gradient into that at the normalisation's output, and adds up what the batch has to know
    /// of it. Without pooling, input and output have one gradient memory between them.
    @Override
    public void backward(int block) {
        if (fused.pool() > 1) {
            backwardThroughPooling(block);
            return;
        }
        Planes z = in.value();
        Planes dz = in.gradient();
        Planes a = out.value();
        boolean drops = fused.dropout() != null;
        FloatVector factor = passedScale();
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector product = FloatVector.zero(SPECIES);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int j = dz.row(block, c, y);
                int o = a.row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++) {
                    FloatVector centred =
                            FloatVector.fromArray(SPECIES, z.data, i).sub(mean);
                    FloatVector g = FloatVector.fromArray(SPECIES, dz.data, j);
                    if (fused.relu()) {
                        // Without dropout, computing the output again costs less than fetching it.
                        FloatVector v = drops ? FloatVector.fromArray(SPECIES, a.data, o) : centred.fma(scale, shift);
                        g = FloatVector.zero(SPECIES).blend(g.mul(factor), v.compare(VectorOperators.GT, 0));
                        g.intoArray(dz.data, j);
                    }
                    sum = sum.add(g);
                    product = centred.fma(g, product);
                    i += z.columnStride;
                    j += dz.columnStride;
                    o += a.columnStride;
                }
            }
            sums[block][2 * c] = laneSums[block].of(sum);
            sums[block][2 * c + 1] = laneSums[block].of(product);
        }
    }

    /// The same where a window's gradient goes to its first largest element.
    private void backwardThroughPooling(int block) {
        Planes z = in.value();
        Planes dz = in.gradient();
        Planes a = out.value();
        Planes da = out.gradient();
        int pool = fused.pool();
        FloatVector factor = passedScale();
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
            FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector product = FloatVector.zero(SPECIES);
            for (int y = 0; y < a.shape.height(); y++) {
                int o = a.row(block, c, y);
                int d = da.row(block, c, y);
                int i = z.row(block, c, y * pool);
                int j = dz.row(block, c, y * pool);
                for (int x = 0; x < a.shape.width(); x++) {
                    FloatVector v = FloatVector.fromArray(SPECIES, a.data, o);
                    FloatVector g = FloatVector.zero(SPECIES)
                            .blend(
                                    FloatVector.fromArray(SPECIES, da.data, d).mul(factor),
                                    v.compare(VectorOperators.GT, 0));
                    FloatVector max = window(z, i, pool, mean, scale, shift);
                    FloatVector chosen = FloatVector.zero(SPECIES);
                    VectorMask<Float> open = SPECIES.maskAll(true);
                    for (int wy = 0; wy < pool; wy++) {
                        for (int wx = 0; wx < pool; wx++) {
                            int at = i + wy * z.rowStride + wx * z.columnStride;
                            FloatVector centred =
                                    FloatVector.fromArray(SPECIES, z.data, at).sub(mean);
                            VectorMask<Float> here = centred.fma(scale, shift)
                                    .compare(VectorOperators.EQ, max)
                                    .and(open);
                            open = open.andNot(here);
                            chosen = chosen.blend(centred, here);
                            FloatVector.zero(SPECIES)
                                    .blend(g, here)
                                    .intoArray(dz.data, j + wy * dz.rowStride + wx * dz.columnStride);
                        }
                    }
                    sum = sum.add(g);
                    product = chosen.fma(g, product);
                    o += a.columnStride;
                    d += da.columnStride;
                    i += pool * z.columnStride;
                    j += pool * dz.columnStride;
                }
            }
            clearUnpooled(block, c);
            sums[block][2 * c] = laneSums[block].of(sum);
            sums[block][2 * c + 1] = laneSums[block].of(product);
        }
    }

    /// Rows and columns that fill no window get no gradient from the pooling.
    private void clearUnpooled(int block, int channel) {
        Planes dz = in.gradient();
        int height = out.shape().height() * fused.pool();
        int width = out.shape().width() * fused.pool();
        for (int y = 0; y < dz.shape.height(); y++) {
            for (int x = y < height ? width : 0; x < dz.shape.width(); x++) {
                FloatVector.zero(SPECIES).intoArray(dz.data, dz.row(block, channel, y) + x * dz.columnStride);
            }
        }
    }

    private FloatVector passedScale() {
        return FloatVector.broadcast(SPECIES, fused.dropout() == null ? 1 : fused.dropout().scale);
    }

    /// Gradients of scale and shift, and what [#backwardInput] needs to know of the batch: dIn = scale (dOut -
    /// mean(dOut) - normalised · mean(dOut · normalised)).
    void finishGradients() {
        double count = (double) batch.samples * in.shape().pixels();
        float[] gradient = gradients.of(0);
        for (int c = 0; c < mean.length; c++) {
            double sum = sum(2 * c);
            double product = sum(2 * c + 1) * inverseDeviation[c];
            gradient[scaleAt + c] = (float) product;
            gradient[shiftAt + c] = (float) sum;
            meanGradient[c] = (float) (sum / count);
            slope[c] = (float) (-scale[c] * inverseDeviation[c] * product / count);
        }
    }

    void backwardInput(int block) {
        Planes z = in.value();
        Planes dz = in.gradient();
        FloatVector mask = batch.mask(block);
        for (int c = 0; c < z.shape.channels(); c++) {
            FloatVector mean = FloatVector.broadcast(SPECIES, this.mean[c]);
            FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]).mul(mask);
            FloatVector meanGradient = FloatVector.broadcast(SPECIES, this.meanGradient[c]);
            FloatVector slope = FloatVector.broadcast(SPECIES, this.slope[c]).mul(mask);
            for (int y = 0; y < z.shape.height(); y++) {
                int i = z.row(block, c, y);
                int j = dz.row(block, c, y);
                for (int x = 0; x < z.shape.width(); x++, i += z.columnStride, j += dz.columnStride) {
                    FloatVector fromStatistics =
                            FloatVector.fromArray(SPECIES, z.data, i).sub(mean).mul(slope);
                    FloatVector.fromArray(SPECIES, dz.data, j)
                            .sub(meanGradient)
                            .fma(scale, fromStatistics)
                            .intoArray(dz.data, j);
                }
            }
        }
    }
}
