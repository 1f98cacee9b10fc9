package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaEvent;
import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Owner;
import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Initialization;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where the time of a training step goes. Each piece of it is captured several times over as a graph of its own: the
/// device is timed, not the thread that launches. What the pieces compute meanwhile is of no use.
public final class StepTimes {
    /// The key of the whole step, as training replays it.
    private static final String WHOLE = "step";

    private StepTimes() {}

    /// @param repetitions of each piece within its graph
    /// @return microseconds by name, in the order of the step; the whole last
    public static Map<String, Double> measure(Network network, Training training, Dataset dataset, int repetitions) {
        var microseconds = new LinkedHashMap<String, Double>();
        try (Owner owner = new Owner()) {
            Device device = owner.own(new Device(0, training.engine().precision()));
            Program program = Program.of(device.gpu.description(), network, training);
            DeviceBuffer memory = owner.own(program.allocate(device.gpu));
            program.begin(device, memory);
            program.state()
                    .restore(memory, SessionState.initial(network, Initialization.KAIMING_NORMAL, training), network);
            Step step = owner.own(new Step(device, program, training, training.batch(), true));
            DeviceImages images = owner.own(new DeviceImages(device.gpu, dataset));
            // Two launches of a graph that takes each step once per repetition, and the step that goes ahead.
            Epoch epoch = epoch(dataset, training.batch(), 2 * repetitions + 1);
            EpochMemory sent = owner.own(new EpochMemory(device.gpu, epoch.order().length, epoch.steps()));
            step.bind(images, sent);
            Map<String, Runnable> pieces = step.pieces();
            Runnable whole = () -> pieces.values().forEach(Runnable::run);
            Runnable rewind =
                    () -> sent.send(epoch, memory, program.state().step.offset() + DeviceState.STEP_POSITION);
            rewind.run();
            whole.run(); // libraries set themselves up
            for (Map.Entry<String, Runnable> piece : pieces.entrySet()) {
                microseconds.put(piece.getKey(), time(device, rewind, piece.getValue(), repetitions));
            }
            microseconds.put(WHOLE, time(device, rewind, whole, repetitions));
        }
        return microseconds;
    }

    private static Epoch epoch(Dataset dataset, int batch, int steps) {
        int[] order = new int[steps * batch];
        for (int i = 0; i < order.length; i++) {
            order[i] = i % dataset.count();
        }
        return new Epoch(0, 0, batch, order, new float[steps]);
    }

    private static double time(Device device, Runnable rewind, Runnable piece, int repetitions) {
        device.gpu.synchronize();
        rewind.run();
        try (CudaGraph graph = device.gpu.capture(() -> {
                    for (int i = 0; i < repetitions; i++) {
                        piece.run();
                    }
                });
                var start = new CudaEvent(device.gpu);
                var end = new CudaEvent(device.gpu)) {
            graph.launch();
            start.record();
            graph.launch();
            end.record();
            end.synchronize();
            return end.millisecondsSince(start) * 1e3 / repetitions;
        }
    }
}
