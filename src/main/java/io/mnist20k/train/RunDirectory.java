package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.files.LockFile;
import io.mnist20k.files.NewFolders;
import io.mnist20k.files.Reason;
import io.mnist20k.files.ShellWord;
import io.mnist20k.model.Model;
import io.mnist20k.recipe.RecipeWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folder of one run, locked against every other process while it is open. Files appear in it whole or not at
/// all.
public final class RunDirectory implements AutoCloseable {
    public static final String RECIPE = "recipe.toml";
    public static final String METRICS = "metrics.jsonl";
    public static final String MODEL = "model.safetensors";
    public static final String CHECKPOINT = "checkpoint";
    public static final String REPORT = "report.html";
    public static final String LOG = "log.txt";

    /// Stays when the run is over: a lock file that is deleted can be locked twice.
    static final String LOCK = ".lock";

    /// All that a run can leave, but for its lock.
    private static final List<String> FILES = List.of(CHECKPOINT, MODEL, METRICS, RECIPE, REPORT, LOG);

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private final Path path;
    private final List<Path> created;
    private final LockFile lock;
    private @Nullable Checkpoint checkpoint;
    private boolean holdsProgress;
    private final AtomicBoolean inUse = new AtomicBoolean();

    private RunDirectory(Path path, List<Path> created, LockFile lock, @Nullable Checkpoint checkpoint) {
        this.path = path;
        this.created = created;
        this.lock = lock;
        this.checkpoint = checkpoint;
        this.holdsProgress = checkpoint != null;
    }

    /// A folder for a new run, made if it does not exist.
    ///
    /// @throws UserError where it holds another run, another process is using it, or it cannot be written
    public static RunDirectory create(Path path) {
        return create(path, NewFolders.make(path));
    }

    /// @param created for it, innermost first
    private static RunDirectory create(Path path, List<Path> created) {
        LockFile lock;
        try {
            Files.createDirectories(path);
            if (wasNeverLocked(path)) {
                refuseAnotherRun(path);
            }
            lock = lock(path);
        } catch (IOException e) {
            NewFolders.removeEmpty(created);
            throw new UserError(
                    "making the run directory " + path + ": " + Reason.of(e) + "; choose another folder with --out", e);
        } catch (RuntimeException e) {
            NewFolders.removeEmpty(created);
            throw e;
        }
        try {
            refuseAnotherRun(path);
            return new RunDirectory(path, created, lock, null);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static void refuseAnotherRun(Path path) {
        for (String name : FILES) {
            if (Files.exists(path.resolve(name))) {
                throw new UserError("making the run directory " + path + ": it holds the " + name
                        + " of another run; choose another folder with --out"
                        + (Files.exists(path.resolve(CHECKPOINT)) ? ", or resume that run with --resume" : ""));
            }
        }
    }

    /// Whether no run was ever here; a folder that is refused before it is locked is left as it was.
    private static boolean wasNeverLocked(Path path) {
        return !Files.exists(path.resolve(LOCK));
    }

    /// A folder of its own for a new run, named after time, recipe and seed.
    ///
    /// @param recipe the recipe's name
    /// @throws UserError where it cannot be made
    public static RunDirectory createUnder(Path parent, String recipe, long seed) {
        String name = stamp() + "-" + recipe.replaceAll("[^A-Za-z0-9._-]+", "-") + "-s" + seed;
        for (int i = 1; ; i++) {
            Path path = parent.resolve(i == 1 ? name : name + "-" + i);
            List<Path> created = NewFolders.make(path);
            // Of those who ask at once, one has made it, and the others look for another name.
            if (created.contains(path.toAbsolutePath()) || !Files.exists(path)) {
                return create(path, created);
            }
        }
    }

    /// The local time in the name of a folder, such as `20261122-101500`.
    public static String stamp() {
        return STAMP.format(LocalDateTime.now(ZoneId.systemDefault()));
    }

    /// Whether anyone is training in a folder, or it cannot be known.
    public static boolean isInUse(Path path) {
        try {
            return LockFile.isHeld(path, LOCK);
        } catch (IOException e) {
            return true;
        }
    }

    /// The folder of a run to go on with.
    ///
    /// @throws UserError where it holds no checkpoint, another process is using it, or it cannot be written
    public static RunDirectory reopen(Path path) {
        Path checkpoint = path.resolve(CHECKPOINT);
        if (Files.notExists(checkpoint)) {
            throw new UserError("resuming " + path
                    + ": it holds no checkpoint; give the folder of a run, or begin a new one without --resume");
        }
        if (wasNeverLocked(path)) {
            Checkpoint.read(checkpoint); // refused where it is none, before a lock is left there
        }
        LockFile lock = lock(path);
        try {
            return new RunDirectory(path, List.of(), lock, Checkpoint.read(checkpoint));
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /// Where the run is to go on; empty for a run that has not begun.
    public Optional<Checkpoint> checkpoint() {
        return Optional.ofNullable(checkpoint);
    }

    /// Does a training, until whose end the folder stays open: without its lock it may be another's.
    ///
    /// @throws IllegalStateException where it is closed, or another training uses it
    <T> T use(Supplier<T> training) {
        requireIdle(inUse.compareAndExchange(false, true));
        try {
            if (!lock.isHeld()) {
                throw new IllegalStateException("the run directory " + path + " is closed; reopen it");
            }
            return training.get();
        } finally {
            inUse.set(false);
        }
    }

    private void requireIdle(boolean used) {
        if (used) {
            throw new IllegalStateException(
                    "a training uses the run directory " + path + "; wait for it, or stop it through its `stopAsked`");
        }
    }

    void write(Checkpoint now) {
        write(CHECKPOINT, now::write);
        checkpoint = now;
        holdsProgress |= !now.progress().equals(Progress.START);
    }

    /// Removes what a new run wrote that has no progress to go on from.
    void takeBack() {
        if (holdsProgress) {
            return;
        }
        try {
            for (String name : FILES) {
                Files.deleteIfExists(path.resolve(name));
            }
            checkpoint = null;
        } catch (IOException e) {
            // a file more
        }
    }

    void write(Model model) {
        write(MODEL, model::write);
    }

    /// Writes the page that the run ends with.
    ///
    /// @throws UserError where it cannot be written
    public void writeReport(String html) {
        write(REPORT, html);
    }

    private void write(String name, String text) {
        write(name, file -> AtomicFile.write(file, text));
    }

    /// A run with progress is not begun anew for a file that could not be written.
    private void write(String name, Consumer<Path> how) {
        Path file = path.resolve(name);
        try {
            how.accept(file);
        } catch (UserError e) {
            if (holdsProgress && Files.exists(path.resolve(CHECKPOINT)) && e.getCause() instanceof IOException cause) {
                throw notWritten(file, cause);
            }
            throw e;
        }
    }

    private UserError notWritten(Path file, IOException cause) {
        return new UserError(
                "writing " + file + ": " + Reason.of(cause)
                        + (cause instanceof ClosedByInterruptException
                                ? ";"
                                : "; free some space, permit writing or move away what is in the way, and")
                        + " continue with --resume " + ShellWord.of(path.toString()),
                cause);
    }

    /// The recipe, and a line for each epoch that is finished: what a killed run wrote after its checkpoint goes.
    void begin(RunSettings settings, List<EpochRecord> epochs) {
        write(RECIPE, RecipeWriter.toToml(settings.recipe()));
        var lines = new StringBuilder();
        epochs.forEach(epoch -> lines.append(line(epoch)));
        write(METRICS, lines.toString());
    }

    /// Appends a line to the metrics, on the disk when this returns.
    void append(EpochRecord epoch) {
        Path metrics = path.resolve(METRICS);
        try (FileChannel file = FileChannel.open(metrics, StandardOpenOption.WRITE)) {
            long before = file.size();
            try {
                ByteBuffer line = ByteBuffer.wrap(line(epoch).getBytes(StandardCharsets.UTF_8));
                for (long at = before; line.hasRemaining(); ) {
                    at += file.write(line, at);
                }
                file.force(true);
            } catch (IOException e) {
                cutBack(file, before, e);
                throw e;
            }
        } catch (IOException e) {
            throw notWritten(metrics, e);
        }
    }

    /// Half a line would spoil the file for its readers.
    private static void cutBack(FileChannel file, long size, IOException failure) {
        try {
            file.truncate(size);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static String line(EpochRecord epoch) {
        return Json.MAPPER.writeValueAsString(epoch) + "\n";
    }

    /// Lets others use the folder. A new folder in which nothing was written goes again, before anyone else can lock
    /// it.
    ///
    /// @throws IllegalStateException where a training uses it
    @Override
    public void close() {
        requireIdle(inUse.compareAndExchange(false, true));
        try {
            if (lock.isHeld()) {
                release();
            }
        } finally {
            inUse.set(false);
        }
    }

    private void release() {
        if (!created.isEmpty() && holdsOnlyTheLock()) {
            try {
                Files.deleteIfExists(path.resolve(LOCK));
                NewFolders.removeEmpty(created);
            } catch (IOException e) {
                // an empty folder more
            }
        }
        lock.close();
    }

    private boolean holdsOnlyTheLock() {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(entry -> entry.endsWith(LOCK));
        } catch (IOException e) {
            return false; // it may hold what cannot be seen
        }
    }

    private static LockFile lock(Path path) {
        try {
            return LockFile.take(path, LOCK)
                    .orElseThrow(() -> new UserError("using the run directory " + path
                            + ": another process, or this one, is training there; wait for it to end, or choose"
                            + " another folder with --out"));
        } catch (IOException e) {
            throw new UserError(
                    "using the run directory " + path + ": " + Reason.of(e)
                            + "; choose another folder or permit writing to this one",
                    e);
        }
    }
}
