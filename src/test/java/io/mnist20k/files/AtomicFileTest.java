package io.mnist20k.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    private Path folder;

    @Test
    void anInterruptLeavesTheFileOfBeforeAndIsNotTakenForAFullDisk() throws Exception {
        Path file = folder.resolve("file");
        AtomicFile.write(file, new byte[] {1});
        Thread.currentThread().interrupt();
        UserError failure;
        try {
            failure = assertThrows(UserError.class, () -> AtomicFile.write(file, new byte[] {2, 2}));
        } finally {
            assertTrue(Thread.interrupted(), "nobody would know");
        }
        assertEquals(
                "writing " + file + ": the thread was interrupted; nothing was changed there, so try again",
                failure.getMessage());
        assertEquals(1, Files.size(file));
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count());
        }
    }
}
