package io.mnist20k.engine;

import java.util.Locale;

/// What a piece of a step's work is for.
public enum Pass {
    /// Images gathered, distorted and normalised.
    LOAD,
    FORWARD,
    /// Mean and variance of a batch.
    STATISTICS,
    /// Loss, correct answers and the logits' gradient.
    LOSS,
    /// From a layer's output gradient towards its input's; in a batch normalisation, as far as one can get without the
    /// sums over the batch, and these sums.
    BACKWARD,
    WEIGHT_GRADIENT,
    /// The rest of the way to a layer's input gradient.
    DATA_GRADIENT,
    /// The optimiser's, averages included.
    UPDATE,
    /// New weights brought into the order in which they are read.
    PACK,
    /// At barriers, for other threads or for what one of them does alone.
    WAIT;

    /// As people and JSON have it, `weight gradient`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
