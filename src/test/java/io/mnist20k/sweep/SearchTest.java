package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.Schedule;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TinyRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SearchTest {
    private static final Rungs RUNGS = Rungs.parse("1,2,4");

    @TempDir
    Path folder;

    /// Two rates that learn nothing, and two that learn.
    static List<Candidate> candidates() {
        return Stream.of(1e-7, 1e-6, 0.01, 0.003)
                .map(rate -> candidate("lr " + rate, rate))
                .toList();
    }

    private static Candidate candidate(String name, double rate) {
        Recipe recipe = TinyRun.recipe(
                1, new Optimizer.AdamW(rate, 0.9, 0.99, 1e-8, 0), new Schedule.Constant(), 0, Augmentation.NONE);
        return new Candidate(name, List.of(), recipe);
    }

    /// What a search told.
    static class Heard implements Search.Listener {
        final List<RunSettings> found = new ArrayList<>();
        final List<RunSettings> done = new ArrayList<>();
        final List<Search.Rung> rungs = new ArrayList<>();

        @Override
        public Sweep.Listener begins(int number, int candidates, int seeds, List<RunSettings> runs) {
            assertEquals(rungs.size() + 1, number);
            assertEquals(candidates * seeds, runs.size());
            return new Sweep.Listener() {
                @Override
                public void found(RunSettings run, RunResult result) {
                    found.add(run);
                }

                @Override
                public void done(RunSettings run, RunResult result) {
                    done.add(run);
                }

                @Override
                public void failed(RunSettings run, UserError reason) {
                    throw new AssertionError(reason);
                }
            };
        }

        @Override
        public void done(Search.Rung rung) {
            rungs.add(rung);
        }
    }

    static Search search(Path folder, int atATime, BooleanSupplier stop) {
        Split files = TinyRun.images();
        var onlyTraining = new Split(files.train(), files.train());
        var sweep = new Sweep(folder, onlyTraining, new ReferenceEngine(), atATime, stop);
        return new Search(sweep, RUNGS, 1, 0, false, "");
    }

    /// All but the times.
    static List<String> numbers(List<Search.Rung> rungs) {
        return rungs.stream()
                .flatMap(rung -> rung.standings().stream()
                        .map(standing -> rung.seeds() + " seeds, " + rung.goOn() + " go on: " + standing.candidate()
                                + " " + standing.row().mean() + " ± "
                                + standing.row().deviation() + ", "
                                + standing.row().loss() + " of "
                                + standing.row().runs()))
                .toList();
    }

    @Test
    void theBetterHalfGoesOnAndKeepsItsRuns() {
        var heard = new Heard();
        List<Search.Rung> rungs = search(folder, 2, () -> false).run(candidates(), heard);
        assertEquals(heard.rungs, rungs);
        assertEquals(List.of(1, 2), rungs.stream().map(Search.Rung::seeds).toList());
        assertEquals(List.of(2, 1), rungs.stream().map(Search.Rung::goOn).toList());
        assertEquals(4 + 2, heard.done.size(), "a seed each, and one more for two");
        assertEquals(2, heard.found.size());
        assertTrue(heard.done.stream().allMatch(run -> run.validation() == Validation.HELD_OUT));
        for (Search.Rung rung : rungs) {
            List<Row> rows = rung.standings().stream().map(Search.Standing::row).toList();
            for (int i = 1; i < rows.size(); i++) {
                assertTrue(
                        mean(rows.get(i - 1)) >= mean(rows.get(i)),
                        numbers(rungs).toString());
            }
            assertTrue(rows.stream()
                    .allMatch(row ->
                            row.runs() == rung.seeds() && row.validation().equals("held-out")));
        }
        assertTrue(rungs.getLast().best().candidate().recipe().optimizer().lr() > 1e-3);
    }

    private static double mean(Row row) {
        return Objects.requireNonNull(row.mean());
    }

    @Test
    void aStoppedSearchGoesOnToTheSameNumbers() {
        List<String> whole =
                numbers(search(folder.resolve("whole"), 1, () -> false).run(candidates(), new Heard()));
        Path stopped = folder.resolve("stopped");
        int[] looks = {0};
        int starts = 0;
        List<Search.Rung> rungs = List.of();
        while (rungs.isEmpty()) {
            looks[0] = 0;
            rungs = search(stopped, 1, () -> ++looks[0] > 20).run(candidates(), new Heard());
            assertTrue(++starts < 100, "it does not get on");
        }
        assertTrue(starts > 2, "it was not stopped within each rung, but " + (starts - 1) + " times");
        assertEquals(whole, numbers(rungs));
        var again = new Heard();
        assertEquals(whole, numbers(search(stopped, 2, () -> false).run(candidates(), again)));
        assertTrue(again.done.isEmpty(), "what was done is done again");
    }

    @Test
    void whatDivergesComesLast() {
        List<Candidate> all = List.of(new Candidate("wild", List.of(), TinyRun.wildRecipe()), candidate("tame", 1e-7));
        List<Search.Rung> rungs = search(folder, 1, () -> false).run(all, new Heard());
        assertEquals("tame", rungs.getFirst().best().candidate().origin());
        assertEquals(1, rungs.getFirst().standings().getLast().row().diverged());
    }

    @Test
    void ofEqualMeansTheLowerLossIsBetter() {
        Row best = row(0, 0.5, 1.0);
        Row second = row(0, 0.5, 1.5);
        Row third = row(0, 0.4, 0.1);
        Row wild = row(1, 0.9, 0.1);
        Row lost = row(1, null, null);
        assertEquals(
                List.of(best, second, third, wild, lost),
                Stream.of(lost, third, second, wild, best)
                        .sorted(Search.BEST_FIRST)
                        .toList());
    }

    private static Row row(int diverged, @Nullable Double mean, @Nullable Double loss) {
        return new Row(
                "0123",
                "r",
                "cpu",
                "MNIST",
                "held-out",
                0,
                1,
                1,
                1,
                1,
                diverged,
                mean,
                null,
                loss,
                mean,
                mean,
                null,
                1.0);
    }

    @Test
    void moreCandidatesLaterUseTheRunsOfTheFewer() {
        search(folder, 1, () -> false).run(candidates().subList(1, 4), new Heard());
        var heard = new Heard();
        assertFalse(search(folder, 1, () -> false).run(candidates(), heard).isEmpty());
        assertTrue(heard.found.size() >= 3, heard.found.toString());
    }
}
