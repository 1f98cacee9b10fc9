package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.Version;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.data.Split;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.StepObserver;
import io.mnist20k.engine.Training;
import io.mnist20k.model.Model;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Trains a network from where its run directory says to the end, or until asked to stop.
///
/// The result is a function of settings, images and kind of device alone: stopping and going on, threads and
/// processes leave no trace in its bits.
public final class Trainer {
    private final Engine engine;
    private final RunSettings settings;
    private final Recipe recipe;
    private final Network network;
    /// Of the images as the files have them.
    private final String digest;
    /// As the files have them too: the report shows its mistakes.
    private final Dataset judged;
    /// As the network sees them.
    private final Split images;
    private final Normalization normalization;
    private final RunDirectory directory;
    private final TrainingListener listener;
    private final BooleanSupplier stopAsked;
    private final int steps;

    /// Writes nothing yet.
    ///
    /// @param files     the dataset as its files have it; the settings select from it
    /// @param directory new, or of a run to go on with, [reopened][RunDirectory#reopen] or still open; it stays
    ///                  open
    /// @param stopAsked looked at after every step; once true the run stops with a checkpoint
    /// @throws UserError where there are too few images to hold any out
    public Trainer(
            Engine engine,
            RunSettings settings,
            Split files,
            RunDirectory directory,
            TrainingListener listener,
            BooleanSupplier stopAsked) {
        this.engine = engine;
        this.settings = settings;
        this.recipe = settings.recipe();
        this.network = recipe.build();
        Split selected = settings.select(files);
        this.digest = selected.digest();
        this.judged = selected.validation();
        this.images = recipe.deskew() ? selected.deskewed() : selected;
        this.normalization = images.train().normalization();
        this.directory = directory;
        this.listener = Objects.requireNonNull(listener, "listener");
        this.stopAsked = Objects.requireNonNull(stopAsked, "stopAsked");
        this.steps = Epoch.steps(images.train().count(), recipe.batch());
    }

    /// Trains. Every finished epoch is in the run directory before the listener hears of it.
    ///
    /// What ends it early leaves the last good checkpoint in the directory. Of a new run that has saved no
    /// progress nothing is left, unless it diverged.
    ///
    /// @throws Divergence where the loss is no longer a number
    /// @throws UserError  where the run to go on with was another, or a file cannot be written
    /// @throws IllegalStateException where the directory is closed, or another training uses it
    public TrainingResult run() {
        return directory.use(this::runThere);
    }

    private TrainingResult runThere() {
        var training = Training.of(recipe, settings.seed(), normalization);
        directory.checkpoint().ifPresent(stopped -> stopped.requireSame(directory.path(), settings, digest));
        // Before anything is written: what the device has no memory for leaves no run.
        try (Session session = engine.open(network, training)) {
            Checkpoint start = start(training);
            directory.begin(settings, start.progress().epochs());
            listener.started(new TrainingListener.Start(
                    settings,
                    network,
                    engine.name(),
                    engine.deviceName(),
                    session.kernels(),
                    images.train().count(),
                    images.validation().count(),
                    steps,
                    start.progress().epochsDone(),
                    start.progress().step(),
                    directory.path()));
            session.restore(start.state());
            return train(session, start.progress());
        } catch (Divergence e) {
            throw e; // its last checkpoint and its log are there to be looked at
        } catch (RuntimeException | Error e) { // such as a full disk, or a full memory in the first step
            directory.takeBack();
            throw e;
        }
    }

    private Checkpoint start(Training training) {
        if (directory.checkpoint().isPresent()) {
            Checkpoint stopped = directory.checkpoint().get();
            // The images may be elsewhere now, which the next one who goes on has to know.
            return stopped.settings().equals(settings) ? stopped : save(stopped.progress(), stopped.state());
        }
        // Written before the first step, so that there is always something to go on from, and an unwritable folder is
        // found out before the first epoch and not after it.
        SessionState untrained = SessionState.initial(network, recipe.initialization(), training);
        return save(Progress.START, untrained);
    }

    private TrainingResult train(Session session, Progress progress) {
        float[] logits = null;
        String kernels = session.kernels();
        while (progress.epochsDone() < recipe.epochs()) {
            var epoch = new RunningEpoch(progress);
            int step = stopAsked.getAsBoolean() ? progress.step() : epoch.train(session);
            if (step < steps) {
                Progress stopped = epoch.progress(step);
                save(stopped, finite(session.state(), epoch, step));
                return new TrainingResult.Stopped(
                        settings, stopped.epochs(), stopped.epochsDone() + 1, step, directory.path());
            }
            long before = System.nanoTime();
            logits = session.logits(images.validation());
            Evaluation evaluation = Evaluation.of(judged, logits);
            EpochRecord record = epoch.record(evaluation, (System.nanoTime() - before) * 1e-9);
            progress = progress.after(record);
            save(progress, finite(session.state(), epoch, step));
            directory.append(record);
            listener.epochDone(record);
            if (!kernels.equals(session.kernels())) {
                kernels = session.kernels();
                listener.kernelsChanged(kernels);
            }
        }
        return finish(session, progress.epochs(), logits != null ? logits : session.logits(images.validation()));
    }

    private TrainingResult finish(Session session, List<EpochRecord> epochs, float[] logits) {
        SessionState state = session.state();
        directory.write(new Model(
                recipe,
                normalization,
                state.modelParameters(),
                state.modelStatistics(),
                new Model.Origin(
                        settings.seed(),
                        settings.validation(),
                        settings.limit(),
                        settings.budgetLifted(),
                        Version.ofProgram())));
        double training =
                epochs.stream().mapToDouble(e -> 1 / e.imagesPerSecond()).sum();
        return new TrainingResult.Finished(
                settings,
                engine.name(),
                engine.deviceName(),
                network.parameterCount(),
                epochs,
                epochs.stream().mapToDouble(EpochRecord::seconds).sum(),
                epochs.size() / training,
                judged,
                logits,
                Evaluation.of(judged, logits),
                directory.path());
    }

    private Checkpoint save(Progress progress, SessionState state) {
        var checkpoint = new Checkpoint(settings, digest, images.train().count(), engine.name(), progress, state);
        directory.write(checkpoint);
        return checkpoint;
    }

    /// A state to go on from has to hold numbers only.
    private SessionState finite(SessionState state, RunningEpoch epoch, int step) {
        Stream.concat(
                        state.slots().stream(),
                        Stream.of(
                                state.parameters(),
                                state.statistics(),
                                state.averagedParameters(),
                                state.averagedStatistics()))
                .forEach(vector -> {
                    for (float value : vector) {
                        if (!Float.isFinite(value)) {
                            throw epoch.diverged("a number of the model or its optimiser is " + value, step);
                        }
                    }
                });
        return state;
    }

    /// One epoch, from where it was stopped.
    private final class RunningEpoch implements StepObserver {
        private final Progress start;
        private final int epoch;
        private final float[] learningRates;
        private double lossSum;
        private long correct;
        private double seconds;
        private @Nullable Divergence divergence;

        RunningEpoch(Progress start) {
            this.start = start;
            this.epoch = start.epochsDone();
            this.learningRates = learningRates(start);
            this.lossSum = start.lossSum();
            this.correct = start.correct();
            this.seconds = start.trainingSeconds();
        }

        private float[] learningRates(Progress progress) {
            float[] rates = new float[steps];
            for (int step = 0; step < steps; step++) {
                double factor = recipe.schedule()
                        .factor(
                                (long) epoch * steps + step,
                                (long) recipe.epochs() * steps,
                                steps,
                                progress.trainingLosses());
                rates[step] = (float) (recipe.optimizer().lr() * factor);
            }
            return rates;
        }

        /// @return the first step that was not done
        int train(Session session) {
            int count = images.train().count();
            var plan = new Epoch(
                    epoch, start.step(), recipe.batch(), SampleOrder.of(settings.seed(), epoch, count), learningRates);
            long before = System.nanoTime();
            int step = session.train(images.train(), plan, this);
            seconds += Math.max(1, System.nanoTime() - before) * 1e-9;
            if (divergence != null) {
                throw divergence;
            }
            return step;
        }

        @Override
        public boolean stepDone(int step, double stepLossSum, int stepCorrect) {
            lossSum += stepLossSum;
            correct += stepCorrect;
            if (divergence == null && !Double.isFinite(stepLossSum)) {
                divergence = diverged("the loss is " + stepLossSum, step + 1);
            }
            listener.stepDone(epoch + 1, step + 1, lossSum / samples(step + 1));
            return divergence == null && !stopAsked.getAsBoolean();
        }

        Progress progress(int step) {
            return new Progress(start.epochs(), step, lossSum, correct, seconds);
        }

        EpochRecord record(Evaluation evaluation, double validationSeconds) {
            if (!Double.isFinite(evaluation.loss())) {
                throw diverged("the validation loss is " + evaluation.loss(), steps);
            }
            return new EpochRecord(
                    epoch + 1,
                    lossSum / samples(steps),
                    (double) correct / samples(steps),
                    evaluation.loss(),
                    evaluation.accuracy(),
                    Double.parseDouble(Float.toString(learningRates[steps - 1])), // 0.01, not 0.009999999776482582
                    seconds + validationSeconds,
                    samples(steps) / seconds);
        }

        Divergence diverged(String found, int step) {
            return new Divergence(String.format(
                    Locale.ROOT,
                    "training diverged: %s in epoch %d of %d, step %d of %d; try a lower learning rate, such as --set "
                            + "optimizer.lr=%s",
                    found,
                    epoch + 1,
                    recipe.epochs(),
                    step,
                    steps,
                    Float.toString((float) (recipe.optimizer().lr() / 10))));
        }

        /// Samples of the epoch's first steps.
        private int samples(int stepsDone) {
            return (int)
                    Math.min((long) stepsDone * recipe.batch(), images.train().count());
        }
    }
}
