package io.mnist20k.cuda;

import jcuda.jcudnn.cudnnTensorFormat;

/// The order of a tensor's elements in memory. Dimensions are named in the order batch, channels, height,
/// width in either.
public enum TensorFormat {
    /// The column is the fastest index.
    NCHW(cudnnTensorFormat.CUDNN_TENSOR_NCHW),
    /// The channel is the fastest index.
    NHWC(cudnnTensorFormat.CUDNN_TENSOR_NHWC);

    private final int value;

    TensorFormat(int value) {
        this.value = value;
    }

    /// As a `cudnnTensorFormat_t`.
    int value() {
        return value;
    }
}
