package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.Training;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A training step, or a batch of an evaluation, for one number of samples.
///
/// The first training step is launched piece by piece, since libraries set themselves up at the first call of
/// everything; then steps are captured as graphs and replayed, many in one graph where many follow: between two graphs
/// the device waits for longer than between two steps of one. Addresses are frozen in a graph, so they are captured
/// anew where one of them has changed. Where the driver cannot capture what a library does, every step is launched
/// piece by piece: the bits are the same.
final class Step implements AutoCloseable {
    /// `CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED` to `CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD` of `cuda.h`.
    private static final int FIRST_CAPTURE_ERROR = 900;

    private static final int LAST_CAPTURE_ERROR = 908;

    /// Some milliseconds of work.
    private static final int STEPS_OF_A_GRAPH = 16;

    private final Device device;
    private final Body body;
    private final Update update;
    private final List<Runnable> launches;
    private final Owner owner = new Owner();
    private boolean captures;
    private boolean warm;
    private @Nullable Addresses bound;
    /// By the number of steps in them.
    private final Map<Integer, CudaGraph> graphs = new HashMap<>();

    /// Of what training steps use beside the session's own memory.
    record Addresses(
            long images, long labels, long order, long learningRates, long lossSums, long correct, long workspace) {}

    /// @param captures whether training steps are captured
    Step(Device device, Program program, Training training, int samples, boolean captures) {
        this.device = device;
        this.captures = captures;
        try {
            body = program.layOut(device, owner, samples);
            update = new Update(device, program.state(), training);
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
            forgetGraphs();
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
        CudaGraph graph = warm ? graph(steps) : null;
        if (graph != null) {
            graph.launch();
            return steps;
        }
        launch();
        warm = true;
        return 1;
    }

    /// Null where steps cannot be captured.
    private @Nullable CudaGraph graph(int steps) {
        CudaGraph known = graphs.get(steps);
        if (known != null || !captures) {
            return known;
        }
        try {
            CudaGraph graph = device.gpu.capture(() -> {
                for (int i = 0; i < steps; i++) {
                    launch();
                }
            });
            graphs.put(steps, graph);
            return graph;
        } catch (CudaException failure) {
            if (!isOfCapture(failure)) {
                throw failure;
            }
            captures = false;
            return null;
        }
    }

    /// A library whose call cannot be captured fails in its own words; that it broke the capture tells the end of that,
    /// whose failure is suppressed then.
    private static boolean isOfCapture(CudaException failure) {
        return Stream.concat(Stream.of(failure), Stream.of(failure.getSuppressed()))
                .anyMatch(each -> each instanceof CudaException cuda
                        && cuda.status() >= FIRST_CAPTURE_ERROR
                        && cuda.status() <= LAST_CAPTURE_ERROR);
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

    private void forgetGraphs() {
        try (var forgotten = new Owner()) {
            graphs.values().forEach(forgotten::own);
            graphs.clear();
        }
    }

    @Override
    public void close() {
        try {
            forgetGraphs();
        } finally {
            owner.close();
        }
    }
}
