package io.mnist20k.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The tests tagged `gpu`, run by JUnit's own launcher. Both lie in the folder `check` beside the program's jar.
///
/// @param data the dataset's folder; empty for the cache
record GpuTests(Processes processes, String data) {
    /// Of compute-sanitizer; the slowest last.
    static final List<String> TOOLS = List.of("memcheck", "initcheck", "racecheck");

    /// All there are; by itself JUnit's launcher leaves out those whose names end in IT.
    private static final String CLASSES = ".*(Test|IT)";

    /// The shorter ones first: single kernels, then networks of whole units.
    private static final List<Sanitized> SANITIZED = List.of(
            new Sanitized("kernels", ".*[.]engine[.]cuda[.].*KernelTest"),
            new Sanitized("units", ".*[.]UnitKernelTest"));

    /// @param classes a pattern for the names of classes of tests
    private record Sanitized(String what, String classes) {}

    /// Racecheck can take a hundred times as long as what it watches, and the whole check should take minutes.
    private static final Duration SANITIZER_PATIENCE = Duration.ofSeconds(50);

    /// For all tools together.
    private static final Duration SANITIZERS_PATIENCE = Duration.ofMinutes(2);

    private static final Pattern COUNT =
            Pattern.compile("\\[\\s*(\\d+) tests (found|skipped|aborted|successful|failed)\\s*]");

    /// The last line of memcheck and initcheck, and that of racecheck.
    private static final Pattern FINDINGS =
            Pattern.compile("ERROR SUMMARY: (\\d+) error|RACECHECK SUMMARY: (\\d+) hazard");

    /// @return how many there are and how they ended
    Object run() throws IOException, InterruptedException {
        return judged(processes.run("tests", launcher(CLASSES)));
    }

    /// How many tests there are and how they ended.
    ///
    /// @throws Part.Failed unless some passed, none failed and none was skipped
    static Map<String, Integer> judged(Processes.Ended ended) {
        Map<String, Integer> counts = counts(ended.output());
        if (counts.getOrDefault("found", 0) == 0) {
            throw new Part.Failed("no test ran: " + ended.lastWords(), counts);
        }
        if (!passed(ended)) {
            throw new Part.Failed("not every test passed; see tests.out", counts);
        }
        return counts;
    }

    /// Whether tests passed, and all of them but those that were aborted, since they need what this GPU or driver does
    /// not have.
    private static boolean passed(Processes.Ended ended) {
        Map<String, Integer> counts = counts(ended.output());
        int successful = counts.getOrDefault("successful", 0);
        return ended.exitCode() == 0
                && successful > 0
                && successful + counts.getOrDefault("aborted", 0) == counts.getOrDefault("found", 0);
    }

    static Map<String, Integer> counts(String summary) {
        var counts = new LinkedHashMap<String, Integer>();
        Matcher count = COUNT.matcher(summary);
        while (count.find()) {
            counts.put(count.group(2), Integer.parseInt(count.group(1)));
        }
        return counts;
    }

    /// The tests of kernels under NVIDIA's sanitizer, what it finds soonest first.
    Object sanitize(List<String> tools) throws IOException, InterruptedException {
        Path sanitizer = processes
                .find("compute-sanitizer")
                .orElseThrow(() -> new Part.Skipped(
                        "compute-sanitizer is not on the PATH; NVIDIA's CUDA toolkit has it (cuda-sanitizer)"));
        var errors = new LinkedHashMap<String, Object>();
        long end = System.nanoTime() + SANITIZERS_PATIENCE.toNanos();
        for (String tool : tools) {
            for (Sanitized sanitized : SANITIZED) {
                var left = Duration.ofNanos(end - System.nanoTime());
                errors.put(
                        tool + " errors in " + sanitized.what(),
                        left.toSeconds() > 0
                                ? sanitize(sanitizer, tool, sanitized, left)
                                : "not counted: the others took " + SANITIZERS_PATIENCE.toMinutes() + " minutes");
            }
        }
        return judged(errors);
    }

    /// @return how many errors, or why that is not known
    private Object sanitize(Path sanitizer, String tool, Sanitized sanitized, Duration left)
            throws IOException, InterruptedException {
        Duration patience = left.compareTo(SANITIZER_PATIENCE) < 0 ? left : SANITIZER_PATIENCE;
        var command = new ArrayList<>(List.of(
                sanitizer.toString(), "--tool", tool, "--target-processes", "all", "--report-api-errors", "no"));
        command.addAll(launcher(sanitized.classes()));
        return processes
                .runWithin(patience, "sanitizer-" + tool + "-" + sanitized.what(), command)
                .map(GpuTests::errors)
                .orElse("not counted: it did not end within " + patience.toSeconds() + " s");
    }

    /// @param errors how many each tool found in each set of tests, or why that is not known
    /// @throws Part.Failed where there are errors, or no count at all
    static Map<String, Object> judged(Map<String, Object> errors) {
        if (errors.values().stream().anyMatch(count -> count instanceof Integer number && number > 0)) {
            throw new Part.Failed("compute-sanitizer found errors; see sanitizer-*.out", errors);
        }
        if (errors.values().stream().noneMatch(Integer.class::isInstance)) {
            throw new Part.Failed("compute-sanitizer gave no count; see sanitizer-*.out", errors);
        }
        return errors;
    }

    /// Racecheck's hazards are errors too.
    ///
    /// @return how many there are, or why that is not known: none in tests that did not run are not 0
    static Object errors(Processes.Ended ended) {
        int[] found = FINDINGS.matcher(ended.output() + ended.messages())
                .results()
                .mapToInt(summary -> Integer.parseInt(summary.group(summary.group(1) != null ? 1 : 2)))
                .toArray();
        int errors = IntStream.of(found).sum();
        if (found.length == 0) {
            return "not counted: it gave no summary";
        }
        if (errors == 0 && !passed(ended)) {
            return "not counted: not every test passed";
        }
        return errors;
    }

    /// @param classes a pattern for the names of classes of tests
    private List<String> launcher(String classes) {
        Path folder = processes.jar().resolveSibling("check");
        Path tests = folder.resolve("mnist20k-tests.jar");
        if (!Files.exists(tests)) {
            throw new Part.Skipped("there is no " + tests + "; make dist puts it there, and into the archive");
        }
        return processes.java(
                "-Dmnist20k.require.native=true",
                "-Dmnist20k.jar=" + processes.jar(),
                "-Dmnist20k.data=" + data,
                "-jar",
                folder.resolve("junit.jar").toString(),
                "execute",
                "--class-path=" + processes.jar() + ":" + tests,
                "--scan-class-path=" + tests,
                "--include-tag=gpu",
                "--include-classname=" + classes,
                "--disable-banner",
                "--disable-ansi-colors",
                "--details=tree");
    }
}
