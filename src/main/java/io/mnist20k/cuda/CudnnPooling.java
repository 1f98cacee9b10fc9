package io.mnist20k.cuda;

import java.lang.invoke.MethodHandle;
import jcuda.jcudnn.cudnnNanPropagation;

/// Pooling by cuDNN.
public final class CudnnPooling {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUDNN);

    private static final MethodHandle CREATE_POOLING_DESCRIPTOR = FUNCTIONS.bind("cudnnCreatePoolingDescriptor", "P");
    private static final MethodHandle DESTROY_POOLING_DESCRIPTOR = FUNCTIONS.bind("cudnnDestroyPoolingDescriptor", "J");
    private static final MethodHandle SET_POOLING_2D_DESCRIPTOR =
            FUNCTIONS.bind("cudnnSetPooling2dDescriptor", "JIIIIIIII");
    private static final MethodHandle POOLING_FORWARD = FUNCTIONS.bind("cudnnPoolingForward", "JJPJJPJJ");
    private static final MethodHandle POOLING_BACKWARD = FUNCTIONS.bind("cudnnPoolingBackward", "JJPJJJJJJPJJ");

    private CudnnPooling() {}

    static long createPoolingDescriptor() {
        return FunctionTable.outLong(out -> Cudnn.check(
                () -> (int) CREATE_POOLING_DESCRIPTOR.invokeExact(out), () -> "cudnnCreatePoolingDescriptor()"));
    }

    static void destroyPoolingDescriptor(long descriptor) {
        Cudnn.check(
                () -> (int) DESTROY_POOLING_DESCRIPTOR.invokeExact(descriptor),
                () -> "cudnnDestroyPoolingDescriptor()");
    }

    static void setPooling2dDescriptor(long descriptor, int mode, int windowHeight, int windowWidth, int stride) {
        Cudnn.check(
                () -> (int) SET_POOLING_2D_DESCRIPTOR.invokeExact(
                        descriptor,
                        mode,
                        cudnnNanPropagation.CUDNN_NOT_PROPAGATE_NAN,
                        windowHeight,
                        windowWidth,
                        0,
                        0,
                        stride,
                        stride),
                () -> "cudnnSetPooling2dDescriptor(mode=" + mode + ", window=" + windowHeight + "x" + windowWidth
                        + ", stride=" + stride + ")");
    }

    public static void forward(
            CudnnHandle cudnn,
            PoolingDescriptor pooling,
            TensorDescriptor xTensor,
            long x,
            TensorDescriptor yTensor,
            long y) {
        Cudnn.check(
                () -> (int) POOLING_FORWARD.invokeExact(
                        cudnn.handle(),
                        pooling.handle(),
                        Scalars.ONE,
                        xTensor.handle(),
                        x,
                        Scalars.ZERO,
                        yTensor.handle(),
                        y),
                () -> "cudnnPoolingForward(" + pooling + ", x=" + xTensor + ", y=" + yTensor + ")");
    }

    /// Gradient by the input, from input and output of the forward pass.
    public static void backward(
            CudnnHandle cudnn,
            PoolingDescriptor pooling,
            TensorDescriptor yTensor,
            long y,
            long dY,
            TensorDescriptor xTensor,
            long x,
            long dX) {
        Cudnn.check(
                () -> (int) POOLING_BACKWARD.invokeExact(
                        cudnn.handle(),
                        pooling.handle(),
                        Scalars.ONE,
                        yTensor.handle(),
                        y,
                        yTensor.handle(),
                        dY,
                        xTensor.handle(),
                        x,
                        Scalars.ZERO,
                        xTensor.handle(),
                        dX),
                () -> "cudnnPoolingBackward(" + pooling + ", x=" + xTensor + ", y=" + yTensor + ")");
    }
}
