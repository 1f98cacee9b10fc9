package io.mnist20k.engine.cuda;

import io.mnist20k.UserError;
import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Owner;
import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Lifecycle;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.StepObserver;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/// A network on a GPU. All memory that does not depend on a dataset is allocated when it opens. A failure of the device
/// ends the session: everything is freed, and the failure told in one sentence.
final class CudaSession implements Session {
    private final Network network;
    private final Training training;
    private final boolean captures;
    private final Program program;
    private final Owner owner = new Owner();
    private final Device device;
    private final DeviceBuffer memory;
    private final Held<DeviceImages> trainingImages;
    private final Held<EpochMemory> epochMemory;
    private final Inference inference;
    private final Map<Integer, Step> steps = new HashMap<>();
    private long plannedBytes;
    /// Steps between two reports, as the epochs so far have found it.
    private int stretch;
    private final Lifecycle lifecycle = new Lifecycle();

    /// @param captures whether steps and evaluations are captured as graphs
    /// @param stretch  steps until the first report
    CudaSession(Gpu.Description gpu, Network network, Training training, boolean captures, int stretch) {
        this.network = network;
        this.training = training;
        this.captures = captures;
        this.stretch = stretch;
        try {
            program = Program.of(gpu, network, training);
            plannedBytes = program.memory().bytes();
            device = owner.own(new Device(gpu.ordinal(), training.engine().precision()));
            memory = owner.own(program.allocate(device.gpu));
            program.begin(device, memory);
            trainingImages = owner.own(new Held<>());
            epochMemory = owner.own(new Held<>());
            inference =
                    owner.own(new Inference(device, program, memory, training.batch(), network.classes(), captures));
            step(training.batch());
        } catch (CudaException failure) {
            throw closed("opening a session", failure);
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    @Override
    public String kernels() {
        return program.kernels() + device.makeshifts();
    }

    /// Lays out the step of so many samples where that has not been done.
    private Step step(int samples) {
        Step known = steps.get(samples);
        if (known != null) {
            return known;
        }
        Step step = owner.own(new Step(device, program, training, samples, captures));
        steps.put(samples, step);
        return step;
    }

    @Override
    public int train(Dataset dataset, Epoch epoch, StepObserver observer) {
        return lifecycle.use("training", () -> {
            epoch.requireFits(dataset, training);
            return epoch.firstStep() == epoch.steps()
                    ? epoch.steps()
                    : attempt("training", () -> trainSteps(dataset, epoch, observer));
        });
    }

    private int trainSteps(Dataset dataset, Epoch epoch, StepObserver observer) {
        DeviceImages images =
                trainingImages.get(held -> held.areOf(dataset), () -> new DeviceImages(device.gpu, dataset));
        EpochMemory sent = epochMemory.get(
                held -> held.holds(epoch), () -> new EpochMemory(device.gpu, epoch.order().length, epoch.steps()));
        // Both are laid out before either is bound: laying out may move the workspace.
        Step usual = step(samples(epoch, 0));
        Step last = step(samples(epoch, epoch.steps() - 1));
        usual.bind(images, sent);
        last.bind(images, sent);
        sent.send(epoch, memory, program.state().step.offset() + DeviceState.STEP_POSITION);
        try (var reports = new Reports(device.gpu, sent, epoch.firstStep(), stretch, observer)) {
            boolean goesOn = true;
            for (int step = epoch.firstStep(); goesOn && step < epoch.steps(); ) {
                int whole = epoch.steps() - 1 - step;
                int queued = whole > 0 ? usual.train(Math.min(whole, reports.length())) : last.train(1);
                goesOn = reports.stepsQueued(queued);
                step += queued;
            }
            stretch = reports.length();
            return reports.finish();
        }
    }

    private static int samples(Epoch epoch, int step) {
        return Math.min(epoch.batch(), epoch.order().length - step * epoch.batch());
    }

    @Override
    public float[] logits(Dataset dataset) {
        return lifecycle.use(
                "evaluating", () -> attempt("evaluating", () -> inference.logits(dataset, step(training.batch()))));
    }

    @Override
    public SessionState state() {
        return lifecycle.use(
                "giving its state",
                () -> attempt("reading the state", () -> program.state().read(memory)));
    }

    @Override
    public void restore(SessionState state) {
        lifecycle.restore(() -> attempt("restoring a state", () -> {
            program.state().restore(memory, state, network);
            return state;
        }));
    }

    /// Does something with the GPU, on whichever thread this is.
    private <T> T attempt(String what, Supplier<T> work) {
        return PlatformThread.call(() -> {
            try {
                device.gpu.makeCurrent();
                return work.get();
            } catch (CudaException failure) {
                throw closed(what, failure);
            }
        });
    }

    /// Frees everything because of a failure.
    private UserError closed(String what, CudaException failure) {
        String size = failure.isOutOfDeviceMemory() && plannedBytes > 0
                ? String.format(
                        Locale.ROOT,
                        "; the network in batches of %d needs %,d MiB, and less in smaller ones (--batch)",
                        training.batch(),
                        Math.ceilDiv(plannedBytes, 1 << 20))
                : "";
        var error = new UserError(what + " with --device cuda: " + failure.getMessage() + size, failure);
        lifecycle.end();
        owner.closeAfter(error);
        return error;
    }

    @Override
    public void close() {
        if (lifecycle.close()) {
            attempt("closing a session", () -> {
                owner.close();
                return lifecycle;
            });
        }
    }
}
