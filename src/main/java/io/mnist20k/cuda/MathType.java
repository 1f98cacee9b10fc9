package io.mnist20k.cuda;

import java.util.Optional;
import jcuda.jcudnn.cudnnMathType;

/// The arithmetic that a convolution of cuDNN may use.
public enum MathType {
    /// Tensor cores where they fit: TF32 for single precision since Ampere.
    DEFAULT(cudnnMathType.CUDNN_DEFAULT_MATH),
    /// Tensor cores.
    TENSOR_OP(cudnnMathType.CUDNN_TENSOR_OP_MATH),
    /// Tensor cores, with inputs rounded to a narrower type for them.
    TENSOR_OP_ALLOW_CONVERSION(cudnnMathType.CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION),
    /// No tensor cores: single precision is single precision.
    FMA(cudnnMathType.CUDNN_FMA_MATH);

    private final int value;

    MathType(int value) {
        this.value = value;
    }

    /// As a `cudnnMathType_t`.
    int value() {
        return value;
    }

    /// The one that cuDNN numbers so, or nothing where it is newer than this list.
    static Optional<MathType> of(int value) {
        for (MathType type : values()) {
            if (type.value == value) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
