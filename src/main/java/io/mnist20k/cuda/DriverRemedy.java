package io.mnist20k.cuda;

import java.util.function.Supplier;
import jcuda.driver.CUresult;

/// What a person can do about a status of the driver.
final class DriverRemedy {
    // Newer than the constants we take: cuda.h of CUDA 13.
    private static final int CUDA_ERROR_CONTAINED = 226;

    private static final String LOOK_AGAIN = "start again, with CUDA_LAUNCH_BLOCKING=1 to see which call it was";

    /// Where a library tells of a failure of the GPU, which may be of work that was queued before.
    static final String EARLIER_WORK = "the GPU may be reporting earlier work here: " + LOOK_AGAIN;

    private DriverRemedy() {}

    /// @param memory says how much memory is free
    /// @return a phrase, or empty where there is nothing to say
    static String of(int status, Supplier<String> memory) {
        return switch (status) {
            case CUresult.CUDA_ERROR_OUT_OF_MEMORY ->
                ofMemory(memory.get(), "ask for less, or end other processes on this GPU");
            case CUresult.CUDA_ERROR_STUB_LIBRARY ->
                "this libcuda.so.1 is the toolkit's stub: install NVIDIA's driver, and take folders named stubs off the"
                        + " library path";
            case CUresult.CUDA_ERROR_NO_DEVICE ->
                "the driver sees no GPU: look at nvidia-smi, at CUDA_VISIBLE_DEVICES, and in a container at --gpus";
            case CUresult.CUDA_ERROR_INVALID_DEVICE ->
                "there is no such GPU: look at nvidia-smi and at CUDA_VISIBLE_DEVICES";
            case CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE ->
                "another process uses this GPU exclusively, or its compute mode is prohibited: look at nvidia-smi";
            case CUresult.CUDA_ERROR_INVALID_CONTEXT ->
                "the thread " + Thread.currentThread().getName() + " has not made the GPU current";
            case CUresult.CUDA_ERROR_INVALID_IMAGE, CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU ->
                "these kernels were not compiled for this GPU";
            case CUresult.CUDA_ERROR_INVALID_PTX, CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION ->
                "these kernels were compiled by a CUDA newer than the driver: update NVIDIA's driver";
            case CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND ->
                "libnvidia-ptxjitcompiler.so.1 is missing: install all of NVIDIA's driver";
            case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH ->
                "the driver's library and its kernel module are of different versions: restart the machine";
            case CUresult.CUDA_ERROR_SYSTEM_NOT_READY ->
                "the machine's GPUs are not up yet: look at the fabric manager's log and try again";
            case CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
                "this GPU does not allow a libcuda.so.1 newer than its kernel module: update NVIDIA's driver, and take"
                        + " folders named compat off the library path";
            default ->
                isSticky(status)
                        ? "the GPU may be reporting earlier work here, and is lost to this process: " + LOOK_AGAIN
                        : "";
        };
    }

    /// @param free how much memory is free, as [CudaDriver#memory] says it, or empty where it does not
    static String ofMemory(String free, String advice) {
        return free.isEmpty() ? advice : free + ": " + advice;
    }

    /// The same, where pinned memory of this machine was asked for.
    static String ofHostMemory(int status) {
        return status == CUresult.CUDA_ERROR_OUT_OF_MEMORY
                ? "free some of this machine's memory"
                : of(status, () -> "");
    }

    /// Whether every later call fails alike until the process ends, as `cuda.h` says of these statuses.
    static boolean isSticky(int status) {
        return switch (status) {
            case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                    CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED,
                    CUDA_ERROR_CONTAINED -> true;
            default -> false;
        };
    }
}
