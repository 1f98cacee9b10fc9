package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.engine.Region;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Everything that training changes, on the device, and the copy of the model that evaluation computes with.
///
/// Where activations are bfloat16, what multiplies them is a rounded copy of the parameters, and the gradients of
/// convolution weights come in bfloat16 too, to be widened before the update.
final class DeviceState {
    /// `struct Step` of `step.cuh`: the number of updates, then epoch and step.
    private static final long STEP_BYTES = 32;

    static final long STEP_POSITION = 8;

    final Layout parameterLayout;
    final Layout statisticLayout;
    final Region step;
    final Region parameters;
    final Region statistics;
    final Region gradients;
    final List<Region> slots;
    final Region averagedParameters;
    final Region averagedStatistics;
    final Region decays;
    final Region evaluatedParameters;
    final Region evaluatedStatistics;
    final Region rounded;
    final Region evaluatedRounded;
    final Region roundedGradients;
    final Matrices matrices;
    final Region matrixTable;
    final Region matrixScratch;
    private final Training training;
    private final DataType factors;
    private @Nullable KernelLaunch round;
    private @Nullable KernelLaunch roundEvaluated;

    /// Where one tensor is.
    ///
    /// @param current   device address of what training changes
    /// @param evaluated of what evaluation computes with
    /// @param gradient  of its gradient; 0 with a statistic, which has none
    record Place(long current, long evaluated, long gradient) {}

    /// @param factors     type of what multiplies activations
    /// @param sharedBytes that the GPU has for a block
    DeviceState(Network network, Training training, DataType factors, MemoryPlan memory, int sharedBytes) {
        this.training = training;
        this.factors = factors;
        parameterLayout = new Layout(network.parameters());
        statisticLayout = new Layout(network.statistics());
        long parameterBytes = (long) parameterLayout.length() * Float.BYTES;
        long statisticBytes = (long) statisticLayout.length() * Float.BYTES;
        step = memory.lasting(STEP_BYTES);
        parameters = memory.lasting(parameterBytes);
        gradients = memory.lasting(parameterBytes);
        decays = memory.lasting(parameterBytes);
        int slotCount = training.optimizer().slots();
        slots = IntStream.range(0, slotCount)
                .mapToObj(_ -> memory.lasting(parameterBytes))
                .toList();
        statistics = memory.lasting(statisticBytes);
        averagedParameters = memory.lasting(training.averages() ? parameterBytes : 0);
        averagedStatistics = memory.lasting(training.averages() ? statisticBytes : 0);
        evaluatedParameters = memory.lasting(parameterBytes);
        evaluatedStatistics = memory.lasting(statisticBytes);
        rounded = memory.lasting(rounds() ? parameterBytes / 2 : 0);
        evaluatedRounded = memory.lasting(rounds() ? parameterBytes / 2 : 0);
        roundedGradients = memory.lasting(rounds() ? parameterBytes / 2 : 0);
        boolean isMuon = training.optimizer() instanceof Optimizer.Muon;
        matrices = new Matrices(
                network.parameters().stream()
                        .filter(tensor -> isMuon && Optimizer.Muon.isMatrix(tensor))
                        .toList(),
                parameterLayout,
                sharedBytes);
        matrixTable = memory.lasting((long) matrices.table().length * Integer.BYTES);
        matrixScratch = memory.lasting(matrices.scratchBytes());
    }

    /// Whether what multiplies activations is a rounded copy.
    boolean rounds() {
        return factors != DataType.FLOAT;
    }

    /// Elements of the weights of convolutions, which come first, gaps included. Where [#rounds], their gradients come
    /// in bfloat16.
    int convolutionCount() {
        return parameterLayout.lengthOfRank(Tensor.CONVOLUTION_RANK);
    }

    /// The number of parameters and statistics on the device, gaps included.
    int parameterCount() {
        return parameterLayout.length();
    }

    int statisticCount() {
        return statisticLayout.length();
    }

    /// A parameter in single precision.
    Place parameter(Tensor tensor) {
        long offset = (long) parameterLayout.offset(tensor) * Float.BYTES;
        return new Place(
                parameters.address() + offset, evaluatedParameters.address() + offset, gradients.address() + offset);
    }

    /// A parameter as what multiplies activations.
    Place factor(Tensor tensor) {
        if (!rounds()) {
            return parameter(tensor);
        }
        long offset = (long) parameterLayout.offset(tensor) * factors.bytes();
        return new Place(
                rounded.address() + offset, evaluatedRounded.address() + offset, roundedGradients.address() + offset);
    }

    /// A running mean or variance; its gradient does not exist.
    Place statistic(Tensor tensor) {
        long offset = (long) statisticLayout.offset(tensor) * Float.BYTES;
        return new Place(statistics.address() + offset, evaluatedStatistics.address() + offset, 0);
    }

    /// The address of a byte in a region, or null as C has it where the region is empty.
    static long addressOrNull(Region region, long offset) {
        return region.bytes() == 0 ? 0 : region.address() + offset;
    }

    /// Writes what never changes, and zeros into the gradients, whose gaps between tensors stay so.
    void begin(Device device, DeviceBuffer memory) {
        // Whatever passes over all parameters passes over the gaps between tensors too.
        memory.clear(gradients.offset(), gradients.bytes());
        if (rounds()) {
            memory.clear(roundedGradients.offset(), roundedGradients.bytes());
        }
        float[] decays = new float[parameterCount()];
        Arrays.fill(decays, 0, parameterLayout.lengthOfRank(2), (float)
                training.optimizer().weightDecay());
        memory.upload(this.decays.offset(), decays);
        if (matrices.count() > 0) {
            memory.upload(matrixTable.offset(), matrices.table());
        }
        if (rounds()) {
            round = rounding(device, rounded, parameters);
            roundEvaluated = rounding(device, evaluatedRounded, evaluatedParameters);
        }
    }

    private KernelLaunch rounding(Device device, Region to, Region from) {
        long count = parameterCount();
        return device.striding("convert_to_bf16", count, to.address(), from.address(), count);
    }

    /// Overwrites everything.
    ///
    /// @throws IllegalArgumentException where a length is not this session's; nothing has changed then
    void restore(DeviceBuffer memory, SessionState state, Network network) {
        state.requireFits(network, training);
        List<float[]> given = state.slots();
        memory.upload(step.offset(), new long[] {state.updates()});
        memory.upload(parameters.offset(), parameterLayout.spread(state.parameters()));
        memory.upload(statistics.offset(), statisticLayout.spread(state.statistics()));
        for (int i = 0; i < slots.size(); i++) {
            float[] slot = given.isEmpty() ? new float[parameterCount()] : parameterLayout.spread(given.get(i));
            memory.upload(slots.get(i).offset(), slot);
        }
        if (training.averages()) {
            memory.upload(averagedParameters.offset(), parameterLayout.spread(state.averagedParameters()));
            memory.upload(averagedStatistics.offset(), statisticLayout.spread(state.averagedStatistics()));
        }
        if (round != null) {
            round.launch();
        }
    }

    SessionState read(DeviceBuffer memory) {
        long[] updates = new long[1];
        memory.download(step.offset(), updates);
        return new SessionState(
                updates[0],
                read(memory, parameters, parameterLayout),
                read(memory, statistics, statisticLayout),
                slots.stream().map(slot -> read(memory, slot, parameterLayout)).toList(),
                training.averages() ? read(memory, averagedParameters, parameterLayout) : new float[0],
                training.averages() ? read(memory, averagedStatistics, statisticLayout) : new float[0]);
    }

    private static float[] read(DeviceBuffer memory, Region region, Layout layout) {
        float[] spread = new float[layout.length()];
        memory.download(region.offset(), spread);
        return layout.gather(spread);
    }

    /// Queues the copy of the model to evaluate: the averaged one where there is one.
    void copyForEvaluation(DeviceBuffer memory) {
        Region fromParameters = training.averages() ? averagedParameters : parameters;
        Region fromStatistics = training.averages() ? averagedStatistics : statistics;
        copy(memory, fromParameters, evaluatedParameters);
        copy(memory, fromStatistics, evaluatedStatistics);
        if (roundEvaluated != null) {
            roundEvaluated.launch();
        }
    }

    private static void copy(DeviceBuffer memory, Region from, Region to) {
        if (to.bytes() > 0) {
            memory.copyFrom(memory, from.offset(), to.offset(), to.bytes());
        }
    }
}
