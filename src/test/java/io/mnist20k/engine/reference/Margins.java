package io.mnist20k.engine.reference;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// How far a training step stays away from where rounding decides about its outcome; an engine that rounds otherwise
/// may be right and yet far from the reference there.
///
/// ReLU jumps in its derivative at 0, and max pooling where two elements are nearly equal. Exact zeros and exact ties
/// are no near misses: every engine meets them exactly, or their gradients are equal.
///
/// A layer's gradients are sums, over images and pixels. Where all of them cancel to next to nothing, as for a norm
/// whose scale the norm behind it takes away again, what is left is the rounding of their terms.
///
/// @param decision the smallest distance from a jump, as a share of the root mean square of the values decided upon
/// @param left     the smallest share that a layer's largest gradient is of what it would be, had all gradients at the
///                 layer's outputs the same sign
public record Margins(double decision, double left) {
    public static Margins of(
            Network network, Training training, SessionState before, Dataset dataset, Epoch epoch, int step) {
        int from = step * epoch.batch();
        int[] samples = Arrays.copyOfRange(epoch.order(), from, Math.min(from + epoch.batch(), epoch.order().length));
        var pass = new Pass(
                true,
                samples.length,
                ReferenceSession.widened(before.parameters()),
                ReferenceSession.widened(before.statistics()),
                training.seed(),
                epoch.epoch(),
                step);
        double[] x = new Images(dataset, training.normalization()).distorted(samples, training, epoch.epoch(), step);
        var chain = new Chain(network);
        List<double[]> activations = chain.forward(pass, x);
        int[] labels = IntStream.of(samples).map(i -> dataset.labels()[i]).toArray();
        double[] dLogits =
                new SoftmaxLoss(network.classes(), training.labelSmoothing()).gradient(activations.getLast(), labels);
        return new Margins(
                decision(chain, activations, network.classes()), left(network, chain, pass, activations, dLogits));
    }

    /// @param activations what [Chain#forward] returned
    static double decision(Chain chain, List<double[]> activations, int classes) {
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

    private static double left(Network network, Chain chain, Pass pass, List<double[]> activations, double[] dLogits) {
        double[] gradients = new double[network.parameterCount()];
        double[] ofOneSign = new double[network.parameterCount()];
        double[] dY = dLogits;
        for (int i = chain.operations().size() - 1; i >= 0; i--) {
            Operation operation = chain.operations().get(i);
            operation.backward(pass, activations.get(i), magnitudes(dY), ofOneSign);
            dY = operation.backward(pass, activations.get(i), dY, gradients);
        }
        double smallest = Double.MAX_VALUE;
        for (int layer = 0; layer < network.stages().size(); layer++) {
            double whole = largest(network, layer, ofOneSign);
            smallest = whole == 0 ? smallest : Math.min(smallest, largest(network, layer, gradients) / whole);
        }
        return smallest;
    }

    private static double largest(Network network, int layer, double[] gradients) {
        return network.parameters().stream()
                .filter(tensor -> tensor.layer() == layer)
                .flatMapToDouble(
                        tensor -> Arrays.stream(gradients, tensor.offset(), tensor.offset() + tensor.elements()))
                .map(Math::abs)
                .max()
                .orElse(0);
    }

    private static double[] magnitudes(double[] values) {
        return Arrays.stream(values).map(Math::abs).toArray();
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
}
