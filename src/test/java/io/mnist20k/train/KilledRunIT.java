package io.mnist20k.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process that is killed in the middle of an epoch, as by a power cut.
class KilledRunIT {
    @TempDir
    Path folder;

    @Test
    @Timeout(60)
    void aKilledRunIsLockedWhileItLivesAndGoesOnToTheSameBits() throws IOException, InterruptedException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("killed");
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        run.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("in the middle of the second epoch", out.readLine());
            UserError error = assertThrows(UserError.class, () -> TinyRun.goOn(run, () -> false));
            assertTrue(String.valueOf(error.getMessage()).contains("another process"), error.getMessage());
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertFalse(Files.exists(run.resolve(RunDirectory.MODEL)));
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        TrainerTest.assertSameRun(whole, run);
    }

    /// Trains until it is killed.
    static final class Victim {
        private Victim() {}

        public static void main(String[] arguments) {
            var listener = new TrainingListener() {
                @Override
                public void stepDone(int epoch, int step, double meanLoss) {
                    if (epoch == 2 && step == 3) {
                        System.out.println("in the middle of the second epoch");
                        try {
                            Thread.sleep(60_000);
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                }
            };
            TinyRun.begin(Path.of(arguments[0]), TinyRun.settings(TinyRun.recipe()), listener, () -> false);
        }
    }
}
