package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.KernelLaunch;

/// The bias of a convolution or a dense layer, one number an output channel.
final class Bias {
    private final KernelLaunch add;
    private final KernelLaunch addEvaluated;
    private final KernelLaunch gradient;

    /// @param y what the bias is added to
    Bias(Device device, DeviceState.Place bias, Signal y, int samples) {
        int channels = y.shape().channels();
        int pixels = y.shape().pixels();
        long count = (long) samples * channels * pixels;
        String add = kernel("add_bias", y.type());
        this.add = device.striding(add, count, y.value().address(), bias.current(), samples, channels, pixels);
        addEvaluated = device.striding(add, count, y.value().address(), bias.evaluated(), samples, channels, pixels);
        gradient = device.launch(
                kernel("bias_gradient", y.type()),
                1,
                channels,
                Device.THREADS,
                bias.gradient(),
                y.gradient().address(),
                samples,
                channels,
                pixels);
    }

    void forward() {
        add.launch();
    }

    void infer() {
        addEvaluated.launch();
    }

    void backward() {
        gradient.launch();
    }
}
