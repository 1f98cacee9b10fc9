package io.mnist20k.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Work that processes, and threads of this one, do one after the other.
public final class LockFile {
    private static final Object THREADS = new Object();

    private LockFile() {}

    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /// Waits for whoever holds the lock, then works.
    ///
    /// @param path made if it does not exist, and left: a lock file that is deleted can be locked twice
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
}
