package io.mnist20k.sweep;

import io.mnist20k.Thrown;
import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Engine;
import io.mnist20k.train.Divergence;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingListener;
import io.mnist20k.train.TrainingResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Runs, several at a time, each into a folder of its own below the sweep's.
///
/// What is there already is not done again: a finished run is left alone, and one that was stopped goes on. So the
/// same sweep can be started as often as it takes, and its shards can run side by side in one folder or apart.
public final class Sweep {
    private static final TrainingListener UNHEARD = new TrainingListener() {};

    private final Path folder;
    private final Split files;
    private final Engine engine;
    private final int atATime;
    private final BooleanSupplier stopAsked;
    private volatile boolean interrupted;
    private volatile boolean broken;

    /// Held while a listener is told something; not its own monitor, which who began the sweep may hold.
    private final Object telling = new Object();

    private final Map<Extent, String> digests = new ConcurrentHashMap<>();

    /// What runs of one sweep can choose of the files.
    private record Extent(Validation validation, int limit) {}

    /// Begins nothing yet.
    ///
    /// @param folder    made if it does not exist
    /// @param files     the dataset as its files have it
    /// @param engine    opens a session for each run at work
    /// @param atATime   runs at work at once, at least 1
    /// @param stopAsked looked at after every step; once true the runs at work stop with a checkpoint, and no other
    ///                  begins
    /// @throws IllegalArgumentException where no run may be at work
    public Sweep(Path folder, Split files, Engine engine, int atATime, BooleanSupplier stopAsked) {
        if (atATime < 1) {
            throw new IllegalArgumentException(atATime + " runs at a time; expected at least 1");
        }
        this.folder = folder;
        this.files = files;
        this.engine = engine;
        this.atATime = atATime;
        this.stopAsked = () -> interrupted || broken || stopAsked.getAsBoolean();
    }

    /// Told what becomes of the runs, one call at a time.
    public interface Listener {
        /// Of the runs that an earlier sweep finished, before any other begins.
        void found(RunSettings run, RunResult result);

        void done(RunSettings run, RunResult result);

        /// @param reason of this machine's, such as a full disk; the other runs go on
        void failed(RunSettings run, UserError reason);
    }

    /// Does what is left to do, a run that is there twice once. An interrupt of this thread stops the runs as
    /// `stopAsked` would; it stays interrupted.
    ///
    /// @return whether all runs are done now, none of them stopped or failed
    public boolean run(List<RunSettings> runs, Listener listener) {
        interrupted = false;
        broken = false;
        var left = new ArrayList<RunSettings>();
        boolean all = true;
        for (RunSettings run : runs.stream().distinct().toList()) {
            Path file = path(run).resolve(RunResult.FILE);
            if (!Files.exists(file)) {
                left.add(run);
                continue;
            }
            try {
                listener.found(run, RunResult.read(file));
            } catch (UserError e) {
                listener.failed(run, e);
                all = false;
            }
        }
        try {
            return train(left, listener) && all;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean train(List<RunSettings> runs, Listener listener) {
        try (var workers = Executors.newFixedThreadPool(
                atATime, Thread.ofPlatform().daemon().name("sweep-", 1).factory())) {
            var outcomes = new ArrayList<Future<Boolean>>();
            for (RunSettings settings : runs) {
                Callable<Boolean> run = () -> train(settings, listener);
                outcomes.add(workers.submit(run));
            }
            boolean all = true;
            for (Future<Boolean> outcome : outcomes) {
                all &= awaited(outcome);
            }
            return all;
        } catch (ExecutionException e) {
            throw Thrown.again(Objects.requireNonNull(e.getCause()));
        }
    }

    private boolean awaited(Future<Boolean> outcome) throws ExecutionException {
        while (true) {
            try {
                return outcome.get();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /// @return whether it is done
    private boolean train(RunSettings settings, Listener listener) {
        try {
            RunResult result = stopAsked.getAsBoolean() ? null : result(settings);
            if (result != null) {
                synchronized (telling) {
                    listener.done(settings, result);
                }
            }
            return result != null;
        } catch (UserError e) {
            synchronized (telling) {
                listener.failed(settings, e);
            }
            return false;
        } catch (Throwable fault) {
            broken = true; // the other runs stop with a checkpoint, so that it is heard of now
            throw fault;
        }
    }

    /// @return null where the run was stopped
    private @Nullable RunResult result(RunSettings settings) {
        Variant variant = variant(settings);
        Path path = path(settings);
        Path file = path.resolve(RunResult.FILE);
        boolean begun = Files.exists(path.resolve(RunDirectory.CHECKPOINT));
        try (RunDirectory directory = begun ? RunDirectory.reopen(path) : RunDirectory.create(path)) {
            if (Files.exists(file)) {
                return RunResult.read(file); // another sweep has done it since this one looked
            }
            RunResult result;
            try {
                switch (new Trainer(engine, settings, files, directory, UNHEARD, stopAsked).run()) {
                    case TrainingResult.Finished finished -> result = RunResult.of(variant, finished);
                    case TrainingResult.Stopped stopped -> {
                        return null;
                    }
                }
            } catch (Divergence e) {
                result = RunResult.diverged(variant, settings, engine.deviceName());
            }
            result.write(file); // while nobody else has the folder
            return result;
        }
    }

    private Path path(RunSettings settings) {
        return folder.resolve(variant(settings).folder(settings.seed()));
    }

    private Variant variant(RunSettings settings) {
        var extent = new Extent(settings.validation(), settings.limit());
        return Variant.of(settings, digests.computeIfAbsent(extent, e -> digest(settings)), engine.name());
    }

    /// Of what all seeds have in common: where each has a split of its own, all images and how they are drawn.
    private String digest(RunSettings settings) {
        return settings.validation() == Validation.REDRAWN
                ? "re-drawn, " + settings.limit() + ", " + files.digest()
                : settings.select(files).digest();
    }
}
