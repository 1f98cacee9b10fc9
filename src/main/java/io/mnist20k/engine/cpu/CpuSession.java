package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.Units;
import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Lifecycle;
import io.mnist20k.engine.Pass;
import io.mnist20k.engine.Profiled;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.StepObserver;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.Work;
import io.mnist20k.network.Network;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// A network on the CPU. What passes between its layers is allocated when it first trains and when it first evaluates,
/// and a thread's scratch when that first works. Training, all threads run the same loop over steps and phases, each
/// over its own blocks, so that a block's data stays in one core's caches from layer to layer; evaluating, each takes
/// blocks through an [Inference].
final class CpuSession implements Session, Profiled {
    private final Network network;
    private final Training training;
    private final int threads;
    private final Team team;
    private final Batch batch;
    private final Gradients gradients;
    private final Update update;
    private final Weights weights;
    private final Scratch scratch;
    private final Program program;
    private Inference inference;
    private final ImageLoader loader;
    private final SoftmaxLoss loss;
    private final Clock clock;
    private final Clock.Lap loadTime;
    private final Clock.Lap lossTime;
    private final Clock.Lap updateTime;
    private final Clock.Lap packTime;
    private final Clock.Lap waitTime;
    private final Lifecycle lifecycle = new Lifecycle();

    CpuSession(Network network, Training training, int threads) {
        this.network = network;
        this.training = training;
        this.threads = threads;
        int blocks = Math.ceilDiv(training.batch(), COUNT);
        team = new Team(Math.min(threads, blocks));
        batch = new Batch(blocks);
        gradients = new Gradients(blocks, network.parameterCount());
        update = new Update(network, training, team.size());
        weights = new Weights(update.parameters, update.statistics);
        clock = new Clock(team.size());
        scratch = new Scratch(threads);
        program = new Program(network, training, batch, blocks, gradients, weights, scratch, clock);
        inference = inference(1);
        loader = new ImageLoader(
                program.input.value(),
                batch,
                training.augmentation(),
                training.normalization(),
                training.seed(),
                blocks);
        loss = new SoftmaxLoss(program.logits, training.labelSmoothing(), batch, blocks);
        long pixels = network.input().elements();
        loadTime = clock.lap(Work.ofStep(Pass.LOAD, pixels + pixels * Float.BYTES));
        lossTime = clock.lap(Work.ofStep(Pass.LOSS, 2L * network.classes() * Float.BYTES));
        updateTime = clock.lap(Work.ofStep(Pass.UPDATE, update.floats(blocks) * Float.BYTES / training.batch()));
        packTime = clock.lap(Work.ofStep(Pass.PACK, 2L * network.parameterCount() * Float.BYTES / training.batch()));
        waitTime = clock.lap(Work.ofStep(Pass.WAIT, 0));
    }

    @Override
    public String kernels() {
        return "vectors of " + COUNT + " floats, " + Units.counted(team.size(), "thread");
    }

    @Override
    public int train(Dataset dataset, Epoch epoch, StepObserver observer) {
        return lifecycle.use("training", () -> {
            epoch.requireFits(dataset, training);
            program.memory.allocate();
            program.convolutions.forEach(convolution -> convolution.pack(weights.parameters()));
            batch.epoch = epoch.epoch();
            var progress = new Progress(epoch.firstStep());
            team.run(worker -> {
                scratch.enter(worker);
                clock.start(worker);
                meet(worker, () -> select(epoch, progress.step));
                while (progress.goesOn && progress.step < epoch.steps()) {
                    runStep(dataset, epoch.learningRates()[progress.step], worker);
                    meet(worker, () -> {
                        update.finish();
                        progress.goesOn = observer.stepDone(progress.step, loss.lossSum(), loss.correct());
                        progress.step++;
                        select(epoch, progress.step);
                    });
                }
            });
            return progress.step;
        });
    }

    /// Where the workers are; changed by one of them while the others wait.
    private static final class Progress {
        int step;
        boolean goesOn = true;

        Progress(int step) {
            this.step = step;
        }
    }

    private void select(Epoch epoch, int step) {
        int from = step * training.batch();
        batch.step = step;
        batch.samples = Math.clamp(epoch.order().length - from, 0, training.batch());
        System.arraycopy(epoch.order(), Math.min(from, epoch.order().length), batch.images, 0, batch.samples);
    }

    private void runStep(Dataset dataset, float learningRate, int worker) {
        for (int block = first(worker); block < first(worker + 1); block++) {
            loader.run(dataset, block);
        }
        clock.book(worker, loadTime);
        run(program.forward, worker);
        for (int block = first(worker); block < first(worker + 1); block++) {
            loss.run(block, dataset.labels());
        }
        clock.book(worker, lossTime);
        run(program.backward, worker);
        update.step(gradients, batch.blocks(), learningRate, worker);
        clock.book(worker, updateTime);
        meet(worker, () -> {});
        pack(worker);
        clock.book(worker, packTime);
    }

    private void run(List<Program.Phase> phases, int worker) {
        for (Program.Phase phase : phases) {
            for (int block = first(worker); block < first(worker + 1); block++) {
                for (Program.Task task : phase.tasks()) {
                    task.body().accept(block);
                    clock.book(worker, task.lap());
                }
            }
            meet(worker, phase.atEnd());
        }
    }

    private void meet(int worker, Runnable serial) {
        team.meet(serial);
        clock.book(worker, waitTime);
    }

    /// The first block of a worker.
    private int first(int worker) {
        return Team.share(batch.blocks(), worker, team.size());
    }

    private void pack(int worker) {
        for (int i = worker; i < program.convolutions.size(); i += team.size()) {
            program.convolutions.get(i).pack(weights.parameters());
        }
    }

    @Override
    public float[] logits(Dataset dataset) {
        return lifecycle.use("evaluating", () -> evaluate(dataset));
    }

    private float[] evaluate(Dataset dataset) {
        int blocks = Math.ceilDiv(dataset.count(), COUNT);
        var evaluators = new Team(evaluators(blocks));
        if (inference.workers() < evaluators.size()) {
            inference = inference(evaluators.size());
        }
        inference.memory.allocate();
        var model = new Weights(update.modelParameters(), update.modelStatistics());
        float[] logits = new float[dataset.count() * inference.classes()];
        // No block waits for another, so a thread that gets less of its core's time takes fewer of them.
        var next = new AtomicInteger();
        evaluators.run(worker -> {
            scratch.enter(worker);
            inference.pack(model, worker, evaluators.size());
            evaluators.meet(() -> {});
            for (int block = next.getAndIncrement(); block < blocks; block = next.getAndIncrement()) {
                inference.run(dataset, block * COUNT, worker, logits);
            }
        });
        return logits;
    }

    /// Threads that evaluate, which may be more than train: a batch may have fewer blocks than there are threads.
    ///
    /// @param blocks of images
    int evaluators(int blocks) {
        return Math.min(Math.min(threads, blocks), inference.memory.mostBlocks());
    }

    private Inference inference(int workers) {
        return new Inference(network, training.normalization(), workers, scratch);
    }

    @Override
    public List<Time> profile(Runnable use) {
        lifecycle.requireOpen();
        List<Clock.Lap> laps = Stream.of(
                        Stream.of(loadTime),
                        laps(program.forward),
                        Stream.of(lossTime),
                        laps(program.backward),
                        Stream.of(updateTime, packTime, waitTime))
                .flatMap(lap -> lap)
                .toList();
        laps.forEach(Clock.Lap::clear);
        clock.turn(true);
        try {
            use.run();
        } finally {
            clock.turn(false);
        }
        return laps.stream().map(lap -> new Time(lap.work(), lap.sum())).toList();
    }

    private static Stream<Clock.Lap> laps(List<Program.Phase> phases) {
        return phases.stream().flatMap(phase -> phase.tasks().stream()).map(Program.Task::lap);
    }

    @Override
    public SessionState state() {
        return lifecycle.use("giving its state", update::state);
    }

    @Override
    public void restore(SessionState state) {
        lifecycle.restore(() -> update.restore(state));
    }

    @Override
    public void close() {
        lifecycle.close();
    }
}
