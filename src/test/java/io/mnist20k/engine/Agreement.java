package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.reference.ReferenceUpdate;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import java.util.Locale;

/// How closely a training step or an evaluation in single precision has to agree with the reference.
///
/// A float sum of T terms, each rounding independent and at most 2^-24 relative, strays by about 0.4 √T · 2^-24 of
/// the sum's magnitude (a random walk whose step is the partial sum). A number of a step stands at the end of D such
/// sums, forward and backward through the layers, whose errors walk at random again: 0.4 √(T D) · 2^-24. Where images
/// are distorted the input itself strays, by about 20 · 2^-24, since a coordinate of 28 pixels rounds three times. Ten
/// deviations of that are allowed, of the largest magnitude in the same layer, since a single element may cancel to
/// nothing.
///
/// What the optimiser makes of a gradient is not a sum, and agrees within [OptimizerRounding].
///
/// Independence is asked of the engine: a background adds thousands of equal numbers, and one float that takes them all
/// rounds to the same side each time and fails here. Sums have to be split, by lanes, rows or images.
final class Agreement {
    static final double ROUNDING = 0x1p-24;
    private static final double DEVIATIONS = 10;

    private final ContractCase test;
    private final double relative;

    Agreement(ContractCase test) {
        this.test = test;
        double depth = 2.0 * test.network().stages().size();
        this.relative = ofSum(test.longestSum() * depth) + (test.distorts() ? DEVIATIONS * 20 * ROUNDING : 0);
    }

    /// What a float sum may stray, as a share of its magnitude.
    static double ofSum(double terms) {
        return DEVIATIONS * 0.4 * Math.sqrt(terms) * ROUNDING;
    }

    /// Checks everything that a training step changes. The gradient agrees with the reference's; what
    /// the optimiser makes of it, with what the reference's would make of the engine's own gradient. So
    /// nothing of the update hides behind what the gradient may stray.
    ///
    /// @param rate the step's learning rate
    void checkStep(SessionState before, SessionState expected, SessionState actual, double rate) {
        assertEquals(expected.updates(), actual.updates(), "updates");
        assertEquals(expected.slots().size(), actual.slots().size(), "slots");
        Network network = test.network();
        Optimizer optimizer = test.training().optimizer();
        float[] gradient = new OptimizerRounding(optimizer, before, expected).gradient(network.parameters());
        var rounding = new OptimizerRounding(optimizer, before, actual);
        float[] own = rounding.gradient(network.parameters());
        for (int layer = 0; layer < network.stages().size(); layer++) {
            List<Tensor> parameters = ofLayer(network.parameters(), layer);
            double error = relative * largest(parameters, gradient);
            parameters.forEach(t -> check("gradient", t, gradient, own, error + rounding.ofGradient(t)));
            checkStatistics(ofLayer(network.statistics(), layer), expected, actual);
        }
        checkUpdate(ReferenceUpdate.of(network, test.training(), before, own, rate), actual, rounding, rate);
    }

    private void checkUpdate(SessionState expected, SessionState actual, OptimizerRounding rounding, double rate) {
        for (Tensor tensor : test.network().parameters()) {
            // The gradient was read out of the first slot.
            for (int slot = 1; slot < expected.slots().size(); slot++) {
                float[] values = expected.slots().get(slot);
                check("slot " + slot, tensor, values, actual.slots().get(slot), rounding.ofSlot(tensor, slot));
            }
            double tolerance = rounding.ofParameters(tensor, rate);
            if (rounding.isMatrix(tensor)) {
                checkTogether(tensor, expected.parameters(), actual.parameters(), tolerance);
            } else {
                check("value", tensor, expected.parameters(), actual.parameters(), tolerance);
            }
            if (test.training().averages()) {
                double averageTolerance =
                        rounding.ofAverage(tensor, test.training().averagingDecay(), rate);
                check("average", tensor, expected.averagedParameters(), actual.averagedParameters(), averageTolerance);
            }
        }
    }

    private void checkStatistics(List<Tensor> ofLayer, SessionState expected, SessionState actual) {
        double tolerance = relative * largest(ofLayer, expected.statistics());
        for (Tensor tensor : ofLayer) {
            check("value", tensor, expected.statistics(), actual.statistics(), tolerance);
            if (test.training().averages()) {
                check("average", tensor, expected.averagedStatistics(), actual.averagedStatistics(), tolerance);
            }
        }
    }

    void checkLogits(float[] expected, float[] actual) {
        var all = new Tensor("logits", 0, List.of(expected.length), 0);
        assertTrue(largest(List.of(all), expected) > 0.01, "the expected logits say nothing");
        check("", all, expected, actual, relative * largest(List.of(all), expected));
    }

    void checkLoss(int step, double expected, double actual) {
        assertEquals(expected, actual, relative * expected, () -> "loss of step " + step);
    }

    private static void check(String what, Tensor tensor, float[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length, what);
        int worst = tensor.offset();
        double distance = 0;
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            double d = Math.abs((double) expected[i] - actual[i]);
            if (!(d <= distance)) {
                distance = d;
                worst = i;
            }
        }
        int index = worst;
        double off = distance;
        assertTrue(
                off <= tolerance,
                () -> String.format(
                        Locale.ROOT,
                        "%s %s: element %d is %.9g, expected %.9g, off by %.3g, tolerance %.3g",
                        tensor.name(),
                        what,
                        index - tensor.offset(),
                        actual[index],
                        expected[index],
                        off,
                        tolerance));
    }

    private static void checkTogether(Tensor tensor, float[] expected, float[] actual, double tolerance) {
        double squares = 0;
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            double d = (double) expected[i] - actual[i];
            squares += d * d;
        }
        double off = Math.sqrt(squares);
        assertTrue(
                off <= tolerance,
                () -> String.format(Locale.ROOT, "%s: off by %.3g, tolerance %.3g", tensor.name(), off, tolerance));
    }

    private static List<Tensor> ofLayer(List<Tensor> tensors, int layer) {
        return tensors.stream().filter(t -> t.layer() == layer).toList();
    }

    private static double largest(List<Tensor> tensors, float[] values) {
        return tensors.stream()
                .mapToDouble(tensor -> largest(tensor, values))
                .max()
                .orElse(0);
    }

    static double largest(Tensor tensor, float[] values) {
        double largest = 0;
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            largest = Math.max(largest, Math.abs((double) values[i]));
        }
        return largest;
    }
}
