package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuTestsTest {
    private static final String LAUNCHER = "mnist20k.require.native=true mnist20k.jar=./mnist20k.jar"
            + " mnist20k.data=digits execute --class-path=./mnist20k.jar:./check/mnist20k-tests.jar"
            + " --scan-class-path=./check/mnist20k-tests.jar --include-tag=gpu --include-classname=%s"
            + " --disable-banner --disable-ansi-colors --details=tree";

    @TempDir
    private Path folder;

    /// With JUnit's launcher, and jars that nobody looks into.
    private GpuTests packed() throws Exception {
        Path check = Files.createDirectories(folder.resolve("check"));
        MadeUpProgram.jar(check.resolve("junit.jar"));
        Files.writeString(check.resolve("mnist20k-tests.jar"), "");
        return tests();
    }

    private GpuTests tests() {
        return new GpuTests(new Processes(folder, folder.resolve("mnist20k.jar"), folder.toString()), "digits");
    }

    @Test
    void theLauncherIsAskedForAllTestsForAGpu() throws Exception {
        assertEquals(Map.of("found", 2, "successful", 2), packed().run());
        assertEquals(List.of(LAUNCHER.formatted(".*(Test|IT)")), MadeUpProgram.asked(folder, "check/asked"));
    }

    @Test
    void whereNoTestsArePackedTheyAreSkipped() {
        Part.Skipped skipped = assertThrows(Part.Skipped.class, tests()::run);
        assertTrue(String.valueOf(skipped.getMessage()).contains("mnist20k-tests.jar; make dist puts it there"));
    }

    @Test
    void eachToolOfTheSanitizerWatchesKernelsAndThenUnits() throws Exception {
        Path sanitizer = folder.resolve("compute-sanitizer");
        MadeUpTool.write(sanitizer, "echo '" + PASSED + "'; echo '========= ERROR SUMMARY: 0 errors'\n");
        Object errors = packed().sanitize(List.of("racecheck", "memcheck"));
        assertEquals(
                Map.of(
                        "racecheck errors in kernels", 0,
                        "racecheck errors in units", 0,
                        "memcheck errors in kernels", 0,
                        "memcheck errors in units", 0),
                errors);
        List<String> asked = MadeUpTool.asked(sanitizer);
        assertEquals(4, asked.size(), asked.toString());
        assertWatched("racecheck", ".*[.]engine[.]cuda[.].*KernelTest", asked.get(0));
        assertWatched("racecheck", ".*[.]UnitKernelTest", asked.get(1));
        assertWatched("memcheck", ".*[.]engine[.]cuda[.].*KernelTest", asked.get(2));
        assertWatched("memcheck", ".*[.]UnitKernelTest", asked.get(3));
    }

    private static void assertWatched(String tool, String classes, String asked) {
        String options = "--tool " + tool + " --target-processes all --report-api-errors no ";
        assertTrue(asked.startsWith(options), asked);
        String launcher = LAUNCHER.formatted(classes);
        assertTrue(asked.endsWith(launcher.substring(launcher.indexOf("execute"))), asked);
    }

    @Test
    void countsAreReadFromTheSummaryOfTheLauncher() {
        String summary = """
                Test run finished after 64 ms
                [         2 containers found      ]
                [       376 tests found           ]
                [         1 tests skipped         ]
                [       375 tests started         ]
                [         0 tests aborted         ]
                [       374 tests successful      ]
                [         1 tests failed          ]
                """;
        assertEquals(
                Map.of("found", 376, "skipped", 1, "aborted", 0, "successful", 374, "failed", 1),
                GpuTests.counts(summary));
    }

    private static final String PASSED = "[ 2 tests found ]\n[ 2 tests successful ]\n";

    @Test
    void whatASanitizerFoundIsInItsLastLine() {
        assertEquals(3, GpuTests.errors(ended(0, PASSED + "========= ERROR SUMMARY: 3 errors")));
        assertEquals(1, GpuTests.errors(ended(0, PASSED + "========= ERROR SUMMARY: 1 error")));
        assertEquals(0, GpuTests.errors(ended(0, PASSED + "========= ERROR SUMMARY: 0 errors")));
        assertEquals(
                2,
                GpuTests.errors(
                        ended(0, PASSED + "========= RACECHECK SUMMARY: 2 hazards displayed (1 error, 1 warning)")));
        assertEquals(
                0,
                GpuTests.errors(
                        ended(0, PASSED + "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)")));
    }

    @Test
    void everyProcessHasALastLine() {
        assertEquals(
                4,
                GpuTests.errors(
                        ended(0, PASSED + "========= ERROR SUMMARY: 3 errors\n========= ERROR SUMMARY: 1 error\n")));
    }

    @Test
    void aSanitizerWithoutASummaryHasCountedNothing() {
        assertEquals(
                "not counted: it gave no summary", GpuTests.errors(ended(0, PASSED + "========= COMPUTE-SANITIZER")));
    }

    @ParameterizedTest
    @CsvSource({
        "1, [ 2 tests found ] [ 2 tests successful ]",
        "0, [ 2 tests found ] [ 1 tests successful ]",
        "0, [ 2 tests found ] [ 2 tests aborted ]",
        "0, [ 0 tests found ] [ 0 tests successful ]",
        "0, ''"
    })
    void noErrorsInTestsThatDidNotAllPassAreNoResult(int exitCode, String counts) {
        assertEquals(
                "not counted: not every test passed",
                GpuTests.errors(ended(exitCode, counts + "\n========= ERROR SUMMARY: 0 errors")));
    }

    @Test
    void errorsCountWhateverBecameOfTheTests() {
        assertEquals(7, GpuTests.errors(ended(1, "========= ERROR SUMMARY: 7 errors")));
    }

    @Test
    void testsHavePassedWhereNoneFailedAndNoneWasSkipped() {
        assertEquals(Map.of("found", 2, "successful", 2), GpuTests.judged(ended(0, PASSED)));
        String elsewhere = "[ 3 tests found ]\n[ 1 tests aborted ]\n[ 2 tests successful ]\n";
        assertEquals(Map.of("found", 3, "aborted", 1, "successful", 2), GpuTests.judged(ended(0, elsewhere)));
        assertFailed("no test ran: it printed nothing", () -> GpuTests.judged(ended(0, "")));
        assertFailed("not every test passed; see tests.out", () -> GpuTests.judged(ended(1, PASSED)));
        assertFailed(
                "not every test passed; see tests.out",
                () -> GpuTests.judged(ended(0, "[ 2 tests found ]\n[ 2 tests aborted ]\n")));
        assertFailed(
                "not every test passed; see tests.out",
                () -> GpuTests.judged(ended(0, "[ 2 tests found ]\n[ 1 tests skipped ]\n[ 1 tests successful ]\n")));
    }

    @Test
    void oneCountIsEnoughAndNoneIsNot() {
        String unknown = "not counted: it gave no summary";
        Map<String, Object> clean = Map.of("memcheck", 0, "racecheck", unknown);
        assertEquals(clean, GpuTests.judged(clean));
        assertFailed(
                "compute-sanitizer found errors; see sanitizer-*.out",
                () -> GpuTests.judged(Map.of("memcheck", 0, "racecheck", 1)));
        assertFailed(
                "compute-sanitizer gave no count; see sanitizer-*.out",
                () -> GpuTests.judged(Map.of("memcheck", unknown, "racecheck", unknown)));
    }

    private static void assertFailed(String reason, Executable judging) {
        assertEquals(reason, assertThrows(Part.Failed.class, judging).getMessage());
    }

    private static Processes.Ended ended(int exitCode, String output) {
        return new Processes.Ended(exitCode, output, "");
    }
}
