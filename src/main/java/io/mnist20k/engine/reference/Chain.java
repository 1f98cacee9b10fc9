package io.mnist20k.engine.reference;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Stage;
import java.util.ArrayList;
import java.util.List;

/// The operations of a network, from the image to the logits.
final class Chain {
    private final List<Operation> operations = new ArrayList<>();

    Chain(Network network) {
        int firstParameter = 0;
        int firstStatistic = 0;
        for (Stage stage : network.stages().subList(0, network.stages().size() - 1)) {
            operations.add(Operation.of(stage, firstParameter, firstStatistic));
            firstParameter += stage.parameters();
            firstStatistic +=
                    stage.layer() instanceof Layer.BatchNorm ? 2 * stage.in().channels() : 0;
        }
    }

    List<Operation> operations() {
        return operations;
    }

    /// @param x `[samples, input]`
    /// @return  the input of each operation, then the logits
    List<double[]> forward(Pass pass, double[] x) {
        var activations = new ArrayList<>(List.of(x));
        for (Operation operation : operations) {
            activations.add(operation.forward(pass, activations.getLast()));
        }
        return activations;
    }

    /// @param activations what [#forward] returned
    /// @param dLogits     `[samples, classes]`
    /// @return            derivative of the loss by each parameter, in the network's order
    double[] backward(Pass pass, List<double[]> activations, double[] dLogits) {
        double[] dParameters = new double[pass.parameters().length];
        double[] dY = dLogits;
        for (int i = operations.size() - 1; i >= 0; i--) {
            dY = operations.get(i).backward(pass, activations.get(i), dY, dParameters);
        }
        return dParameters;
    }
}
