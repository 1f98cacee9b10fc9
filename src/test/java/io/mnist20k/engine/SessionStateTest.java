package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(SeedReport.class)
final class SessionStateTest {
    private static final Network NETWORK =
            Layers.network("biasConv 40 5 3 0, norm, relu, biasConv 60 3 1 0, norm, dense 10");
    private static final Optimizer SGD = new Optimizer.Sgd(0.1, 0.9, true, 0);
    private static final Optimizer ADAM = new Optimizer.AdamW(0.1, 0.9, 0.99, 1e-8, 0);

    /// The deviation of n numbers strays by 1 / √(2n) of itself (normal; less for uniform numbers), their mean by
    /// 1 / √n; five of these are allowed.
    @ParameterizedTest
    @EnumSource
    void weightsHaveTheDeviationOfHe(Initialization initialization) {
        float[] parameters = initial(initialization, SGD, 0, SeedReport.SEED).parameters();
        for (Tensor tensor : NETWORK.parameters()) {
            if (tensor.shape().size() > 1) {
                double[] weights = values(parameters, tensor);
                double expected =
                        Math.sqrt(2.0 / (weights.length / tensor.shape().getFirst()));
                double mean = Arrays.stream(weights).average().orElseThrow();
                double deviation = Math.sqrt(
                        Arrays.stream(weights).map(w -> w * w).average().orElseThrow());
                assertEquals(0, mean, 5 * expected / Math.sqrt(weights.length), tensor.name());
                assertEquals(expected, deviation, 5 * expected / Math.sqrt(2.0 * weights.length), tensor.name());
                double largest = Arrays.stream(weights).map(Math::abs).max().orElseThrow();
                boolean bounded = largest <= expected * Math.sqrt(3);
                assertEquals(initialization == Initialization.KAIMING_UNIFORM, bounded, tensor.name());
            }
        }
    }

    @Test
    void biasesAndNormsStartNeutral() {
        SessionState state = initial(Initialization.KAIMING_NORMAL, SGD, 0, SeedReport.SEED);
        for (Tensor tensor : NETWORK.parameters()) {
            if (tensor.shape().size() == 1) {
                double start =
                        tensor.name().startsWith("batchnorm") && tensor.name().endsWith("weight") ? 1 : 0;
                assertAll(start, state.parameters(), tensor);
            }
        }
        for (Tensor tensor : NETWORK.statistics()) {
            assertAll(tensor.name().endsWith("running_var") ? 1 : 0, state.statistics(), tensor);
        }
        assertEquals(0, state.updates());
    }

    @Test
    void slotsAreZeroAndAsManyAsTheOptimizerHas() {
        SessionState sgd = initial(Initialization.KAIMING_NORMAL, SGD, 0, 1);
        SessionState adam = initial(Initialization.KAIMING_NORMAL, ADAM, 0, 1);
        assertEquals(1, sgd.slots().size());
        assertEquals(2, adam.slots().size());
        assertNotSame(adam.slots().getFirst(), adam.slots().getLast());
        float[] zeros = new float[NETWORK.parameterCount()];
        adam.slots().forEach(slot -> assertArrayEquals(zeros, slot));
    }

    @Test
    void theAverageStartsAsACopyAndOnlyWhereThereIsOne() {
        SessionState plain = initial(Initialization.KAIMING_NORMAL, SGD, 0, 1);
        assertEquals(0, plain.averagedParameters().length);
        assertEquals(0, plain.averagedStatistics().length);
        SessionState averaged = initial(Initialization.KAIMING_NORMAL, SGD, 0.9, 1);
        assertArrayEquals(averaged.parameters(), averaged.averagedParameters());
        assertArrayEquals(averaged.statistics(), averaged.averagedStatistics());
        assertNotSame(averaged.parameters(), averaged.averagedParameters());
        assertNotSame(averaged.statistics(), averaged.averagedStatistics());
    }

    @Test
    void aStateAfterLessThanNothingFitsNoSession() {
        Network network = Layers.network("dense 10");
        Training training = ContractCase.usual(1).training();
        SessionState start = SessionState.initial(network, Initialization.KAIMING_NORMAL, training);
        start.requireFits(network, training);
        var before = new SessionState(
                -1,
                start.parameters(),
                start.statistics(),
                start.slots(),
                start.averagedParameters(),
                start.averagedStatistics());
        assertThrows(IllegalArgumentException.class, () -> before.requireFits(network, training));
    }

    @Test
    void theModelIsTheAverageWhereThereIsOne() {
        SessionState plain = initial(Initialization.KAIMING_NORMAL, SGD, 0, 1);
        assertEquals(plain.parameters(), plain.modelParameters());
        assertEquals(plain.statistics(), plain.modelStatistics());
        SessionState averaged = initial(Initialization.KAIMING_NORMAL, SGD, 0.9, 1);
        assertEquals(averaged.averagedParameters(), averaged.modelParameters());
        assertEquals(averaged.averagedStatistics(), averaged.modelStatistics());
    }

    @Test
    void theSeedAloneDecidesTheWeights() {
        float[] weights = initial(Initialization.KAIMING_NORMAL, SGD, 0, 5).parameters();
        assertArrayEquals(
                weights, initial(Initialization.KAIMING_NORMAL, ADAM, 0.9, 5).parameters());
        assertFalse(Arrays.equals(
                weights, initial(Initialization.KAIMING_NORMAL, SGD, 0, 6).parameters()));
    }

    /// As a program of its own, written in Python after docs/OPERATIONS.md, draws them: kept results are of these.
    @Test
    void weightsAreThoseOfTheDocument() {
        assertArrayEquals(
                new float[] {0.1290831f, -0.13031062f, -0.028704254f},
                secondConvolution(Initialization.KAIMING_NORMAL));
        assertArrayEquals(
                new float[] {-0.083275735f, -0.07942963f, -0.058654048f},
                secondConvolution(Initialization.KAIMING_UNIFORM));
    }

    private static float[] secondConvolution(Initialization initialization) {
        Tensor weights = NETWORK.parameters().stream()
                .filter(tensor -> tensor.name().equals("conv2.weight"))
                .findFirst()
                .orElseThrow();
        float[] parameters =
                initial(initialization, SGD, 0, 0x0123_4567_89AB_CDEFL).parameters();
        return Arrays.copyOfRange(parameters, weights.offset(), weights.offset() + 3);
    }

    @Test
    void layersOfOneShapeStartDifferent() {
        Network twins = Layers.network("conv 1 3 1 1, conv 1 3 1 1, dense 10");
        float[] p = SessionState.initial(twins, Initialization.KAIMING_NORMAL, training(SGD, 0, 3))
                .parameters();
        assertFalse(Arrays.equals(Arrays.copyOfRange(p, 0, 9), Arrays.copyOfRange(p, 9, 18)));
    }

    private static SessionState initial(Initialization initialization, Optimizer optimizer, double decay, long seed) {
        return SessionState.initial(NETWORK, initialization, training(optimizer, decay, seed));
    }

    private static Training training(Optimizer optimizer, double decay, long seed) {
        return new Training(
                8, seed, optimizer, 0, decay, Augmentation.NONE, Synthetic.NORMALIZATION, EngineSettings.DEFAULT);
    }

    private static double[] values(float[] vector, Tensor tensor) {
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = vector[tensor.offset() + i];
        }
        return values;
    }

    private static void assertAll(double expected, float[] vector, Tensor tensor) {
        assertTrue(Arrays.stream(values(vector, tensor)).allMatch(v -> v == expected), tensor.name());
    }
}
