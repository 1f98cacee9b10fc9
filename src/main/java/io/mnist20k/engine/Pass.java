package io.mnist20k.engine;

/// What a piece of a step's work is for.
public enum Pass {
    /// Images gathered, distorted and normalised.
    LOAD("load"),
    FORWARD("forward"),
    /// Mean and variance of a batch.
    STATISTICS("statistics"),
    /// Loss, correct answers and the logits' gradient.
    LOSS("loss"),
    /// From a layer's output gradient towards its input's; in a batch normalisation, as far as one can get without the
    /// sums over the batch, and these sums.
    BACKWARD("backward"),
    WEIGHT_GRADIENT("weightGradient"),
    /// The rest of the way to a layer's input gradient.
    DATA_GRADIENT("dataGradient"),
    /// The optimiser's, averages included.
    UPDATE("update"),
    /// New weights brought into the order in which they are read.
    PACK("pack"),
    /// At barriers, for other threads or for what one of them does alone.
    WAIT("wait");

    private final String word;

    Pass(String word) {
        this.word = word;
    }

    /// As JSON has it.
    public String word() {
        return word;
    }
}
