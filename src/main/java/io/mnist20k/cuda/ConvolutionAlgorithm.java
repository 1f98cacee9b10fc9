package io.mnist20k.cuda;

/// A way of computing one pass of one convolution, as cuDNN offers it.
///
/// @param number         cuDNN's number of it among those of its pass
/// @param workspaceBytes that it needs
/// @param deterministic  whether it gives the same bits every time
/// @param mathType       that its descriptor must be set to
public record ConvolutionAlgorithm(int number, long workspaceBytes, boolean deterministic, MathType mathType) {}
