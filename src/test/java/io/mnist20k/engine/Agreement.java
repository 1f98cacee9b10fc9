package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import java.util.Locale;

/// How closely an engine that computes in single precision has to agree with the reference.
///
/// A float sum of T terms, each rounding independent and at most 2^-24 relative, strays by about 0.4 √T · 2^-24 of
/// the sum's magnitude (a random walk whose step is the partial sum). A number of a step stands at the end of D such
/// sums, forward and backward through the layers, whose errors walk at random again: 0.4 √(T D) · 2^-24. Where images
/// are distorted the input itself strays, by about 20 · 2^-24, since a coordinate of 28 pixels rounds three times. Ten
/// deviations of that are allowed, of the largest magnitude in the same layer, since a single element may cancel to
/// nothing.
///
/// Independence is asked of the engine: a background adds thousands of equal numbers, and one float that takes them all
/// rounds to the same side each time and fails here. Sums have to be split, by lanes, rows or images.
final class Agreement {
    private static final double ROUNDING = 0x1p-24;
    private static final double DEVIATIONS = 10;

    private final ContractCase test;
    private final int steps;
    private final double relative;

    /// @param steps done since both engines held the same state; each puts its sums behind the ones before
    Agreement(ContractCase test, int steps) {
        this.test = test;
        this.steps = steps;
        double depth = 2.0 * test.network().stages().size() * steps;
        double roundings = 0.4 * Math.sqrt(test.longestSum() * depth) + (test.distorts() ? 20 : 0);
        this.relative = DEVIATIONS * roundings * ROUNDING;
    }

    /// Checks everything that training changes. Parameters are compared by their change, so that no gradient hides
    /// behind the size of its parameter.
    ///
    /// @param rateSum of the learning rates since `before`
    void checkStates(SessionState before, SessionState expected, SessionState actual, double rateSum) {
        assertEquals(expected.updates(), actual.updates(), "updates");
        assertEquals(expected.slots().size(), actual.slots().size(), "slots");
        for (int layer = 0; layer < test.network().stages().size(); layer++) {
            List<Tensor> parameters = ofLayer(test.network().parameters(), layer);
            for (int slot = 0; slot < expected.slots().size(); slot++) {
                // The second slot holds squares, whose relative error is twice that of what was squared.
                double tolerance = (slot + 1)
                        * relative
                        * largest(parameters, expected.slots().get(slot));
                check(
                        "slot " + slot,
                        parameters,
                        expected.slots().get(slot),
                        actual.slots().get(slot),
                        tolerance);
            }
            double tolerance = parameterTolerance(parameters, before, expected, rateSum);
            check("value", parameters, expected.parameters(), actual.parameters(), tolerance);
            List<Tensor> statistics = ofLayer(test.network().statistics(), layer);
            double statisticTolerance = relative * largest(statistics, expected.statistics());
            check("value", statistics, expected.statistics(), actual.statistics(), statisticTolerance);
            if (test.training().averages()) {
                double averageTolerance = tolerance + storedRounding(parameters, expected.averagedParameters());
                check(
                        "average",
                        parameters,
                        expected.averagedParameters(),
                        actual.averagedParameters(),
                        averageTolerance);
                check(
                        "average",
                        statistics,
                        expected.averagedStatistics(),
                        actual.averagedStatistics(),
                        statisticTolerance);
            }
        }
    }

    void checkLogits(float[] expected, float[] actual) {
        var all = new Tensor("logits", 0, List.of(expected.length), 0);
        assertTrue(largest(List.of(all), expected) > 0.01, "the expected logits say nothing");
        check("", List.of(all), expected, actual, relative * largest(List.of(all), expected));
    }

    void checkLoss(int step, double expected, double actual) {
        assertEquals(expected, actual, relative * expected, () -> "loss of step " + step);
    }

    /// The gradient's error times the learning rate, and the rounding of what is stored.
    private double parameterTolerance(
            List<Tensor> parameters, SessionState before, SessionState expected, double rateSum) {
        double gradient = switch (test.training().optimizer()) {
            case Optimizer.Sgd _ -> relative * largestChange(parameters, before.parameters(), expected.parameters());
            case Optimizer.AdamW adamW -> momentTolerance(adamW, parameters, expected, rateSum);
            case Optimizer.Muon muon ->
                momentTolerance(muon.rest(), parameters, expected, rateSum)
                        + parameters.stream()
                                .filter(Optimizer.Muon::isMatrix)
                                .mapToDouble(matrix ->
                                        matrixTolerance(matrix, expected.slots().getFirst(), rateSum))
                                .sum();
        };
        return gradient + storedRounding(parameters, expected.parameters());
    }

    /// An error e of the corrected first moment changes p by η e / (√v + ε), at most η e / ε.
    private double momentTolerance(
            Optimizer.AdamW adamW, List<Tensor> parameters, SessionState expected, double rateSum) {
        double correction = 1 - Math.pow(adamW.beta2(), (double) expected.updates());
        double moment = Math.sqrt(largest(parameters, expected.slots().getLast()) / correction);
        return relative * rateSum * Math.max(1, moment / adamW.epsilon());
    }

    /// An iteration multiplies an error of its argument, whose norm is 1 at the start, by at most 3.4445: where
    /// singular values are small. The error is that of all elements of the momentum together.
    private double matrixTolerance(Tensor matrix, float[] momentum, double rateSum) {
        double squares = 0;
        for (int i = matrix.offset(); i < matrix.offset() + matrix.elements(); i++) {
            squares += (double) momentum[i] * momentum[i];
        }
        double element = relative * largest(List.of(matrix), momentum) * Math.sqrt(matrix.elements() / squares);
        int rows = matrix.shape().getFirst();
        double scale = Optimizer.Muon.SIZE * Math.sqrt(Math.max(rows, matrix.elements() / rows));
        return rateSum * scale * element * Math.pow(Optimizer.Muon.LINEAR, Optimizer.Muon.ITERATIONS);
    }

    /// Each engine rounds each step's result to a float, by up to half a unit in the last place: 2^-24
    /// relative. The two may round apart.
    private double storedRounding(List<Tensor> tensors, float[] values) {
        return 2 * steps * ROUNDING * largest(tensors, values);
    }

    private static void check(String what, List<Tensor> tensors, float[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length, what);
        for (Tensor tensor : tensors) {
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
    }

    private static List<Tensor> ofLayer(List<Tensor> tensors, int layer) {
        return tensors.stream().filter(t -> t.layer() == layer).toList();
    }

    private static double largest(List<Tensor> tensors, float[] vector) {
        return largestChange(tensors, new float[vector.length], vector);
    }

    private static double largestChange(List<Tensor> tensors, float[] before, float[] after) {
        double largest = 0;
        for (Tensor tensor : tensors) {
            for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
                largest = Math.max(largest, Math.abs((double) after[i] - before[i]));
            }
        }
        return largest;
    }
}
