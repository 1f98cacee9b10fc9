package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/// A batch normalisation in an evaluation: its statistics stand still, so all it does is `scale · in + shift`, channel
/// by channel.
final class RunningNorm {
    private final double epsilon;
    private final int scaleAt;
    private final int shiftAt;
    private final int meanAt;
    private final int varianceAt;

    RunningNorm(Layer.BatchNorm layer, List<Tensor> parameters, List<Tensor> statistics) {
        epsilon = layer.epsilon();
        scaleAt = parameters.get(0).offset();
        shiftAt = parameters.get(1).offset();
        meanAt = statistics.get(0).offset();
        varianceAt = statistics.get(1).offset();
    }

    double scale(Weights weights, int channel) {
        double variance = weights.statistics()[varianceAt + channel];
        return weights.parameters()[scaleAt + channel] / Math.sqrt(variance + epsilon);
    }

    double shift(Weights weights, int channel) {
        double mean = weights.statistics()[meanAt + channel];
        return weights.parameters()[shiftAt + channel] - scale(weights, channel) * mean;
    }

    /// For want of a convolution before it that would do its work.
    static final class Alone implements Inference.Operation {
        private final RunningNorm norm;
        private final Planes in;
        private final Planes out;
        private final float[] scale;
        private final float[] shift;

        Alone(RunningNorm norm, Planes in, Planes out) {
            this.norm = norm;
            this.in = in;
            this.out = out;
            scale = new float[in.shape.channels()];
            shift = new float[in.shape.channels()];
        }

        @Override
        public void pack(Weights weights) {
            for (int c = 0; c < scale.length; c++) {
                scale[c] = (float) norm.scale(weights, c);
                shift[c] = (float) norm.shift(weights, c);
            }
        }

        @Override
        public void run(int block) {
            for (int c = 0; c < scale.length; c++) {
                FloatVector scale = FloatVector.broadcast(SPECIES, this.scale[c]);
                FloatVector shift = FloatVector.broadcast(SPECIES, this.shift[c]);
                for (int y = 0; y < in.shape.height(); y++) {
                    int i = in.row(block, c, y);
                    int o = out.row(block, c, y);
                    for (int x = 0; x < in.shape.width(); x++, i += in.columnStride, o += out.columnStride) {
                        fma(FloatVector.fromArray(SPECIES, in.data, i), scale, shift)
                                .intoArray(out.data, o);
                    }
                }
            }
        }
    }
}
