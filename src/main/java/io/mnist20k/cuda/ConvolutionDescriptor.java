package io.mnist20k.cuda;

/// How a filter is moved over its input, and the arithmetic of one pass. Each pass has its own, since each
/// has its own [MathType]. Cross-correlation; sums in single precision.
public final class ConvolutionDescriptor extends NativeObject {
    private final String words;

    /// @param padding zeros around the input, on every side
    /// @param stride  in both directions
    public ConvolutionDescriptor(int padding, int stride, MathType mathType) {
        super(
                "convolution descriptor",
                CudnnConvolution::createConvolutionDescriptor,
                CudnnConvolution::destroyConvolutionDescriptor);
        this.words = "padding " + padding + ", stride " + stride;
        configure(() -> {
            CudnnConvolution.setConvolution2dDescriptor(handle(), padding, stride);
            mathType(mathType);
        });
    }

    /// What to do before asking for algorithms, and again with what the chosen one asks for.
    public void mathType(MathType mathType) {
        CudnnConvolution.setConvolutionMathType(handle(), mathType);
    }

    @Override
    public String toString() {
        return words;
    }
}
