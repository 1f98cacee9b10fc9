package io.mnist20k.engine;

import io.mnist20k.data.Dataset;
import io.mnist20k.recipe.Recipe;

/// One epoch to train.
///
/// @param epoch         from 0, below [Recipe#MAX_EPOCHS]; part of every random number's counter
/// @param firstStep     where to begin, 0 unless a stopped epoch is continued
/// @param batch         samples a step, as in [Training]
/// @param order         indices into the dataset; step s trains `order[s * batch ..< (s + 1) * batch]`, the last
///                      step what is left
/// @param learningRates one a step, finite
public record Epoch(int epoch, int firstStep, int batch, int[] order, float[] learningRates) {
    /// @throws IllegalArgumentException where a number is out of range, or the learning rates are not as many
    public Epoch {
        if (epoch < 0 || epoch >= Recipe.MAX_EPOCHS) {
            throw new IllegalArgumentException(
                    "epoch " + epoch + "; expected 0 to " + (Recipe.MAX_EPOCHS - 1) + ", the first being 0");
        }
        if (learningRates.length != steps(order.length, batch)) {
            throw new IllegalArgumentException(
                    learningRates.length + " learning rates for " + order.length + " samples in batches of " + batch);
        }
        if (firstStep < 0 || firstStep > learningRates.length) {
            throw new IllegalArgumentException("first step " + firstStep + " of " + learningRates.length);
        }
        for (float rate : learningRates) {
            if (!Float.isFinite(rate)) {
                throw new IllegalArgumentException("a learning rate of " + rate);
            }
        }
    }

    public int steps() {
        return learningRates.length;
    }

    /// For engines, before the first step.
    ///
    /// @throws IllegalArgumentException where the batch is not the session's, or there is no such image
    public void requireFits(Dataset dataset, Training training) {
        if (batch != training.batch()) {
            throw new IllegalArgumentException(
                    "an epoch in batches of " + batch + " for a session in batches of " + training.batch());
        }
        for (int image : order) {
            if (image < 0 || image >= dataset.count()) {
                throw new IllegalArgumentException("the epoch asks for image " + image + " of " + dataset.count());
            }
        }
    }

    /// Steps that a number of samples takes.
    ///
    /// @throws IllegalArgumentException where a batch has no samples
    public static int steps(int samples, int batch) {
        if (batch < 1) {
            throw new IllegalArgumentException("batches of " + batch + "; expected at least 1");
        }
        return Math.ceilDiv(samples, batch);
    }
}
