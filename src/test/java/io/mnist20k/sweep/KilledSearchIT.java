package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A search whose process is killed in the middle of a run, as by a power cut.
class KilledSearchIT {
    @TempDir
    Path folder;

    /// @param looks at whether to stop, one a step: in the first rung's second run, and in the second rung
    @ParameterizedTest
    @ValueSource(ints = {12, 40})
    @Timeout(60)
    void aKilledSearchComesToTheSameEnd(int looks) throws IOException, InterruptedException {
        var whole = SearchTest.search(folder.resolve("whole"), 1, () -> false)
                .run(SearchTest.candidates(), new SearchTest.Heard());
        Path killed = folder.resolve("killed");
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        killed.toString(),
                        Integer.toString(looks))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("in the middle", out.readLine());
        } finally {
            process.destroyForcibly().waitFor();
        }
        var heard = new SearchTest.Heard();
        var goneOn = SearchTest.search(killed, 1, () -> false).run(SearchTest.candidates(), heard);
        assertEquals(SearchTest.numbers(whole), SearchTest.numbers(goneOn));
        assertFalse(heard.found.isEmpty(), "nothing was done when it was killed");
        assertTrue(heard.done.size() < 6, "nothing that was done is done again");
    }

    /// Searches until it is killed.
    static final class Victim {
        private Victim() {}

        public static void main(String[] arguments) {
            int[] left = {Integer.parseInt(arguments[1])};
            SearchTest.search(Path.of(arguments[0]), 1, () -> {
                        if (--left[0] == 0) {
                            System.out.println("in the middle");
                            sleep();
                        }
                        return false;
                    })
                    .run(SearchTest.candidates(), new SearchTest.Heard());
        }

        private static void sleep() {
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
