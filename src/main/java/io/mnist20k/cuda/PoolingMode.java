package io.mnist20k.cuda;

import jcuda.jcudnn.cudnnPoolingMode;

/// What a pooling window gives. Both give the same bits every time.
public enum PoolingMode {
    /// Its greatest element.
    MAX(cudnnPoolingMode.CUDNN_POOLING_MAX_DETERMINISTIC),
    /// The mean of its elements.
    AVERAGE(cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING);

    private final int value;

    PoolingMode(int value) {
        this.value = value;
    }

    /// As a `cudnnPoolingMode_t`.
    int value() {
        return value;
    }
}
