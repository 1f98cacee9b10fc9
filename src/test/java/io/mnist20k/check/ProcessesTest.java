package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessesTest {
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    private Path folder;

    private Processes processes() {
        return new Processes(folder, folder.resolve("none.jar"));
    }

    @Test
    void whatAProcessPrintsIsReadAndKept() throws Exception {
        Processes.Ended ended = processes().run("talk", List.of("sh", "-c", "echo said; echo warned >&2; exit 3"));
        assertEquals(3, ended.exitCode());
        assertEquals("said\n", ended.output());
        assertEquals("warned\n", ended.messages());
        assertEquals("said\n", Files.readString(folder.resolve("talk.out")));
        assertEquals("warned\n", Files.readString(folder.resolve("talk.err")));
    }

    @Test
    void whatDoesNotEndInTimeIsEndedWithAllThatItStarted() throws Exception {
        Process late = new ProcessBuilder("sh", "-c", "sleep 600 & echo $!; wait").start();
        long started = Long.parseLong(late.inputReader().readLine());
        assertFalse(Processes.endsWithin(SHORT, late));
        assertFalse(late.isAlive());
        // Where nobody asks how it ended, as in a container without init, it still has its number and no program.
        assertEquals(
                Optional.empty(),
                ProcessHandle.of(started).flatMap(process -> process.info().command()));
    }

    @Test
    void whatDoesNotEndInTimeHasNoEnd() throws Exception {
        assertEquals(Optional.empty(), processes().runWithin(SHORT, "late", List.of("sleep", "600")));
    }

    @Test
    void aProgramThatFailsIsQuotedWithItsLastWords() {
        Part.Failed failed =
                assertThrows(Part.Failed.class, () -> processes().program("doctor", List.of("doctor", "--json")));
        assertTrue(failed.getMessage().startsWith("mnist20k doctor --json ended with 1: "), failed.getMessage());
        assertTrue(failed.getMessage().contains("none.jar"), failed.getMessage());
    }

    @Test
    void lastWordsAreTheLastLineThatSaysSomething() {
        assertEquals("it printed nothing", new Processes.Ended(1, "\n \n", "").lastWords());
        assertEquals("out", new Processes.Ended(1, "out\n", "err\n").lastWords());
        assertEquals(
                "Exception: why",
                new Processes.Ended(1, "", "WARNING: Using incubator modules\nException: why\n\tat a.B.c(B.java:1)\n\n")
                        .lastWords());
        assertEquals("err", new Processes.Ended(1, "", "err\nWARNING: Using incubator modules\n").lastWords());
    }

    @Test
    void whatIsOnThePathIsFound() {
        assertTrue(processes().find("sh").filter(Files::isExecutable).isPresent());
        assertEquals(Optional.empty(), processes().find("no-such-program-anywhere"));
    }
}
