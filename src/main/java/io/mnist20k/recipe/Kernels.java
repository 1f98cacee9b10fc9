package io.mnist20k.recipe;

import java.util.Locale;

/// Whose kernels the CUDA engine takes for batch normalisation and the pooling behind it. Other engines have one
/// kind each and pass this over.
public enum Kernels {
    /// NVIDIA's.
    CUDNN,
    /// This program's, which do normalisation, ReLU, pooling and dropout in one pass.
    FUSED;

    /// The word for them in recipes.
    public String type() {
        return name().toLowerCase(Locale.ROOT);
    }
}
