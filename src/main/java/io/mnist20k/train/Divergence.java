package io.mnist20k.train;

import io.mnist20k.UserError;

/// Training that left the numbers: not a fault of the machine, but what this recipe and seed come to.
public final class Divergence extends UserError {
    private static final long serialVersionUID = 1L;

    Divergence(String sentence) {
        super(sentence);
    }
}
