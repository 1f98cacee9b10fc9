package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Training;

/// Softmax and cross-entropy: the gradient of the logits, the step's loss and its correct answers.
final class SoftmaxLoss {
    private static final int LOSS_SUMS = 1;
    private static final int CORRECT = 2;
    private static final int WARP = 32;
    private static final int MOST_THREADS = 1024;

    private final KernelLaunch launch;

    SoftmaxLoss(Device device, LayerProgram program, Training training, int samples) {
        launch = device.launch(
                kernel("softmax_loss", program.logits.type()),
                1,
                1,
                Math.min(Math.ceilDiv(samples, WARP) * WARP, MOST_THREADS),
                program.logits.gradient().address(),
                0L,
                0L,
                program.logits.value().address(),
                program.labels.address(),
                program.state().step.address(),
                (float) training.labelSmoothing(),
                samples,
                program.logits.shape().channels());
    }

    /// Where the steps to come leave their results.
    void bind(Step.Addresses addresses) {
        launch.set(LOSS_SUMS, addresses.lossSums());
        launch.set(CORRECT, addresses.correct());
    }

    void launch() {
        launch.launch();
    }
}
