package io.mnist20k.recipe;

import java.util.Locale;

/// Distribution of the initial weights of convolutions and dense layers (He et al., 2015; fan = inputs of one
/// output). Biases start at 0, batch normalisation at scale 1 and shift 0.
public enum Initialization {
    /// Normal with deviation sqrt(2 / fan).
    KAIMING_NORMAL,
    /// Uniform in ±sqrt(6 / fan).
    KAIMING_UNIFORM;

    /// The word for it in recipes.
    public String type() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
