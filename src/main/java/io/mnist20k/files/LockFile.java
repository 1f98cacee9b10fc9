package io.mnist20k.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A file by which processes, and threads of this one, keep out of each other's way. It is made
/// where it does not exist, and left: a lock file that is deleted can be locked twice.
public final class LockFile implements AutoCloseable {
    private static final Object THREADS = new Object();

    /// Held by this process, whose lock would go with any channel to the file that it closes (POSIX, fcntl).
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;

    private LockFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /// Waits for whoever holds the lock, then works.
    ///
    /// @throws IOException where it cannot be made or locked, or of the work
    public static <T> T holding(Path path, Work<T> work) throws IOException {
        synchronized (THREADS) { // of which a file's lock knows nothing
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var lock = channel.lock()) {
                assert lock.isValid();
                return work.run();
            }
        }
    }

    /// Holds the lock until it is closed; nothing where another process or this one holds it.
    ///
    /// @param folder has to exist
    /// @throws IOException where it cannot be made or locked
    public static synchronized Optional<LockFile> take(Path folder, String name) throws IOException {
        Path real = folder.toRealPath().resolve(name);
        if (!HELD.add(real)) {
            return Optional.empty();
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            channel = FileChannel.open(real, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            taken = channel.tryLock() != null;
            return taken ? Optional.of(new LockFile(real, channel)) : Optional.empty();
        } catch (OverlappingFileLockException e) {
            return Optional.empty(); // held by another copy of this class
        } finally {
            if (!taken) {
                closeQuietly(channel);
                HELD.remove(real);
            }
        }
    }

    /// Whether another process or this one holds the lock; makes no file. For the moment that it takes, nobody can take
    /// it.
    ///
    /// @throws IOException where it cannot be looked at
    public static synchronized boolean isHeld(Path folder, String name) throws IOException {
        Path file = folder.resolve(name);
        try {
            if (HELD.contains(file.toRealPath())) {
                return true;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                    var lock = channel.tryLock(0, Long.MAX_VALUE, true)) { // shared: it is open for reading
                return lock == null;
            }
        } catch (NoSuchFileException e) {
            return false;
        } catch (OverlappingFileLockException e) {
            return true; // held by another copy of this class
        }
    }

    public boolean isHeld() {
        return channel.isOpen();
    }

    /// Closing twice is no failure.
    @Override
    public void close() {
        if (channel.isOpen()) {
            closeQuietly(channel);
            HELD.remove(path);
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // nothing was written to it, so nothing is lost
        }
    }
}
