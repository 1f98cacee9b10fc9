package io.mnist20k.cuda;

/// cuDNN at work for one GPU, on its stream.
public final class CudnnHandle extends NativeObject {
    /// @throws io.mnist20k.UserError where there is no cuDNN 9
    public CudnnHandle(Gpu gpu) {
        super("cuDNN handle", Cudnn::create, Cudnn::destroy);
        configure(() -> Cudnn.setStream(handle(), gpu.stream()));
    }
}
