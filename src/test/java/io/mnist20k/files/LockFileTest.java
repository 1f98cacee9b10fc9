package io.mnist20k.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
}
