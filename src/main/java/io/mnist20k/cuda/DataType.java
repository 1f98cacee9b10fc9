package io.mnist20k.cuda;

import jcuda.cudaDataType;
import jcuda.jcudnn.cudnnDataType;

/// What a tensor's elements are. Arithmetic on either is done, and sums are kept, in single precision.
public enum DataType {
    FLOAT(cudnnDataType.CUDNN_DATA_FLOAT, cudaDataType.CUDA_R_32F, Float.BYTES),
    BFLOAT16(cudnnDataType.CUDNN_DATA_BFLOAT16, cudaDataType.CUDA_R_16BF, Short.BYTES);

    private final int cudnn;
    private final int cublas;
    private final int bytes;

    DataType(int cudnn, int cublas, int bytes) {
        this.cudnn = cudnn;
        this.cublas = cublas;
        this.bytes = bytes;
    }

    /// Of one element.
    public int bytes() {
        return bytes;
    }

    /// As a `cudnnDataType_t`.
    int cudnn() {
        return cudnn;
    }

    /// As a `cudaDataType_t`.
    int cublas() {
        return cublas;
    }
}
