package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudnnPooling;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.PoolingDescriptor;
import io.mnist20k.cuda.PoolingMode;
import io.mnist20k.cuda.TensorDescriptor;

/// Pooling by cuDNN.
final class CudnnPool implements Operation {
    private final Device device;
    private final PoolingDescriptor pooling;
    private final TensorDescriptor x;
    private final TensorDescriptor y;
    private final Signal in;
    private final Signal out;

    /// @param owner  of the descriptors
    /// @param height of the window
    /// @param width  of the window
    CudnnPool(
            Device device,
            Owner owner,
            PoolingMode mode,
            int height,
            int width,
            int stride,
            Signal in,
            Signal out,
            int samples) {
        this.device = device;
        this.in = in;
        this.out = out;
        pooling = owner.own(new PoolingDescriptor(mode, height, width, stride));
        x = owner.own(in.descriptor(samples));
        y = owner.own(out.descriptor(samples));
    }

    @Override
    public void forward() {
        CudnnPooling.forward(
                device.cudnn(), pooling, x, in.value().address(), y, out.value().address());
    }

    @Override
    public void infer() {
        forward();
    }

    @Override
    public void backward() {
        if (in.trained()) {
            CudnnPooling.backward(
                    device.cudnn(),
                    pooling,
                    y,
                    out.value().address(),
                    out.gradient().address(),
                    x,
                    in.value().address(),
                    in.gradient().address());
        }
    }
}
