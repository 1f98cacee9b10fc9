package io.mnist20k.recipe;

import java.util.Locale;

/// In which numbers a device multiplies. Sums, parameters, optimiser and statistics are single precision in all of
/// them.
public enum Precision {
    /// Single precision throughout; every engine.
    FP32,
    /// Single precision whose products may take 10 bits of mantissa, as tensor cores have them; CUDA only.
    TF32,
    /// Activations and what multiplies them are bfloat16, 7 bits of mantissa; CUDA only.
    BF16;

    /// The word for it in recipes.
    public String type() {
        return name().toLowerCase(Locale.ROOT);
    }
}
