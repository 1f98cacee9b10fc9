package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.function.Supplier;
import jcuda.jcudnn.cudnnTensorFormat;

/// cuDNN 9: a handle and a checked method for each function, named as `cudnn.h` names them. Here is what all
/// of it needs; [CudnnConvolution], [CudnnAlgorithms], [CudnnBatchNormalization] and [CudnnPooling] are the
/// rest. Data are device addresses, and results replace what was there unless it says otherwise.
public final class Cudnn {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUDNN);

    /// The cuDNN that the statuses and signatures here are of.
    private static final int MAJOR = 9;

    private static final int MESSAGE_BYTES = 4096;

    private static final MethodHandle GET_VERSION = FUNCTIONS.bind("cudnnGetVersion", "J:");
    private static final MethodHandle GET_ERROR_STRING = FUNCTIONS.bind("cudnnGetErrorString", "P:I");
    private static final MethodHandle GET_LAST_ERROR_STRING = FUNCTIONS.bind("cudnnGetLastErrorString", "V:PJ");
    private static final MethodHandle CREATE = FUNCTIONS.bind("cudnnCreate", "P");
    private static final MethodHandle DESTROY = FUNCTIONS.bind("cudnnDestroy", "J");
    private static final MethodHandle SET_STREAM = FUNCTIONS.bind("cudnnSetStream", "JJ");

    private static final MethodHandle CREATE_TENSOR_DESCRIPTOR = FUNCTIONS.bind("cudnnCreateTensorDescriptor", "P");
    private static final MethodHandle DESTROY_TENSOR_DESCRIPTOR = FUNCTIONS.bind("cudnnDestroyTensorDescriptor", "J");
    private static final MethodHandle SET_TENSOR_4D_DESCRIPTOR =
            FUNCTIONS.bind("cudnnSetTensor4dDescriptor", "JIIIIII");

    private Cudnn() {}

    /// The functions of all classes that bind cuDNN.
    static List<FunctionTable> tables() {
        return List.of(
                FUNCTIONS,
                CudnnAlgorithms.FUNCTIONS,
                CudnnConvolution.FUNCTIONS,
                CudnnBatchNormalization.FUNCTIONS,
                CudnnPooling.FUNCTIONS);
    }

    /// `10000·major + 100·minor + patch`, such as 92500.
    ///
    /// @throws UserError where there is no cuDNN
    public static long version() {
        return number(() -> (long) GET_VERSION.invokeExact());
    }

    static long create() {
        tables().forEach(FunctionTable::requireComplete);
        requireMajor(version());
        // What is not in memory when cuDNN first needs it, it loads by its name alone; where that finds no cuBLASLt, it
        // ends the process.
        Libraries.find(Library.CUBLAS);
        Libraries.find(Library.NVRTC);
        return FunctionTable.outLong(out -> check(() -> (int) CREATE.invokeExact(out), () -> "cudnnCreate()"));
    }

    /// The search for cuDNN goes by file names; this is what the file says of itself.
    static void requireMajor(long version) {
        if (version / 10_000 != MAJOR) {
            throw new UserError("cuDNN " + MAJOR + " is needed, and the one found says its version is " + version
                    + ": install cuDNN " + MAJOR);
        }
    }

    static void destroy(long handle) {
        check(() -> (int) DESTROY.invokeExact(handle), () -> "cudnnDestroy()");
    }

    static void setStream(long handle, long stream) {
        check(() -> (int) SET_STREAM.invokeExact(handle, stream), () -> "cudnnSetStream()");
    }

    static long createTensorDescriptor() {
        return FunctionTable.outLong(out ->
                check(() -> (int) CREATE_TENSOR_DESCRIPTOR.invokeExact(out), () -> "cudnnCreateTensorDescriptor()"));
    }

    static void destroyTensorDescriptor(long descriptor) {
        check(() -> (int) DESTROY_TENSOR_DESCRIPTOR.invokeExact(descriptor), () -> "cudnnDestroyTensorDescriptor()");
    }

    static void setTensor4dDescriptor(long descriptor, int type, int batch, int channels, int height, int width) {
        check(
                () -> (int) SET_TENSOR_4D_DESCRIPTOR.invokeExact(
                        descriptor, cudnnTensorFormat.CUDNN_TENSOR_NCHW, type, batch, channels, height, width),
                () -> "cudnnSetTensor4dDescriptor(type=" + type + ", " + batch + ", " + channels + ", " + height + ", "
                        + width + ")");
    }

    static void check(FunctionTable.Call call, Supplier<String> description) {
        int status = FunctionTable.status(call);
        if (status != CudnnStatus.SUCCESS) {
            throw new CudaException(
                    description.get(),
                    status,
                    FunctionTable.text(GET_ERROR_STRING, status),
                    lastError(),
                    CudnnStatus.remedy(status));
        }
    }

    /// cuDNN's words for what it last refused on this thread.
    private static String lastError() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(MESSAGE_BYTES);
            FunctionTable.status(() -> {
                GET_LAST_ERROR_STRING.invokeExact(message, (long) MESSAGE_BYTES);
                return CudnnStatus.SUCCESS;
            });
            return message.getString(0).strip();
        }
    }

    /// What a function returns that cannot fail.
    @FunctionalInterface
    private interface Query {
        long value() throws Throwable;
    }

    private static long number(Query query) {
        long[] value = {0};
        FunctionTable.status(() -> {
            value[0] = query.value();
            return CudnnStatus.SUCCESS;
        });
        return value[0];
    }
}
