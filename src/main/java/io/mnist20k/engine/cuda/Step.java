package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.Training;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A training step, or a batch of an evaluation, for one number of samples.
///
/// The first training step is launched piece by piece, since libraries set themselves up at the first call of
/// everything; then steps are captured as graphs and replayed, many in one graph where many follow: between two graphs
/// the device waits for longer than between two steps of one. Addresses are frozen in a graph, so they are captured
/// anew where one of them has changed. Where the driver cannot capture what a library does, every step is launched
/// piece by piece: the bits are the same.
final class Step implements AutoCloseable {
    /// Some milliseconds of work.
    private static final int STEPS_OF_A_GRAPH = 16;

    private final Device device;
    private final Body body;
    private final Update update;
    private final List<Runnable> launches;
    private final Owner owner = new Owner();
    private final Graphs graphs;
    private boolean warm;
    private @Nullable Addresses bound;

    /// Of what training steps use beside the session's own memory.
    record Addresses(
            long images, long labels, long order, long learningRates, long lossSums, long correct, long workspace) {}

    /// @param captures whether training steps are captured
    Step(Device device, Program program, Training training, int samples, boolean captures) {
        this.device = device;
        try {
            body = program.layOut(device, owner, samples);
            update = new Update(device, program.state(), training);
            graphs = owner.own(new Graphs(device, captures)); // closed before what they replay
            launches = List.copyOf(pieces().values());
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    /// Where the training steps to come find images and learning rates, and leave their results.
    void bind(DeviceImages images, EpochMemory epoch) {
        var addresses = new Addresses(
                images.pixels(),
                images.labels(),
                epoch.order(),
                epoch.learningRates(),
                epoch.lossSums(),
                epoch.correct(),
                device.workspace.address());
        if (!addresses.equals(bound)) {
            graphs.forget();
            body.bind(addresses);
            update.bind(addresses);
            bound = addresses;
        }
    }

    /// Queues training steps from the one that the device is at.
    ///
    /// @param most that are to come
    /// @return how many were queued
    int train(int most) {
        int steps = warm && most >= STEPS_OF_A_GRAPH ? STEPS_OF_A_GRAPH : 1;
        CudaGraph graph = warm ? graphs.of(steps, this::launch) : null;
        if (graph != null) {
            graph.launch();
            return steps;
        }
        launch();
        warm = true;
        return 1;
    }

    /// What [#train] queues, in order and by name.
    Map<String, Runnable> pieces() {
        var pieces = new LinkedHashMap<String, Runnable>();
        pieces.put("begin", update::begin);
        pieces.putAll(body.pieces());
        pieces.put("update", update::finish);
        return pieces;
    }

    private void launch() {
        launches.forEach(Runnable::run);
    }

    /// Queues the evaluation of the images `from ..< from + count`, as one full batch whatever their count: an image's
    /// bits do not depend on how many others there are.
    void evaluate(DeviceImages images, int from, int count) {
        body.evaluate(images, from, count);
    }

    @Override
    public void close() {
        owner.close();
    }
}
