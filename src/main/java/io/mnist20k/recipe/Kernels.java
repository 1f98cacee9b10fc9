package io.mnist20k.recipe;

import java.util.Locale;

/// Whose kernels the CUDA engine takes. Other engines have one kind each and pass this over.
public enum Kernels {
    /// NVIDIA's.
    CUDNN,
    /// This program's: a convolution and the normalisation, ReLU, pooling and dropout behind it in one pass, where the
    /// network is made of such units, the GPU has the shared memory and the precision is fp32, and else all but the
    /// convolution.
    FUSED;

    /// The word for them in recipes.
    public String type() {
        return name().toLowerCase(Locale.ROOT);
    }
}
