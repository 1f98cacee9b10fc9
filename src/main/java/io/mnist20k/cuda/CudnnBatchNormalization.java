package io.mnist20k.cuda;

import java.lang.invoke.MethodHandle;
import jcuda.jcudnn.cudnnBatchNormMode;

/// Batch normalisation by cuDNN. Scale, shift, means and variances are in single precision whatever the
/// tensors are.
public final class CudnnBatchNormalization {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUDNN);

    private static final MethodHandle DERIVE_BN_TENSOR_DESCRIPTOR =
            FUNCTIONS.bind("cudnnDeriveBNTensorDescriptor", "JJI");

    private static final MethodHandle BATCH_NORMALIZATION_FORWARD_TRAINING =
            FUNCTIONS.bind("cudnnBatchNormalizationForwardTraining", "JIPPJJJJJJJDJJDJJ");
    private static final MethodHandle BATCH_NORMALIZATION_FORWARD_INFERENCE =
            FUNCTIONS.bind("cudnnBatchNormalizationForwardInference", "JIPPJJJJJJJJJD");
    private static final MethodHandle BATCH_NORMALIZATION_BACKWARD =
            FUNCTIONS.bind("cudnnBatchNormalizationBackward", "JIPPPPJJJJJJJJJJDJJ");

    // Every channel has one mean and variance; a tensor of 1 by 1 pixels gives the elements of a dense layer theirs.
    private static final int BN_MODE = cudnnBatchNormMode.CUDNN_BATCHNORM_SPATIAL;

    private CudnnBatchNormalization() {}

    static void deriveBnTensorDescriptor(long derived, long x) {
        Cudnn.check(
                () -> (int) DERIVE_BN_TENSOR_DESCRIPTOR.invokeExact(derived, x, BN_MODE),
                () -> "cudnnDeriveBNTensorDescriptor()");
    }

    /// Normalises with the mean and variance of this batch, and remembers both for the backward pass.
    ///
    /// @param channels     what the eight per-channel arrays are, see [TensorDescriptor#ofChannels]
    /// @param factor       weight of this batch in the running mean and the running (unbiased) variance
    /// @param savedMean    overwritten with the mean
    /// @param savedInverse overwritten with `1 / sqrt(variance + epsilon)`
    public static void forwardTraining(
            CudnnHandle cudnn,
            TensorDescriptor tensor,
            long x,
            long y,
            TensorDescriptor channels,
            long scale,
            long shift,
            double factor,
            long runningMean,
            long runningVariance,
            double epsilon,
            long savedMean,
            long savedInverse) {
        Cudnn.check(
                () -> (int) BATCH_NORMALIZATION_FORWARD_TRAINING.invokeExact(
                        cudnn.handle(),
                        BN_MODE,
                        Scalars.ONE,
                        Scalars.ZERO,
                        tensor.handle(),
                        x,
                        tensor.handle(),
                        y,
                        channels.handle(),
                        scale,
                        shift,
                        factor,
                        runningMean,
                        runningVariance,
                        epsilon,
                        savedMean,
                        savedInverse),
                () -> "cudnnBatchNormalizationForwardTraining(x=" + tensor + ", factor=" + factor + ", epsilon="
                        + epsilon + ")");
    }

    /// Normalises with a given mean and variance.
    public static void forwardInference(
            CudnnHandle cudnn,
            TensorDescriptor tensor,
            long x,
            long y,
            TensorDescriptor channels,
            long scale,
            long shift,
            long mean,
            long variance,
            double epsilon) {
        Cudnn.check(
                () -> (int) BATCH_NORMALIZATION_FORWARD_INFERENCE.invokeExact(
                        cudnn.handle(),
                        BN_MODE,
                        Scalars.ONE,
                        Scalars.ZERO,
                        tensor.handle(),
                        x,
                        tensor.handle(),
                        y,
                        channels.handle(),
                        scale,
                        shift,
                        mean,
                        variance,
                        epsilon),
                () -> "cudnnBatchNormalizationForwardInference(x=" + tensor + ", epsilon=" + epsilon + ")");
    }

    /// Gradients by input, scale and shift, from what the forward pass saved.
    ///
    /// @param epsilon the forward pass's
    public static void backward(
            CudnnHandle cudnn,
            TensorDescriptor tensor,
            long x,
            long dY,
            long dX,
            TensorDescriptor channels,
            long scale,
            long dScale,
            long dShift,
            double epsilon,
            long savedMean,
            long savedInverse) {
        Cudnn.check(
                () -> (int) BATCH_NORMALIZATION_BACKWARD.invokeExact(
                        cudnn.handle(),
                        BN_MODE,
                        Scalars.ONE,
                        Scalars.ZERO,
                        Scalars.ONE,
                        Scalars.ZERO,
                        tensor.handle(),
                        x,
                        tensor.handle(),
                        dY,
                        tensor.handle(),
                        dX,
                        channels.handle(),
                        scale,
                        dScale,
                        dShift,
                        epsilon,
                        savedMean,
                        savedInverse),
                () -> "cudnnBatchNormalizationBackward(x=" + tensor + ", epsilon=" + epsilon + ")");
    }
}
