package io.mnist20k.cuda;

import java.util.Objects;
import jcuda.driver.CUresult;

/// A call of NVIDIA's driver or of one of its libraries that failed, as a sentence: the C function and the
/// arguments that matter, NVIDIA's name, number and words for the failure and, where a person can do
/// something, what to do.
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int status;

    /// @param call   the C function with the arguments that matter, such as `cuMemAlloc_v2(bytes=4096)`
    /// @param name   NVIDIA's name of the status, such as `CUDA_ERROR_OUT_OF_MEMORY`
    /// @param words  NVIDIA's words for it, or empty
    /// @param remedy what to do, or empty
    CudaException(String call, int status, String name, String words, String remedy) {
        super(call + " failed with " + name + " (" + status + ")"
                + (words.isEmpty() ? "" : ": " + words)
                + (remedy.isEmpty() ? "" : "; " + remedy));
        this.call = call;
        this.status = status;
    }

    /// The whole sentence; a failure without one cannot be made.
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /// The C function that failed, with the arguments that matter.
    String call() {
        return call;
    }

    /// Whether the driver had no more of the GPU's memory to give.
    public boolean isOutOfDeviceMemory() {
        return call.startsWith("cuMemAlloc") && status == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }

    /// The status as the library of the call numbers it.
    public int status() {
        return status;
    }
}
