package io.mnist20k.cuda;

/// Statuses of cuDNN 9, from `cudnn_graph.h`. The constants that we take elsewhere are those of cuDNN 8,
/// which numbered all but success otherwise: 3000 was unknown to it, and its 3, `BAD_PARAM`, is unknown to
/// cuDNN 9.
final class CudnnStatus {
    static final int SUCCESS = 0;
    static final int NOT_INITIALIZED = 1001;
    static final int SUBLIBRARY_VERSION_MISMATCH = 1002;
    static final int SUBLIBRARY_LOADING_FAILED = 1008;
    static final int NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER = 3005;
    static final int NOT_SUPPORTED_INCOMPATIBLE_CUDART = 3006;
    static final int NOT_SUPPORTED_ARCH_MISMATCH = 3007;
    static final int NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE = 3009;
    static final int INTERNAL_ERROR = 4000;
    static final int INTERNAL_ERROR_HOST_ALLOCATION_FAILED = 4003;
    static final int INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED = 4004;

    static final int EXECUTION_FAILED = 5000;
    static final int EXECUTION_FAILED_CUDA_DRIVER = 5001;
    static final int EXECUTION_FAILED_CUBLAS = 5002;
    static final int EXECUTION_FAILED_CUDART = 5003;

    private CudnnStatus() {}

    /// What a person can do about a status, or empty.
    static String remedy(int status) {
        return switch (status) {
            case NOT_INITIALIZED -> "cuDNN finds no usable driver or GPU: see what doctor says";
            case SUBLIBRARY_VERSION_MISMATCH ->
                "files of two versions of cuDNN were loaded: keep one, complete, on the library path";
            case SUBLIBRARY_LOADING_FAILED, NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE ->
                "a file of cuDNN, or of the cuBLAS of its CUDA version, is missing: install all of both";
            case NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER, NOT_SUPPORTED_INCOMPATIBLE_CUDART ->
                "this cuDNN needs a newer driver: update NVIDIA's driver, or install cuDNN for an older CUDA";
            case NOT_SUPPORTED_ARCH_MISMATCH -> "this cuDNN does not support this GPU: install one that does";
            case INTERNAL_ERROR_HOST_ALLOCATION_FAILED -> "free some of this machine's memory";
            case INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED ->
                DriverRemedy.ofMemory(CudaDriver.memory(), "end other processes on this GPU");
            case INTERNAL_ERROR,
                    EXECUTION_FAILED,
                    EXECUTION_FAILED_CUDA_DRIVER,
                    EXECUTION_FAILED_CUBLAS,
                    EXECUTION_FAILED_CUDART -> DriverRemedy.EARLIER_WORK;
            default -> "";
        };
    }
}
