package io.mnist20k.engine;

import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import java.util.stream.IntStream;

/// What the first slot tells of the gradient that an engine computed, and how far single precision may
/// stray in what the optimiser makes of that gradient by the formulas of `docs/OPERATIONS.md`.
///
/// @param before the state that a step began with
/// @param after  the state that it ended with
record OptimizerRounding(Optimizer optimizer, SessionState before, SessionState after) {
    /// No formula rounds more often: what is kept of the old number, what is added to it or their sum.
    /// All are at most the old number and the new one together; but for the weight decay in SGD's
    /// gradient, which is small here.
    private static final double ROUNDINGS = 10;

    /// The gradient of the loss by each parameter.
    float[] gradient(List<Tensor> parameters) {
        float[] gradient = new float[after.parameters().length];
        float[] old = before.slots().getFirst();
        float[] slot = after.slots().getFirst();
        for (Tensor tensor : parameters) {
            double decay =
                    optimizer instanceof Optimizer.Sgd sgd && tensor.shape().size() > 1 ? sgd.weightDecay() : 0;
            double kept = kept(tensor);
            double share = share(tensor);
            elements(tensor)
                    .forEach(i ->
                            gradient[i] = (float) ((slot[i] - kept * old[i]) / share - decay * before.parameters()[i]));
        }
        return gradient;
    }

    double ofGradient(Tensor tensor) {
        return ofSlot(tensor, 0) / share(tensor);
    }

    double ofSlot(Tensor tensor, int slot) {
        float[] old = before.slots().get(slot);
        float[] now = after.slots().get(slot);
        if (slot == 0) {
            return ofMean(tensor, old, now, share(tensor));
        }
        return isMatrix(tensor) ? 0 : ofMean(tensor, old, now, 1 - adamW().beta2()) + ofSquare(tensor);
    }

    /// Of an element; of a matrix that Muon turns, of all elements together: the root of the sum of
    /// their squares.
    ///
    /// @param rate the step's learning rate
    double ofParameters(Tensor tensor, double rate) {
        double stored = ofStored(tensor, before.parameters(), after.parameters());
        return switch (optimizer) {
            case Optimizer.Sgd sgd -> rate * (1 + sgd.momentum()) * ofGradient(tensor) + stored;
            case Optimizer.Muon muon
            when isMatrix(tensor) -> rate * ofMatrix(muon, tensor) + stored * Math.sqrt(tensor.elements());
            case Optimizer.AdamW _, Optimizer.Muon _ -> rate * ofMoments(tensor) + stored;
        };
    }

    /// @param averagingDecay as [Training#averagingDecay]
    /// @param rate           the step's learning rate
    double ofAverage(Tensor tensor, double averagingDecay, double rate) {
        double decay = Math.min(averagingDecay, (1.0 + after.updates()) / (10.0 + after.updates()));
        float[] old = before.averagedParameters();
        return ofParameters(tensor, rate) + ofMean(tensor, old, after.averagedParameters(), 1 - decay);
    }

    /// Of (1 - β₂) g², whose gradient is that of [#gradient] but for rounding.
    private double ofSquare(Tensor tensor) {
        double error = ofGradient(tensor);
        double largest = Agreement.largest(tensor, after.slots().getFirst())
                + Agreement.largest(tensor, before.slots().getFirst());
        return (1 - adamW().beta2()) * error * (2 * largest / share(tensor) + error);
    }

    /// Of m / (√v + ε), by its derivatives, where √v + ε is at least ε. √v is the length of a vector
    /// one of whose components is √(1 - β₂) times the gradient, so that is by how much the gradient's
    /// rounding moves it at most; of the relative rounding of v itself it takes half.
    private double ofMoments(Tensor tensor) {
        Optimizer.AdamW adamW = adamW();
        double firstCorrection = 1 - Math.pow(adamW.beta1(), (double) after.updates());
        double secondCorrection = 1 - Math.pow(adamW.beta2(), (double) after.updates());
        double ofFirst = ofSlot(tensor, 0) / firstCorrection;
        double ofRoot = Math.sqrt((1 - adamW.beta2()) / secondCorrection) * ofGradient(tensor);
        float[] first = after.slots().getFirst();
        float[] second = after.slots().getLast();
        double update = elements(tensor)
                .mapToDouble(i -> Math.abs(first[i] / firstCorrection)
                        / (Math.sqrt(second[i] / secondCorrection) + adamW.epsilon()))
                .max()
                .orElseThrow();
        double ofSecond = Agreement.ROUNDING * (ROUNDINGS + 1 / (1 - adamW.beta2()));
        return (ofFirst + update * ofRoot) / adamW.epsilon() + update * ofSecond / 2;
    }

    /// The iterations multiply an error, where the argument's norm is 1 at the start, by at most 3.4445
    /// to the power of their number: where singular values are small. The error is that of all elements
    /// together, as is the norm, and ten deviations of a random walk over the longest sum.
    private double ofMatrix(Optimizer.Muon muon, Tensor matrix) {
        float[] old = before.slots().getFirst();
        float[] momentum = after.slots().getFirst();
        double squares = elements(matrix)
                .mapToDouble(i -> (1 + muon.momentum()) * momentum[i] - muon.momentum() * old[i])
                .map(direction -> direction * direction)
                .sum();
        double norm = Math.max(Math.sqrt(squares), Optimizer.Muon.LEAST_NORM);
        double ofDirection = (1 + muon.momentum()) * ofSlot(matrix, 0) * Math.sqrt(matrix.elements());
        int rows = matrix.shape().getFirst();
        int longer = Math.max(rows, matrix.elements() / rows);
        double ofSums = Agreement.ofSum(longer);
        double growth = Math.pow(Optimizer.Muon.LINEAR, Optimizer.Muon.ITERATIONS);
        return Optimizer.Muon.SIZE * Math.sqrt(longer) * growth * (ofDirection / norm + ofSums);
    }

    /// What the first slot keeps of itself in a step.
    private double kept(Tensor tensor) {
        return switch (optimizer) {
            case Optimizer.Sgd sgd -> sgd.momentum();
            case Optimizer.Muon muon when isMatrix(tensor) -> muon.momentum();
            case Optimizer.AdamW _, Optimizer.Muon _ -> adamW().beta1();
        };
    }

    /// What the first slot takes of the gradient.
    private double share(Tensor tensor) {
        return optimizer instanceof Optimizer.Sgd ? 1 : 1 - kept(tensor);
    }

    private Optimizer.AdamW adamW() {
        return switch (optimizer) {
            case Optimizer.Sgd _ -> throw new IllegalStateException("no moments");
            case Optimizer.AdamW adamW -> adamW;
            case Optimizer.Muon muon -> muon.rest();
        };
    }

    boolean isMatrix(Tensor tensor) {
        return optimizer instanceof Optimizer.Muon && Optimizer.Muon.isMatrix(tensor);
    }

    private static double ofStored(Tensor tensor, float[] before, float[] after) {
        return ROUNDINGS * Agreement.ROUNDING * (Agreement.largest(tensor, before) + Agreement.largest(tensor, after));
    }

    /// Of a mean of the old number and a new one. The new one's share is what a rounded decay leaves of
    /// 1, and so off by as much as that.
    private static double ofMean(Tensor tensor, float[] before, float[] after, double share) {
        return ofStored(tensor, before, after) * (1 + 1 / (share * ROUNDINGS));
    }

    private static IntStream elements(Tensor tensor) {
        return IntStream.range(tensor.offset(), tensor.offset() + tensor.elements());
    }
}
