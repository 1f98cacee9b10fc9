package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.check.MadeUpChecks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuCheckCommandTest {
    /// What the help calls the parts.
    private static final Map<String, String> WORDS = Map.ofEntries(
            Map.entry("doctor", "doctor"),
            Map.entry("tests", "the tests for a GPU"),
            Map.entry("training", "a full training"),
            Map.entry("same bits", "the same seed twice"),
            Map.entry("warm", "a training without start-up"),
            Map.entry("peers", "PyTorch"),
            Map.entry("batches", "batch sizes"),
            Map.entry("floor", "the card's limits"),
            Map.entry("step", "a step piece by piece"),
            Map.entry("launches", "the cost of a launch"),
            Map.entry("sanitizer", "NVIDIA's sanitizer"),
            Map.entry("ncu", "NVIDIA's profiler"));

    @TempDir
    private Path folder;

    @Test
    void theHelpNamesThePartsInTheirOrder() {
        String help = Typed.in("gpu-check", "--help").succeeded().out().replaceAll("\\s+", " ");
        int at = help.indexOf("measures training on it: ");
        for (String part : MadeUpChecks.parts()) {
            int next = help.indexOf(WORDS.get(part), at);
            assertTrue(next >= 0, () -> part + " in: " + help);
            at = next;
        }
    }

    @ParameterizedTest
    @CsvSource({"done, 0", "skipped, 0", "failed, 1"})
    void aPartThatFailedFailsTheCommand(String becomes, int exitCode) {
        var out = new StringWriter();
        var lines = new PrintWriter(out);
        try (var stop = new StopRequest(lines)) {
            assertEquals(exitCode, GpuCheckCommand.run(MadeUpChecks.of(folder.resolve("check"), becomes), stop, lines));
        }
        Path json = folder.resolve("check").resolve("gpu-check.json");
        assertTrue(out.toString().contains("results: " + json + " and "), out.toString());
    }

    @Test
    void aStopIsAnExitCodeOfItsOwn() {
        var lines = new PrintWriter(new StringWriter());
        try (var stop = new StopRequest(lines)) {
            stop.received("TERM");
            assertEquals(143, GpuCheckCommand.run(MadeUpChecks.of(folder.resolve("check"), "failed"), stop, lines));
        }
    }
}
