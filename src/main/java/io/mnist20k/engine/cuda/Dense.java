package io.mnist20k.engine.cuda;

import static io.mnist20k.cuda.Cublas.Operation.NONE;
import static io.mnist20k.cuda.Cublas.Operation.TRANSPOSE;

import io.mnist20k.cuda.Cublas;
import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Region;
import org.jspecify.annotations.Nullable;

/// A dense layer by cuBLAS: `y = x Wᵀ`, `dW = dyᵀ x`, `dx = dy W` with x `[samples, inputs]` and W `[outputs, inputs]`,
/// all row-major, which cuBLAS reads as the transposes.
///
/// Where activations are bfloat16 and this is the last layer, its output, the logits, is single precision; its gradient
/// is then rounded first, since both factors of a product have one type.
final class Dense implements Operation {
    private final Device device;
    private final Signal in;
    private final Signal out;
    private final DeviceState.Place weight;
    private final long weightGradient;
    private final @Nullable Bias bias;
    private final int samples;
    private final int inputs;
    private final int outputs;
    private final @Nullable KernelLaunch roundGradient;
    private final long dY;

    /// @param weight          as it multiplies activations
    /// @param weightGradient  address, single precision
    /// @param roundedGradient place for the rounded gradient of the output, used where types differ
    Dense(
            Device device,
            Signal in,
            Signal out,
            DeviceState.Place weight,
            long weightGradient,
            @Nullable Bias bias,
            Region roundedGradient,
            int samples) {
        this.device = device;
        this.in = in;
        this.out = out;
        this.weight = weight;
        this.weightGradient = weightGradient;
        this.bias = bias;
        this.samples = samples;
        inputs = in.shape().elements();
        outputs = out.shape().channels();
        long gradient = out.gradient().address();
        if (in.type() == out.type()) {
            roundGradient = null;
            dY = gradient;
        } else {
            dY = roundedGradient.address();
            long count = (long) samples * outputs;
            roundGradient = device.striding("convert_to_bf16", count, dY, gradient, count);
        }
    }

    @Override
    public void forward() {
        multiply(weight.current());
        if (bias != null) {
            bias.forward();
        }
    }

    @Override
    public void infer() {
        multiply(weight.evaluated());
        if (bias != null) {
            bias.infer();
        }
    }

    private void multiply(long weights) {
        Cublas.gemmEx(
                device.cublas(),
                TRANSPOSE,
                NONE,
                outputs,
                samples,
                inputs,
                in.type(),
                weights,
                inputs,
                in.value().address(),
                inputs,
                out.type(),
                out.value().address(),
                outputs);
    }

    @Override
    public void backward() {
        if (bias != null) {
            bias.backward();
        }
        if (roundGradient != null) {
            roundGradient.launch();
        }
        Cublas.gemmEx(
                device.cublas(),
                NONE,
                TRANSPOSE,
                inputs,
                outputs,
                samples,
                in.type(),
                in.value().address(),
                inputs,
                dY,
                outputs,
                DataType.FLOAT,
                weightGradient,
                inputs);
        if (in.trained()) {
            Cublas.gemmEx(
                    device.cublas(),
                    NONE,
                    NONE,
                    inputs,
                    samples,
                    outputs,
                    in.type(),
                    weight.current(),
                    inputs,
                    dY,
                    outputs,
                    in.type(),
                    in.gradient().address(),
                    inputs);
        }
    }
}
