package io.mnist20k.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    @Test
    void whatIsNoFileIsNotReplacedByOne() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Path file = Files.createFile(folder.resolve("file"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));
        for (Path target : List.of(pipe, link, dangling, Files.createDirectory(folder.resolve("a folder")))) {
            UserError failure = assertThrows(UserError.class, () -> AtomicFile.write(target, new byte[] {1}));
            String found = Files.isSymbolicLink(target) ? "this is a link, not a file" : "this is not a file";
            assertEquals(
                    "writing " + target + ": " + found + "; give the name of a file, or move this away",
                    failure.getMessage());
            assertFalse(Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS), target.toString());
        }
        assertEquals(0, Files.size(file));
    }

    /// Whoever may write to a folder may put one there.
    @Test
    void aLinkInThePlaceOfTheUnfinishedFileIsNotFollowed() throws Exception {
        Path victim = Files.writeString(folder.resolve("victim"), "mine");
        Path file = folder.resolve("file");
        Files.createSymbolicLink(folder.resolve(".file.unfinished"), victim);
        AtomicFile.write(file, new byte[] {1});
        assertEquals("mine", Files.readString(victim));
        assertTrue(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
        assertEquals(1, Files.size(file));
    }

    /// A process that may write 64 KiB to a file fails within a larger one, as on a disk that is full.
    @Test
    void whatDoesNotFitLeavesTheFileOfBeforeAndNothingElse() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "before");
        String classes = Stream.of(AtomicFile.class, AtomicFileTest.class)
                .map(AtomicFileTest::place)
                .collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder builder = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -f 128; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-UsePerfData",
                        "-cp",
                        classes,
                        Large.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(
                "writing " + file + ": File too large; nothing was changed there, so permit larger ones (ulimit -f) or"
                        + " write to another file system, and try again",
                said.strip());
        assertEquals("before", Files.readString(file));
        try (var left = Files.list(folder)) {
            assertEquals(List.of(file), left.toList());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "No space left on device, free some space or permit writing",
        "Too many open files, permit more of them (ulimit -n)",
        "File name too long, give it a shorter name"
    })
    void theRemedyFitsTheReason(String reason, String remedy) {
        assertEquals(remedy, Reason.remedy(new FileSystemException("file", null, reason)));
    }

    @ParameterizedTest
    @ValueSource(ints = {243, 244, 255})
    void aFileMayHaveTheLongestName(int length) throws Exception {
        Path file = folder.resolve("x".repeat(length));
        AtomicFile.write(file, new byte[] {1});
        assertEquals(1, Files.size(file));
    }

    private static String place(Class<?> of) {
        return Path.of(URI.create(
                        of.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    static final class Large {
        private Large() {}

        public static void main(String[] args) {
            try {
                AtomicFile.write(Path.of(args[0]), new byte[1 << 20]);
            } catch (UserError e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
