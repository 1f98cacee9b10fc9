package io.mnist20k.cuda;

/// The shape and element type of a tensor, for cuDNN.
public final class TensorDescriptor extends NativeObject {
    private static final String KIND = "tensor descriptor";

    private final String words;

    /// A packed tensor `[batch, channels, height, width]`, the column the fastest index.
    public TensorDescriptor(DataType type, int batch, int channels, int height, int width) {
        super(KIND, Cudnn::createTensorDescriptor, Cudnn::destroyTensorDescriptor);
        this.words = "[" + batch + ", " + channels + ", " + height + ", " + width + "] " + type;
        configure(() -> Cudnn.setTensor4dDescriptor(handle(), type.cudnn(), batch, channels, height, width));
    }

    /// What scale, shift, mean and variance of a batch normalisation of `x` are, one number a channel.
    public static TensorDescriptor ofChannels(TensorDescriptor x) {
        return new TensorDescriptor(x);
    }

    private TensorDescriptor(TensorDescriptor x) {
        super(KIND, Cudnn::createTensorDescriptor, Cudnn::destroyTensorDescriptor);
        this.words = "channels of " + x;
        configure(() -> CudnnBatchNormalization.deriveBnTensorDescriptor(handle(), x.handle()));
    }

    @Override
    public String toString() {
        return words;
    }
}
