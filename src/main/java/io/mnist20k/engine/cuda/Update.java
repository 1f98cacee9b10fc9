package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Training;
import io.mnist20k.recipe.Optimizer;
import org.jspecify.annotations.Nullable;

/// The first and the last of a step: its learning rate and corrections, and the update of everything that is trained.
final class Update {
    private static final int LEARNING_RATES = 1;

    private final KernelLaunch begin;
    private final @Nullable KernelLaunch widenGradients;
    private final KernelLaunch update;
    private final KernelLaunch end;

    Update(Device device, DeviceState state, Training training) {
        long step = state.step.address();
        begin = switch (training.optimizer()) {
            case Optimizer.Sgd _ -> device.launch("begin_step", 1, 1, 1, step, 0L, 0d, 0d, training.averagingDecay());
            case Optimizer.AdamW adam ->
                device.launch("begin_step", 1, 1, 1, step, 0L, adam.beta1(), adam.beta2(), training.averagingDecay());
        };
        long rounded = state.roundedGradientCount();
        widenGradients = !state.rounds() || rounded == 0
                ? null
                : device.striding(
                        "convert_to_f32",
                        rounded,
                        state.gradients.address(),
                        state.roundedGradients.address(),
                        rounded);
        update = update(device, state, training, step);
        end = device.launch("end_step", 1, 1, 1, step);
    }

    private static KernelLaunch update(Device device, DeviceState state, Training training, long step) {
        int parameters = state.parameterCount();
        int statistics = state.statisticCount();
        long threads = (long) parameters + statistics;
        long averages = DeviceState.addressOrNull(state.averagedParameters);
        long averagedStatistics = DeviceState.addressOrNull(state.averagedStatistics);
        long rounded = DeviceState.addressOrNull(state.rounded);
        return switch (training.optimizer()) {
            case Optimizer.Sgd sgd ->
                device.striding(
                        "sgd",
                        threads,
                        state.parameters.address(),
                        state.slots.get(0).address(),
                        averages,
                        averagedStatistics,
                        rounded,
                        state.gradients.address(),
                        state.decays.address(),
                        state.statistics.address(),
                        step,
                        (float) sgd.momentum(),
                        sgd.nesterov() ? 1 : 0,
                        parameters,
                        statistics);
            case Optimizer.AdamW adam ->
                device.striding(
                        "adamw",
                        threads,
                        state.parameters.address(),
                        state.slots.get(0).address(),
                        state.slots.get(1).address(),
                        averages,
                        averagedStatistics,
                        rounded,
                        state.gradients.address(),
                        state.decays.address(),
                        state.statistics.address(),
                        step,
                        adam.beta1(),
                        adam.beta2(),
                        (float) adam.epsilon(),
                        parameters,
                        statistics);
        };
    }

    /// Where the steps to come find their learning rates.
    void bind(Step.Addresses addresses) {
        begin.set(LEARNING_RATES, addresses.learningRates());
    }

    void begin() {
        begin.launch();
    }

    /// After the last gradient.
    void finish() {
        if (widenGradients != null) {
            widenGradients.launch();
        }
        update.launch();
        end.launch();
    }
}
