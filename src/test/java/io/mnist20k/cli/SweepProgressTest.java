package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.sweep.RunResult;
import io.mnist20k.train.RunSettings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SweepProgressTest {
    private static final Recipe RECIPE = RecipeReader.read("default", List.of());
    private static final long SECOND = 1_000_000_000L;

    private final StringWriter out = new StringWriter();
    private long now = 17;

    private SweepProgress progress(int runs, int atATime) {
        var lines = new PrintWriter(out, true);
        return new SweepProgress(lines, lines, run -> run.recipe().name(), runs, atATime, () -> now);
    }

    private static RunSettings run(long seed) {
        return RunSettings.of(RECIPE, seed);
    }

    private static RunResult result(long seed) {
        return new RunResult(
                "0123", "default", seed, "cpu", "", "MNIST", "test", 0, 1, 1, 1, 0.9, 0.9, 0.1, 1.0, 1000.0);
    }

    private String last() {
        return out.toString().lines().toList().getLast();
    }

    @Test
    void finishedRunsTakeNoTimeAndTellNoneOfTheOthers() {
        SweepProgress progress = progress(10, 1);
        for (int seed = 1; seed <= 8; seed++) {
            progress.found(run(seed), result(seed));
            assertFalse(last().contains("left"), last());
        }
        now += 60 * SECOND;
        progress.done(run(9), result(9));
        // one run took a minute and one is left; nine runs a minute would leave 6.7 s
        assertTrue(last().contains("(9 of 10, about 1 min 00 s left)"), last());
        now += 60 * SECOND;
        progress.done(run(10), result(10));
        assertTrue(last().endsWith("(10 of 10)"), last());
    }

    @Test
    void runsSideBySideAreDoneInRounds() {
        SweepProgress progress = progress(9, 2);
        now += 100 * SECOND;
        progress.done(run(1), result(1));
        // eight are left, four rounds of 100 s
        assertTrue(last().contains("about 6 min 40 s left"), last());
        progress.done(run(2), result(2));
        assertTrue(last().contains("about 5 min 50 s left"), last());
        now += 100 * SECOND;
        progress.done(run(3), result(3));
        assertTrue(last().contains("about 5 min 00 s left"), last());
        assertEquals(3, out.toString().lines().count());
    }
}
