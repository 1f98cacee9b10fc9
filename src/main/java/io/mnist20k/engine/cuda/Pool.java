package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;
import org.jspecify.annotations.Nullable;

/// Pooling by this program's kernels.
final class Pool implements Operation {
    /// One warp does a plane.
    private static final int WARP = 32;

    private final KernelLaunch forward;
    private final @Nullable KernelLaunch backward;

    private Pool(KernelLaunch forward, @Nullable KernelLaunch backward) {
        this.forward = forward;
        this.backward = backward;
    }

    static Pool of(Device device, Layer layer, Signal in, Signal out, int samples) {
        return switch (layer) {
            case Layer.MaxPool(int kernel, int stride) -> windows(device, kernel, stride, in, out, samples);
            case Layer.GlobalMaxPool _ -> largest(device, in, out, samples);
            case Layer.GlobalAvgPool _ -> mean(device, in, out, samples);
            default -> throw new AssertionError(layer);
        };
    }

    private static Pool windows(Device device, int kernel, int stride, Signal in, Signal out, int samples) {
        Shape shape = in.shape();
        int planes = samples * shape.channels();
        long x = in.value().address();
        return new Pool(
                device.striding(
                        kernel("max_pool_forward", in.type()),
                        (long) samples * out.shape().elements(),
                        out.value().address(),
                        x,
                        kernel,
                        stride,
                        planes,
                        shape.height(),
                        shape.width()),
                !in.trained()
                        ? null
                        : device.striding(
                                kernel("max_pool_backward", in.type()),
                                (long) samples * shape.elements(),
                                in.gradient().address(),
                                out.gradient().address(),
                                x,
                                kernel,
                                stride,
                                planes,
                                shape.height(),
                                shape.width()));
    }

    private static Pool largest(Device device, Signal in, Signal out, int samples) {
        int planes = samples * in.shape().channels();
        int pixels = in.shape().pixels();
        long threads = (long) planes * WARP;
        long x = in.value().address();
        return new Pool(
                device.striding(
                        kernel("global_max_forward", in.type()),
                        threads,
                        out.value().address(),
                        x,
                        planes,
                        pixels),
                !in.trained()
                        ? null
                        : device.striding(
                                kernel("global_max_backward", in.type()),
                                threads,
                                in.gradient().address(),
                                out.gradient().address(),
                                x,
                                planes,
                                pixels));
    }

    private static Pool mean(Device device, Signal in, Signal out, int samples) {
        int planes = samples * in.shape().channels();
        int pixels = in.shape().pixels();
        return new Pool(
                device.striding(
                        kernel("global_average_forward", in.type()),
                        (long) planes * WARP,
                        out.value().address(),
                        in.value().address(),
                        planes,
                        pixels),
                !in.trained()
                        ? null
                        : device.striding(
                                kernel("global_average_backward", in.type()),
                                (long) planes * pixels,
                                in.gradient().address(),
                                out.gradient().address(),
                                planes,
                                pixels));
    }

    @Override
    public void forward() {
        forward.launch();
    }

    @Override
    public void infer() {
        forward.launch();
    }

    @Override
    public void backward() {
        if (backward != null) {
            backward.launch();
        }
    }
}
