package io.mnist20k.cuda;

import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;
import jcuda.jcublas.cublasAtomicsMode;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;

/// cuBLAS: a handle and a checked method for each function, named as `cublas_v2.h` names them. Its matrices
/// are column-major; a row-major matrix is its own transpose to it.
public final class Cublas {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUBLAS);

    private static final MethodHandle GET_STATUS_NAME = FUNCTIONS.bind("cublasGetStatusName", "P:I");
    private static final MethodHandle GET_STATUS_STRING = FUNCTIONS.bind("cublasGetStatusString", "P:I");
    private static final MethodHandle GET_VERSION = FUNCTIONS.bind("cublasGetVersion_v2", "JP");
    private static final MethodHandle CREATE = FUNCTIONS.bind("cublasCreate_v2", "P");
    private static final MethodHandle DESTROY = FUNCTIONS.bind("cublasDestroy_v2", "J");
    private static final MethodHandle SET_STREAM = FUNCTIONS.bind("cublasSetStream_v2", "JJ");
    private static final MethodHandle SET_WORKSPACE = FUNCTIONS.bind("cublasSetWorkspace_v2", "JJJ");
    private static final MethodHandle SET_MATH_MODE = FUNCTIONS.bind("cublasSetMathMode", "JI");
    private static final MethodHandle SET_ATOMICS_MODE = FUNCTIONS.bind("cublasSetAtomicsMode", "JI");
    private static final MethodHandle GEMM_EX = FUNCTIONS.bind("cublasGemmEx", "JIIIIIPJIIJIIPJIIII");

    private Cublas() {}

    /// How a factor is read.
    public enum Operation {
        /// As it is.
        NONE(cublasOperation.CUBLAS_OP_N),
        TRANSPOSE(cublasOperation.CUBLAS_OP_T);

        private final int value;

        Operation(int value) {
            this.value = value;
        }
    }

    /// `10000·major + 100·minor + patch` of cuBLAS, whose numbers are not those of CUDA.
    ///
    /// @throws io.mnist20k.UserError where there is no cuBLAS
    public static int version() {
        return FunctionTable.outInt(
                out -> check(() -> (int) GET_VERSION.invokeExact(0L, out), () -> "cublasGetVersion_v2()"));
    }

    static long create() {
        FUNCTIONS.requireComplete();
        return FunctionTable.outLong(out -> check(() -> (int) CREATE.invokeExact(out), () -> "cublasCreate_v2()"));
    }

    static void destroy(long handle) {
        check(() -> (int) DESTROY.invokeExact(handle), () -> "cublasDestroy_v2()");
    }

    static void setStream(long handle, long stream) {
        check(() -> (int) SET_STREAM.invokeExact(handle, stream), () -> "cublasSetStream_v2()");
    }

    static void setWorkspace(long handle, long workspace, long bytes) {
        check(
                () -> (int) SET_WORKSPACE.invokeExact(handle, workspace, bytes),
                () -> "cublasSetWorkspace_v2(bytes=" + bytes + ")");
    }

    static void setMathMode(long handle, boolean tf32) {
        int mode = tf32 ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_DEFAULT_MATH;
        check(() -> (int) SET_MATH_MODE.invokeExact(handle, mode), () -> "cublasSetMathMode(" + mode + ")");
    }

    static void setAtomicsNotAllowed(long handle) {
        int mode = cublasAtomicsMode.CUBLAS_ATOMICS_NOT_ALLOWED;
        check(() -> (int) SET_ATOMICS_MODE.invokeExact(handle, mode), () -> "cublasSetAtomicsMode(" + mode + ")");
    }

    /// `C = op(A) op(B)`, summed in single precision. Column-major: `op(A)` is m by k, `op(B)` k by n, `C` m
    /// by n.
    ///
    /// @param factors what the elements of `A` and `B` are
    /// @param ldA     elements from one column of `A` as it is stored to the next; `ldB`, `ldC` alike
    /// @param product what the elements of `C` are
    public static void gemmEx(
            CublasHandle cublas,
            Operation opA,
            Operation opB,
            int m,
            int n,
            int k,
            DataType factors,
            long a,
            int ldA,
            long b,
            int ldB,
            DataType product,
            long c,
            int ldC) {
        check(
                () -> (int) GEMM_EX.invokeExact(
                        cublas.handle(),
                        opA.value,
                        opB.value,
                        m,
                        n,
                        k,
                        Scalars.ONE,
                        a,
                        factors.cublas(),
                        ldA,
                        b,
                        factors.cublas(),
                        ldB,
                        Scalars.ZERO,
                        c,
                        product.cublas(),
                        ldC,
                        cublasComputeType.CUBLAS_COMPUTE_32F,
                        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
                () -> "cublasGemmEx(" + words(opA, opB, m, n, k, ldA, ldB, ldC) + ", " + factors + " to " + product
                        + ")");
    }

    private static String words(Operation opA, Operation opB, int m, int n, int k, int ldA, int ldB, int ldC) {
        return opA + ", " + opB + ", m=" + m + ", n=" + n + ", k=" + k + ", ldA=" + ldA + ", ldB=" + ldB + ", ldC="
                + ldC;
    }

    private static void check(FunctionTable.Call call, Supplier<String> description) {
        int status = FunctionTable.status(call);
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new CudaException(
                    description.get(),
                    status,
                    FunctionTable.text(GET_STATUS_NAME, status),
                    FunctionTable.text(GET_STATUS_STRING, status),
                    remedy(status));
        }
    }

    /// What a person can do about a status, or empty.
    static String remedy(int status) {
        return switch (status) {
            case cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED ->
                DriverRemedy.ofMemory(
                        CudaDriver.memory(),
                        "cuBLAS finds no usable driver or GPU, or no memory for its own use: see what doctor says");
            case cublasStatus.CUBLAS_STATUS_ALLOC_FAILED ->
                DriverRemedy.ofMemory(CudaDriver.memory(), "end other processes on this GPU");
            case cublasStatus.CUBLAS_STATUS_ARCH_MISMATCH ->
                "this cuBLAS does not support this GPU: install one that does";
            case cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED, cublasStatus.CUBLAS_STATUS_INTERNAL_ERROR ->
                DriverRemedy.EARLIER_WORK;
            default -> "";
        };
    }
}
