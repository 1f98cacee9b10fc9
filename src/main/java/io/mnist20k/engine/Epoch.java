package io.mnist20k.engine;

/// One epoch to train.
///
/// @param epoch         from 0; part of every random number's counter
/// @param firstStep     where to begin, 0 unless a stopped epoch is continued
/// @param batch         samples a step, as in [Training]
/// @param order         indices into the dataset; step s trains `order[s * batch ..< (s + 1) * batch]`, the last
///                      step what is left
/// @param learningRates one a step
public record Epoch(int epoch, int firstStep, int batch, int[] order, float[] learningRates) {
    public Epoch {
        if (learningRates.length != steps(order.length, batch)) {
            throw new IllegalArgumentException(
                    learningRates.length + " learning rates for " + order.length + " samples in batches of " + batch);
        }
    }

    public int steps() {
        return learningRates.length;
    }

    /// Steps that a number of samples takes.
    public static int steps(int samples, int batch) {
        return Math.ceilDiv(samples, batch);
    }
}
