package io.mnist20k.engine;

import io.mnist20k.data.Normalization;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Optimizer;

/// What a session has to know besides the network.
///
/// @param batch          samples a step, at least 1; the last step of an epoch may have fewer
/// @param seed           key of every random number drawn while training
/// @param labelSmoothing share of the target spread evenly over all classes, 0 ≤ s < 1
/// @param averagingDecay decay of the exponential moving average of the model, 0 where there is none
public record Training(
        int batch,
        long seed,
        Optimizer optimizer,
        double labelSmoothing,
        double averagingDecay,
        Augmentation augmentation,
        Normalization normalization) {
    /// For a session that only evaluates.
    public static Training evaluationOnly(Normalization normalization) {
        return new Training(256, 0, new Optimizer.Sgd(0, 0, false, 0), 0, 0, Augmentation.NONE, normalization);
    }

    public boolean averages() {
        return averagingDecay > 0;
    }
}
