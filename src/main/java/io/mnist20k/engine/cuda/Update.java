package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Training;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The first and the last of a step: its learning rate and corrections, and the update of everything that is trained.
final class Update {
    private static final int LEARNING_RATES = 1;

    private final KernelLaunch begin;
    private final @Nullable KernelLaunch widenGradients;
    private final List<KernelLaunch> updates;
    private final KernelLaunch end;

    Update(Device device, DeviceState state, Training training) {
        long step = state.step.address();
        begin = switch (training.optimizer()) {
            case Optimizer.Sgd _ -> device.launch("begin_step", 1, 1, 1, step, 0L, 0d, 0d, training.averagingDecay());
            case Optimizer.AdamW adam ->
                device.launch("begin_step", 1, 1, 1, step, 0L, adam.beta1(), adam.beta2(), training.averagingDecay());
            case Optimizer.Muon muon ->
                device.launch(
                        "begin_step",
                        1,
                        1,
                        1,
                        step,
                        0L,
                        muon.rest().beta1(),
                        muon.rest().beta2(),
                        training.averagingDecay());
        };
        long rounded = state.convolutionCount();
        widenGradients = !state.rounds() || rounded == 0
                ? null
                : device.striding(
                        "convert_to_f32",
                        rounded,
                        state.gradients.address(),
                        state.roundedGradients.address(),
                        rounded);
        updates = updates(device, state, training);
        end = device.launch("end_step", 1, 1, 1, step);
    }

    private static List<KernelLaunch> updates(Device device, DeviceState state, Training training) {
        return switch (training.optimizer()) {
            case Optimizer.Sgd sgd -> List.of(sgd(device, state, sgd));
            case Optimizer.AdamW adam -> List.of(adamW(device, state, adam, 0));
            case Optimizer.Muon muon -> {
                KernelLaunch rest = adamW(device, state, muon.rest(), state.convolutionCount());
                // In this order, since a launch can overlap with a kernel's alone, and AdamW's is always there.
                yield state.matrices.count() == 0 ? List.of(rest) : List.of(rest, muon(device, state, muon));
            }
        };
    }

    private static KernelLaunch sgd(Device device, DeviceState state, Optimizer.Sgd sgd) {
        int parameters = state.parameterCount();
        int statistics = state.statisticCount();
        return device.striding(
                "sgd",
                (long) parameters + statistics,
                state.parameters.address(),
                state.slots.get(0).address(),
                DeviceState.addressOrNull(state.averagedParameters, 0),
                DeviceState.addressOrNull(state.averagedStatistics, 0),
                DeviceState.addressOrNull(state.rounded, 0),
                state.gradients.address(),
                state.decays.address(),
                state.statistics.address(),
                state.step.address(),
                (float) sgd.momentum(),
                sgd.nesterov() ? 1 : 0,
                parameters,
                statistics);
    }

    /// @param from the first parameter of those that learn by it, which are the last
    private static KernelLaunch adamW(Device device, DeviceState state, Optimizer.AdamW adam, int from) {
        int parameters = state.parameterCount() - from;
        int statistics = state.statisticCount();
        long bytes = (long) from * Float.BYTES;
        return device.striding(
                "adamw",
                (long) parameters + statistics,
                state.parameters.address() + bytes,
                state.slots.get(0).address() + bytes,
                state.slots.get(1).address() + bytes,
                DeviceState.addressOrNull(state.averagedParameters, bytes),
                DeviceState.addressOrNull(state.averagedStatistics, 0),
                DeviceState.addressOrNull(state.rounded, bytes / 2),
                state.gradients.address() + bytes,
                state.decays.address() + bytes,
                state.statistics.address(),
                state.step.address(),
                adam.beta1(),
                adam.beta2(),
                (float) adam.epsilon(),
                parameters,
                statistics);
    }

    private static KernelLaunch muon(Device device, DeviceState state, Optimizer.Muon muon) {
        return device.launchSharing(
                "muon",
                state.matrices.count(),
                Matrices.THREADS,
                state.matrices.sharedBytes(),
                state.parameters.address(),
                state.slots.getFirst().address(),
                DeviceState.addressOrNull(state.averagedParameters, 0),
                DeviceState.addressOrNull(state.rounded, 0),
                DeviceState.addressOrNull(state.matrixScratch, 0),
                state.gradients.address(),
                state.matrixTable.address(),
                state.step.address(),
                muon.momentum(),
                (float) muon.weightDecay(),
                Optimizer.Muon.ITERATIONS,
                (float) Optimizer.Muon.LINEAR,
                (float) Optimizer.Muon.CUBIC,
                (float) Optimizer.Muon.QUINTIC,
                (float) Optimizer.Muon.LEAST_NORM,
                (float) Optimizer.Muon.SIZE);
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
        updates.forEach(KernelLaunch::launch);
        end.launch();
    }
}
