package io.mnist20k.cuda;

import java.lang.invoke.MethodHandle;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnTensorFormat;

/// Convolutions by cuDNN: forward, and backward by input and weights.
public final class CudnnConvolution {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUDNN);

    private static final MethodHandle CREATE_CONVOLUTION_DESCRIPTOR =
            FUNCTIONS.bind("cudnnCreateConvolutionDescriptor", "P");
    private static final MethodHandle DESTROY_CONVOLUTION_DESCRIPTOR =
            FUNCTIONS.bind("cudnnDestroyConvolutionDescriptor", "J");
    private static final MethodHandle SET_CONVOLUTION_2D_DESCRIPTOR =
            FUNCTIONS.bind("cudnnSetConvolution2dDescriptor", "JIIIIIIII");
    private static final MethodHandle SET_CONVOLUTION_MATH_TYPE = FUNCTIONS.bind("cudnnSetConvolutionMathType", "JI");
    private static final MethodHandle CREATE_FILTER_DESCRIPTOR = FUNCTIONS.bind("cudnnCreateFilterDescriptor", "P");
    private static final MethodHandle DESTROY_FILTER_DESCRIPTOR = FUNCTIONS.bind("cudnnDestroyFilterDescriptor", "J");
    private static final MethodHandle SET_FILTER_4D_DESCRIPTOR =
            FUNCTIONS.bind("cudnnSetFilter4dDescriptor", "JIIIIII");

    private static final MethodHandle CONVOLUTION_FORWARD = FUNCTIONS.bind("cudnnConvolutionForward", "JPJJJJJIJJPJJ");
    private static final MethodHandle CONVOLUTION_BACKWARD_DATA =
            FUNCTIONS.bind("cudnnConvolutionBackwardData", "JPJJJJJIJJPJJ");
    private static final MethodHandle CONVOLUTION_BACKWARD_FILTER =
            FUNCTIONS.bind("cudnnConvolutionBackwardFilter", "JPJJJJJIJJPJJ");

    private CudnnConvolution() {}

    static long createConvolutionDescriptor() {
        return FunctionTable.outLong(out -> Cudnn.check(
                () -> (int) CREATE_CONVOLUTION_DESCRIPTOR.invokeExact(out),
                () -> "cudnnCreateConvolutionDescriptor()"));
    }

    static void destroyConvolutionDescriptor(long descriptor) {
        Cudnn.check(
                () -> (int) DESTROY_CONVOLUTION_DESCRIPTOR.invokeExact(descriptor),
                () -> "cudnnDestroyConvolutionDescriptor()");
    }

    static void setConvolution2dDescriptor(long descriptor, int padding, int stride) {
        Cudnn.check(
                () -> (int) SET_CONVOLUTION_2D_DESCRIPTOR.invokeExact(
                        descriptor,
                        padding,
                        padding,
                        stride,
                        stride,
                        1,
                        1,
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        cudnnDataType.CUDNN_DATA_FLOAT),
                () -> "cudnnSetConvolution2dDescriptor(padding=" + padding + ", stride=" + stride + ")");
    }

    static void setConvolutionMathType(long descriptor, MathType mathType) {
        Cudnn.check(
                () -> (int) SET_CONVOLUTION_MATH_TYPE.invokeExact(descriptor, mathType.value()),
                () -> "cudnnSetConvolutionMathType(" + mathType + ")");
    }

    static long createFilterDescriptor() {
        return FunctionTable.outLong(out -> Cudnn.check(
                () -> (int) CREATE_FILTER_DESCRIPTOR.invokeExact(out), () -> "cudnnCreateFilterDescriptor()"));
    }

    static void destroyFilterDescriptor(long descriptor) {
        Cudnn.check(
                () -> (int) DESTROY_FILTER_DESCRIPTOR.invokeExact(descriptor), () -> "cudnnDestroyFilterDescriptor()");
    }

    static void setFilter4dDescriptor(long descriptor, int type, int outputs, int inputs, int height, int width) {
        Cudnn.check(
                () -> (int) SET_FILTER_4D_DESCRIPTOR.invokeExact(
                        descriptor, type, cudnnTensorFormat.CUDNN_TENSOR_NCHW, outputs, inputs, height, width),
                () -> "cudnnSetFilter4dDescriptor(type=" + type + ", " + outputs + ", " + inputs + ", " + height + ", "
                        + width + ")");
    }

    /// `y = x * w`, without bias.
    ///
    /// @param algorithm cuDNN's number of it
    public static void forward(
            CudnnHandle cudnn,
            TensorDescriptor xTensor,
            long x,
            FilterDescriptor wFilter,
            long w,
            ConvolutionDescriptor convolution,
            int algorithm,
            long workspace,
            long workspaceBytes,
            TensorDescriptor yTensor,
            long y) {
        Cudnn.check(
                () -> (int) CONVOLUTION_FORWARD.invokeExact(
                        cudnn.handle(),
                        Scalars.ONE,
                        xTensor.handle(),
                        x,
                        wFilter.handle(),
                        w,
                        convolution.handle(),
                        algorithm,
                        workspace,
                        workspaceBytes,
                        Scalars.ZERO,
                        yTensor.handle(),
                        y),
                () -> "cudnnConvolutionForward("
                        + words(xTensor, wFilter, convolution, algorithm, workspaceBytes, yTensor) + ")");
    }

    /// Gradient by the input.
    ///
    /// @param algorithm cuDNN's number of it
    public static void backwardData(
            CudnnHandle cudnn,
            FilterDescriptor wFilter,
            long w,
            TensorDescriptor yTensor,
            long dY,
            ConvolutionDescriptor convolution,
            int algorithm,
            long workspace,
            long workspaceBytes,
            TensorDescriptor xTensor,
            long dX) {
        Cudnn.check(
                () -> (int) CONVOLUTION_BACKWARD_DATA.invokeExact(
                        cudnn.handle(),
                        Scalars.ONE,
                        wFilter.handle(),
                        w,
                        yTensor.handle(),
                        dY,
                        convolution.handle(),
                        algorithm,
                        workspace,
                        workspaceBytes,
                        Scalars.ZERO,
                        xTensor.handle(),
                        dX),
                () -> "cudnnConvolutionBackwardData("
                        + words(wFilter, yTensor, convolution, algorithm, workspaceBytes, xTensor) + ")");
    }

    /// Gradient by the weights.
    ///
    /// @param algorithm cuDNN's number of it
    public static void backwardFilter(
            CudnnHandle cudnn,
            TensorDescriptor xTensor,
            long x,
            TensorDescriptor yTensor,
            long dY,
            ConvolutionDescriptor convolution,
            int algorithm,
            long workspace,
            long workspaceBytes,
            FilterDescriptor wFilter,
            long dW) {
        Cudnn.check(
                () -> (int) CONVOLUTION_BACKWARD_FILTER.invokeExact(
                        cudnn.handle(),
                        Scalars.ONE,
                        xTensor.handle(),
                        x,
                        yTensor.handle(),
                        dY,
                        convolution.handle(),
                        algorithm,
                        workspace,
                        workspaceBytes,
                        Scalars.ZERO,
                        wFilter.handle(),
                        dW),
                () -> "cudnnConvolutionBackwardFilter("
                        + words(xTensor, yTensor, convolution, algorithm, workspaceBytes, wFilter) + ")");
    }

    private static String words(
            NativeObject first,
            NativeObject second,
            ConvolutionDescriptor convolution,
            int algorithm,
            long workspaceBytes,
            NativeObject result) {
        return first + " with " + second + " to " + result + ", " + convolution + ", algorithm=" + algorithm
                + ", workspaceBytes=" + workspaceBytes;
    }
}
