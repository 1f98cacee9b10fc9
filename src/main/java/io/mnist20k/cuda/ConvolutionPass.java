package io.mnist20k.cuda;

/// One of the three computations of a convolution, each with algorithms of its own.
public enum ConvolutionPass {
    /// Output from input and weights.
    FORWARD,
    /// Gradient by the input, from weights and the output's gradient.
    BACKWARD_DATA,
    /// Gradient by the weights, from input and the output's gradient.
    BACKWARD_FILTER
}
