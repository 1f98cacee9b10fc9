package io.mnist20k.cuda;

/// How a person gets what is missing.
final class Remedy {
    private static final String NAME_ITS_FOLDER = ", or set " + Machine.VARIABLE + " to its folder";

    private Remedy() {}

    /// @param cudaMajor the CUDA that it should be made for, 12 or 13
    static String install(Library library, int cudaMajor) {
        String suffix = cudaMajor == 12 ? "-cu12" : "";
        return switch (library) {
            case DRIVER -> "install NVIDIA's driver, 525.60 or newer";
            case CUDNN ->
                "install the Python package nvidia-cudnn-cu" + cudaMajor + " or the system's package cudnn9-cuda-"
                        + cudaMajor + NAME_ITS_FOLDER;
            case CUBLAS -> "install " + pythonOrToolkit("nvidia-cublas" + suffix, cudaMajor);
            case NVRTC -> "install " + pythonOrToolkit("nvidia-cuda-nvrtc" + suffix, cudaMajor);
        };
    }

    private static String pythonOrToolkit(String wheel, int cudaMajor) {
        return "the Python package " + wheel + " or the CUDA toolkit " + cudaMajor + NAME_ITS_FOLDER;
    }

    /// For a machine on which the system's loader finds no driver.
    static String findDriver(Machine machine) {
        if (machine.has("/dev/dxg")) {
            return "update Windows' NVIDIA driver, which brings it to WSL as /usr/lib/wsl/lib/libcuda.so.1";
        }
        boolean kernelHasIt = machine.has("/proc/driver/nvidia/version") || machine.has("/dev/nvidiactl");
        if (machine.has("/.dockerenv") || machine.has("/run/.containerenv")) {
            return kernelHasIt
                    ? "start the container with NVIDIA_DRIVER_CAPABILITIES=compute,utility"
                    : "start the container with --gpus all, on a machine that has NVIDIA's driver and container toolkit";
        }
        return kernelHasIt
                ? "the kernel has its part of the driver, so install the libraries of the same version"
                : install(Library.DRIVER, 12);
    }

    /// The driver that CUDA of this major version needs; see the table in NVIDIA's *CUDA compatibility*.
    static String updateDriver(int cudaMajor) {
        return "update NVIDIA's driver to " + (cudaMajor >= 13 ? "580.65" : "525.60") + " or newer";
    }
}
