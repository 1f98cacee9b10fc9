package io.mnist20k.engine.reference;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import java.util.Arrays;
import java.util.List;

/// How far a training step stays away from the places where rounding decides: ReLU jumps in its derivative at 0,
/// and max pooling where two elements are nearly equal. An engine that rounds otherwise may decide otherwise there
/// and be right.
public final class Margins {
    private Margins() {}

    /// The smallest distance from a decision, as a share of the root mean square of the values decided upon. Exact
    /// zeros and exact ties are no near misses: every engine meets them exactly, or their gradients are equal.
    public static double smallest(
            Network network, Training training, SessionState before, Dataset dataset, Epoch epoch, int step) {
        int from = step * epoch.batch();
        int[] samples = Arrays.copyOfRange(epoch.order(), from, Math.min(from + epoch.batch(), epoch.order().length));
        var pass = new Pass(
                true,
                samples.length,
                widened(before.parameters()),
                widened(before.statistics()),
                training.seed(),
                epoch.epoch(),
                step);
        double[] x = new Images(dataset, training.normalization()).distorted(samples, training, epoch.epoch(), step);
        var chain = new Chain(network);
        List<double[]> activations = chain.forward(pass, x);
        return smallest(chain, activations, network.classes());
    }

    /// The same of activations that are there already.
    static double smallest(Chain chain, List<double[]> activations, int classes) {
        double smallest = lead(activations.getLast(), classes);
        for (int i = 0; i < chain.operations().size(); i++) {
            double[] input = activations.get(i);
            smallest = Math.min(
                    smallest,
                    switch (chain.operations().get(i)) {
                        case Relu _ -> fromZero(input);
                        case MaxPooling pooling -> fromTie(pooling, input, activations.get(i + 1));
                        default -> Double.MAX_VALUE;
                    });
        }
        return smallest;
    }

    private static double fromZero(double[] values) {
        double smallest = Double.MAX_VALUE;
        for (double value : values) {
            smallest = value == 0 ? smallest : Math.min(smallest, Math.abs(value));
        }
        return smallest / rootMeanSquare(values);
    }

    private static double fromTie(MaxPooling pooling, double[] x, double[] maxima) {
        double smallest = Double.MAX_VALUE;
        for (int i = 0; i < maxima.length; i++) {
            int corner = pooling.corner(i);
            for (int row = 0; row < pooling.height(); row++) {
                for (int column = 0; column < pooling.width(); column++) {
                    double lag = maxima[i] - x[corner + row * pooling.in().width() + column];
                    smallest = lag == 0 ? smallest : Math.min(smallest, lag);
                }
            }
        }
        return smallest / rootMeanSquare(x);
    }

    /// The smallest lead of a largest logit over the second.
    private static double lead(double[] logits, int classes) {
        double smallest = Double.MAX_VALUE;
        for (int from = 0; from < logits.length; from += classes) {
            double[] sorted = Arrays.copyOfRange(logits, from, from + classes);
            Arrays.sort(sorted);
            smallest = Math.min(smallest, sorted[classes - 1] - sorted[classes - 2]);
        }
        return smallest / rootMeanSquare(logits);
    }

    private static double rootMeanSquare(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
    }

    private static double[] widened(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }
}
