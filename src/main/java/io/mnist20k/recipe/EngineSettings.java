package io.mnist20k.recipe;

/// How a device is to compute what the recipe says.
public record EngineSettings(Precision precision, Kernels kernels) {
    /// What every engine can do.
    public static final EngineSettings DEFAULT = new EngineSettings(Precision.FP32, Kernels.CUDNN);
}
