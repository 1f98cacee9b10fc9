package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.KernelLaunch;
import org.jspecify.annotations.Nullable;

/// ReLU, dropout, or dropout behind ReLU. Gradients are always changed in place, values where nobody else needs them.
final class Activation implements Operation {
    /// Neighbours that one thread of these kernels does.
    private static final int PIECE = 8;

    private final KernelLaunch forward;
    private final KernelLaunch infer;
    private final @Nullable KernelLaunch backward;

    /// @param step address of the `Step`
    Activation(Device device, boolean relu, Mask mask, Signal in, Signal out, long step, long seed, int samples) {
        int channels = in.shape().channels();
        int pixels = in.shape().pixels();
        long threads = mask.channels()
                ? (long) samples * channels * Math.ceilDiv(pixels, PIECE)
                : (long) samples * Math.ceilDiv(channels * pixels, PIECE);
        String forwardKernel = kernel("activation_forward", in.type());
        long x = in.value().address();
        long y = out.value().address();
        int flag = relu ? 1 : 0;
        forward = device.striding(
                forwardKernel, threads, y, x, step, flag, mask.parameters(seed), samples, channels, pixels);
        infer = device.striding(
                forwardKernel, threads, y, x, step, flag, mask.idle().parameters(seed), samples, channels, pixels);
        backward = !in.trained()
                ? null
                : device.striding(
                        kernel("activation_backward", in.type()),
                        threads,
                        in.gradient().address(),
                        out.gradient().address(),
                        y,
                        step,
                        flag,
                        mask.parameters(seed),
                        samples,
                        channels,
                        pixels);
    }

    @Override
    public void forward() {
        forward.launch();
    }

    @Override
    public void infer() {
        infer.launch();
    }

    @Override
    public void backward() {
        if (backward != null) {
            backward.launch();
        }
    }
}
