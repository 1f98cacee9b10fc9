package io.mnist20k.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LockFileTest {
    @TempDir
    Path folder;

    @Test
    void otherProcessesFindTheFileLockedForAsLongAsTheWorkTakes() throws IOException {
        Path lock = folder.resolve("lock");
        assertEquals("done", LockFile.holding(lock, () -> {
            try (FileChannel other = FileChannel.open(lock, StandardOpenOption.WRITE)) {
                // The answer within the process that holds it; another would get null.
                assertThrows(OverlappingFileLockException.class, other::tryLock);
            }
            return "done";
        }));
        try (FileChannel other = FileChannel.open(lock, StandardOpenOption.WRITE);
                var free = other.tryLock()) {
            assertNotNull(free);
        }
    }

    @Test
    void workThatFailsLeavesItFree() throws IOException {
        Path lock = folder.resolve("lock");
        assertThrows(
                IOException.class,
                () -> LockFile.holding(lock, () -> {
                    throw new IOException("full");
                }));
        assertEquals(1, LockFile.holding(lock, () -> 1));
        assertTrue(Files.exists(lock));
    }

    /// A second one who asks must not cost the first its lock, which POSIX would have it do.
    @Test
    void whoIsRefusedLeavesTheLockToItsHolder() throws Exception {
        Path sameFolder = Files.createSymbolicLink(folder.resolve("other name"), folder);
        LockFile lock = LockFile.take(folder, "lock").orElseThrow();
        assertTrue(LockFile.take(folder, "lock").isEmpty());
        assertTrue(LockFile.take(sameFolder, "lock").isEmpty());
        assertTrue(lock.isHeld() && LockFile.isHeld(sameFolder, "lock"));
        assertEquals(1, exitCodeOfAnotherProcess(), "who was refused gave it away");
        lock.close();
        lock.close();
        assertFalse(lock.isHeld() || LockFile.isHeld(folder, "lock"));
        assertEquals(0, exitCodeOfAnotherProcess());
        LockFile.take(folder, "lock").orElseThrow().close();
    }

    @Test
    void whoAsksMakesNoFile() throws IOException {
        assertFalse(LockFile.isHeld(folder, "lock") || Files.exists(folder.resolve("lock")));
    }

    private int exitCodeOfAnotherProcess() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        placeOf(LockFile.class) + File.pathSeparator + placeOf(LockFileTest.class),
                        Other.class.getName(),
                        folder.toString(),
                        "lock")
                .inheritIO()
                .start()
                .waitFor();
    }

    private static Path placeOf(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /// Ends with 0 where nobody holds the lock.
    static final class Other {
        private Other() {}

        public static void main(String[] args) throws IOException {
            System.exit(LockFile.isHeld(Path.of(args[0]), args[1]) ? 1 : 0);
        }
    }
}
