package io.mnist20k.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.SampleOrder;
import io.mnist20k.engine.Layers;
import io.mnist20k.engine.SeedReport;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every backward pass against central differences, all in double.
///
/// A difference over 2h strays from the derivative by h² / 6 of the third derivative and by 2^-53 / h of the value.
/// With h = 1e-5 both are below 1e-10 of numbers near 1; tolerated is 1e-6 of the largest derivative, which leaves
/// room for the third derivatives of batch normalisation and softmax, and no wrong term has ever been that small.
@ExtendWith(SeedReport.class)
final class ReferenceGradientTest {
    private static final double H = 1e-5;
    private static final double TOLERANCE = 1e-6;
    private static final int SAMPLES = 3;

    @ParameterizedTest
    @CsvSource({
        "1, 7, 5, conv 3 1 1 0",
        "3, 7, 5, conv 2 3 1 1",
        "3, 7, 5, biasConv 2 3 2 1",
        "2, 5, 8, biasConv 3 2 2 0",
        "2, 5, 8, conv 3 2 3 1",
        "1, 9, 6, biasConv 2 5 1 2",
        "2, 9, 6, conv 2 5 3 4",
        "2, 4, 6, norm",
        "5, 1, 1, norm",
        "2, 3, 5, relu",
        "2, 7, 5, pool 2 2",
        "2, 7, 5, pool 3 1",
        "1, 8, 6, pool 2 3",
        "3, 4, 5, maximum",
        "3, 4, 5, average",
        "3, 4, 5, dropout 0.4",
        "9, 2, 3, dropout2d 0.4",
        "2, 3, 4, dense 5",
        "2, 3, 4, bareDense 7"
    })
    void everyOperationDifferentiatesItself(int channels, int height, int width, String layer) {
        // Behind the layer stands what makes the network whole; it takes no part.
        Network network = Layers.network(new Shape(channels, height, width), layer + ", dense 10");
        Operation operation = new Chain(network).operations().getFirst();
        double[] parameters = spread(network.parameterCount(), 1);
        double[] x = spread(SAMPLES * channels * height * width, 2);
        double[] weights = spread(SAMPLES * network.stages().getFirst().out().elements(), 3);
        Pass pass = training(network, parameters);
        double[] dParameters = new double[parameters.length];
        double[] dX = operation.backward(pass, x, weights, dParameters);

        check("x", x, dX, changed -> dot(weights, operation.forward(pass, changed)));
        int own = network.stages().getFirst().parameters();
        if (own > 0) {
            check(
                    "parameter",
                    Arrays.copyOf(parameters, own),
                    Arrays.copyOf(dParameters, own),
                    changed -> dot(weights, operation.forward(training(network, joined(changed, parameters)), x)));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3})
    void theLossDifferentiatesItself(double smoothing) {
        var loss = new SoftmaxLoss(10, smoothing);
        int[] labels = {0, 9, 4};
        double[] logits = spread(30, 4);
        check("logit", logits, loss.gradient(logits, labels), changed -> loss.sum(changed, labels) / labels.length);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        conv 3 3 1 1, norm, relu, pool 2 2, conv 4 1 1 0, norm, relu, dropout 0.3, average, dense 10
        biasConv 3 2 2 1, dropout 0.2, relu, biasConv 2 3 1 1, pool 2 1, norm, dense 6, relu, bareDense 10
        norm, conv 4 3 2 1, dropout2d 0.4, norm, relu, biasConv 10 1 1 0, maximum
        """)
    void wholeNetworksDifferentiateThemselves(String words) {
        var shape = new Shape(2, 7, 6);
        Network network = Layers.network(shape, words);
        var chain = new Chain(network);
        var loss = new SoftmaxLoss(10, 0.1);
        int[] labels = {3, 3, 8};
        double[] parameters = spread(network.parameterCount(), 5);
        Pass pass = training(network, parameters);
        double[] x = awayFromKinks(chain, pass, SAMPLES * shape.elements());
        List<double[]> activations = chain.forward(pass, x);
        double[] gradient = chain.backward(pass, activations, loss.gradient(activations.getLast(), labels));

        check("parameter", parameters, gradient, changed -> {
            double[] logits = chain.forward(training(network, changed), x).getLast();
            return loss.sum(logits, labels) / labels.length;
        });
    }

    /// An input with which no difference steps over a kink of ReLU or max pooling.
    private static double[] awayFromKinks(Chain chain, Pass pass, int length) {
        for (int purpose = 6; purpose < 206; purpose++) {
            double[] x = spread(length, purpose);
            if (Margins.decision(chain, chain.forward(pass, x), 10) > 30 * H) {
                return x;
            }
        }
        throw new IllegalStateException("every input comes near a kink");
    }

    private static void check(String name, double[] point, double[] gradient, ToDoubleFunction<double[]> function) {
        double[] expected = new double[point.length];
        for (int i = 0; i < point.length; i++) {
            double[] changed = point.clone();
            changed[i] = point[i] + H;
            double after = function.applyAsDouble(changed);
            changed[i] = point[i] - H;
            double before = function.applyAsDouble(changed);
            expected[i] = (after - before) / (2 * H);
        }
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertTrue(largest > 0.01, name + ": the largest derivative is " + largest);
        for (int i = 0; i < point.length; i++) {
            assertEquals(expected[i], gradient[i], TOLERANCE * largest, name + " " + i);
        }
    }

    private static Pass training(Network network, double[] parameters) {
        return new Pass(true, SAMPLES, parameters, new double[network.statisticCount()], SeedReport.SEED, 1, 2);
    }

    /// Numbers in (-1, 1), each twice as far from any other as from the ends, none near 0, in random order.
    private static double[] spread(int length, int purpose) {
        int[] order = SampleOrder.of(SeedReport.SEED + purpose, 0, 2 * length);
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
            values[i] = (order[i] + 0.5) / length - 1;
        }
        return values;
    }

    private static double[] joined(double[] first, double[] all) {
        double[] joined = all.clone();
        System.arraycopy(first, 0, joined, 0, first.length);
        return joined;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
