package io.mnist20k.engine;

import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Initialization;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Everything that training changes, in the network's own order ([Network#parameters], [Network#statistics]).
///
/// @param updates            optimiser updates done so far
/// @param slots              optimiser state, each as long as the parameters: momentum (SGD), first and second
///                           moment (AdamW and Muon; for Muon's matrices momentum and zeros)
/// @param averagedParameters moving average of the parameters; empty where the session does not average
/// @param averagedStatistics moving average of the statistics; empty where the session does not average
public record SessionState(
        long updates,
        float[] parameters,
        float[] statistics,
        List<float[]> slots,
        float[] averagedParameters,
        float[] averagedStatistics) {

    /// An untrained network: weights drawn, biases 0, batch normalisation scale 1, shift 0, running mean 0,
    /// variance 1.
    public static SessionState initial(Network network, Initialization initialization, Training training) {
        float[] parameters = new float[network.parameterCount()];
        for (Tensor tensor : network.parameters()) {
            if (tensor.shape().size() > 1) {
                drawWeights(parameters, tensor, initialization, training.seed());
            } else if (tensor.name().endsWith(".weight")) {
                fill(parameters, tensor, 1);
            }
        }
        float[] statistics = new float[network.statisticCount()];
        for (Tensor tensor : network.statistics()) {
            if (tensor.name().endsWith(".running_var")) {
                fill(statistics, tensor, 1);
            }
        }
        int slots = training.optimizer().slots();
        return new SessionState(
                0,
                parameters,
                statistics,
                IntStream.range(0, slots)
                        .mapToObj(_ -> new float[parameters.length])
                        .toList(),
                training.averages() ? parameters.clone() : new float[0],
                training.averages() ? statistics.clone() : new float[0]);
    }

    /// A trained model to evaluate.
    public static SessionState ofModel(float[] parameters, float[] statistics) {
        return new SessionState(0, parameters, statistics, List.of(), new float[0], new float[0]);
    }

    /// For engines, before anything of a session changes.
    ///
    /// @throws IllegalArgumentException where a length is not the session's; of optimiser slots there may be none
    public void requireFits(Network network, Training training) {
        if (updates < 0) {
            throw new IllegalArgumentException("a state after " + updates + " updates; expected 0 or more");
        }
        int averages = training.averages() ? 1 : 0;
        require("parameters", parameters.length, network.parameterCount());
        require("statistics", statistics.length, network.statisticCount());
        require("averaged parameters", averagedParameters.length, averages * network.parameterCount());
        require("averaged statistics", averagedStatistics.length, averages * network.statisticCount());
        if (!slots.isEmpty()) {
            require("optimiser slots", slots.size(), training.optimizer().slots());
        }
        slots.forEach(slot -> require("numbers in an optimiser slot", slot.length, network.parameterCount()));
    }

    private static void require(String what, int found, int expected) {
        if (found != expected) {
            throw new IllegalArgumentException("a state with " + found + " " + what + " for a session of " + expected);
        }
    }

    /// The parameters to use and to save: the averaged ones where there are any.
    public float[] modelParameters() {
        return averagedParameters.length > 0 ? averagedParameters : parameters;
    }

    /// The statistics to use and to save: the averaged ones where there are any.
    public float[] modelStatistics() {
        return averagedStatistics.length > 0 ? averagedStatistics : statistics;
    }

    /// Normal numbers by the transform of Box and Muller, two words a weight.
    private static void drawWeights(float[] parameters, Tensor tensor, Initialization initialization, long seed) {
        int fan = tensor.elements() / tensor.shape().getFirst();
        int stream = Philox.stream(Purpose.WEIGHTS, tensor.layer(), 0);
        int[] words = new int[4];
        for (int i = 0; i < tensor.elements(); i++) {
            Philox.block(seed, i, 0, 0, stream, words);
            double weight = switch (initialization) {
                case KAIMING_NORMAL ->
                    Math.sqrt(2.0 / fan)
                            * StrictMath.sqrt(-2 * StrictMath.log(Philox.unit(words[0])))
                            * StrictMath.cos(2 * Math.PI * Philox.unit(words[1]));
                case KAIMING_UNIFORM -> Math.sqrt(6.0 / fan) * Philox.symmetric(words[0]);
            };
            parameters[tensor.offset() + i] = (float) weight;
        }
    }

    private static void fill(float[] vector, Tensor tensor, float value) {
        Arrays.fill(vector, tensor.offset(), tensor.offset() + tensor.elements(), value);
    }
}
