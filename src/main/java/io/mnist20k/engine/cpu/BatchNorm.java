package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// Batch normalisation and, fused into its passes, the ReLU, max pooling and dropout that may follow it.
///
/// A batch meets twice: forward its statistics, backward the sums that the statistics' own gradient needs. So there
/// are two passes a direction with the whole batch waiting in between: [#gatherStatistics], [#finishStatistics],
/// [#forward]; and [#backward], [#finishGradients], [#backwardInput]. Normalising is one multiply-add with a scale
/// and shift a channel; so is its gradient.
///
/// Backward, what ReLU and dropout let through is where the output is positive; no mask is stored. Nor is the gradient
/// between the two passes back: memory costs more here than arithmetic, so the second works it out again.
abstract sealed class BatchNorm implements Node permits PointwiseNorm, PoolingNorm {
    final Signal in;
    final Signal out;
    final Batch batch;
    final Fused fused;
    private final Layer.BatchNorm layer;
    private final int scaleAt;
    private final int shiftAt;
    private final int meanAt;
    private final int varianceAt;
    private final Gradients gradients;
    private final Weights weights;

    private final double[][] sums;
    private final LaneSum[] laneSums;
    private final int[][] words;
    final float[][] factors;

    /// Forward, a channel each: out = scale (in - mean) + shift.
    final float[] mean;

    private final float[] inverseDeviation;
    final float[] scale;
    final float[] shift;

    /// Backward, a channel each: dIn = scale (dOut - meanGradient) + slope (in - mean).
    final float[] meanGradient;

    final float[] slope;

    /// What follows the normalisation in the same pass.
    ///
    /// @param pools   2×2 at stride 2; only with `relu`
    /// @param dropout only with `relu`
    record Fused(boolean relu, boolean pools, @Nullable DropoutMask dropout, boolean dropsChannels) {}

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
                    squares = fma(v, v, squares);
                }
            }
            sums[block][2 * c] = laneSums[block].of(sum);
            sums[block][2 * c + 1] = laneSums[block].of(squares);
        }
    }

    /// Sets each channel's scale and shift from the batch, and moves the running statistics.
    void finishStatistics() {
        double count = (double) batch.samples * in.shape().pixels();
        for (int c = 0; c < mean.length; c++) {
            double mu = sum(2 * c) / count;
            double variance = Math.max(0, sum(2 * c + 1) / count - mu * mu);
            double unbiased = count > 1 ? variance * count / (count - 1) : variance;
            move(meanAt + c, mu);
            move(varianceAt + c, unbiased);
            mean[c] = (float) mu;
            inverseDeviation[c] = (float) (1 / Math.sqrt(variance + layer.epsilon()));
            scale[c] = weights.parameters()[scaleAt + c] * inverseDeviation[c];
            shift[c] = weights.parameters()[shiftAt + c];
        }
    }

    private void move(int statistic, double batchValue) {
        float[] statistics = weights.statistics();
        statistics[statistic] =
                (float) ((1 - layer.momentum()) * statistics[statistic] + layer.momentum() * batchValue);
    }

    /// Of a channel of a block; what [#finishGradients] adds up.
    void putGradientSums(int block, int channel, FloatVector gradient, FloatVector gradientTimesCentred) {
        sums[block][2 * channel] = laneSums[block].of(gradient);
        sums[block][2 * channel + 1] = laneSums[block].of(gradientTimesCentred);
    }

    private double sum(int index) {
        double sum = 0;
        for (int block = 0; block < batch.blocks(); block++) {
            sum += sums[block][index];
        }
        return sum;
    }

    /// Draws when a chunk begins.
    ///
    /// @param element of the output, counted in the order in which they are asked for
    /// @return where among `factors[block]` the element's vector stands
    int drawn(DropoutMask dropout, int block, int channel, int element) {
        int number = fused.dropsChannels() ? channel : element;
        boolean begins = !fused.dropsChannels() || element % out.shape().pixels() == 0;
        if (begins && number % DropoutMask.CHUNK == 0) {
            dropout.draw(block, number / DropoutMask.CHUNK, words[block], factors[block]);
        }
        return number % DropoutMask.CHUNK;
    }

    /// What the gradient of an element that dropout kept is multiplied by.
    FloatVector passedScale() {
        return FloatVector.broadcast(SPECIES, fused.dropout() == null ? 1 : fused.dropout().scale);
    }

    /// Adds up what the batch has to know of the gradient at the normalisation's output.
    @Override
    public abstract void backward(int block);

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

    /// What is left of the way back: the gradient at the input; the two may be the same planes.
    abstract void backwardInput(int block);
}
