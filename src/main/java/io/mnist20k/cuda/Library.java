package io.mnist20k.cuda;

/// The libraries of NVIDIA that the CUDA engine calls.
public enum Library {
    DRIVER("the NVIDIA driver"),
    CUDNN("cuDNN 9"),
    CUBLAS("cuBLAS"),
    NVRTC("NVRTC");

    private final String title;

    Library(String title) {
        this.title = title;
    }

    /// The name that people know it by.
    public String title() {
        return title;
    }
}
