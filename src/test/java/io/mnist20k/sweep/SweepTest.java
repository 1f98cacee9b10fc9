package io.mnist20k.sweep;

import static io.mnist20k.Sentence.assertDoesNotSay;
import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.Thrown;
import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Network;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TinyRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SweepTest {
    private static final int SEEDS = 5;

    @TempDir
    Path temporary;

    private Path folder = Path.of("");

    @BeforeEach
    void chooseAFolder() {
        folder = temporary.resolve("sweep");
    }

    private static List<RunSettings> runs(int seeds) {
        return LongStream.rangeClosed(1, seeds)
                .mapToObj(seed -> RunSettings.of(TinyRun.recipe(), seed))
                .toList();
    }

    /// What a sweep told.
    private static class Heard implements Sweep.Listener {
        final List<RunResult> found = new ArrayList<>();
        final List<RunResult> done = new ArrayList<>();
        final List<String> failed = new ArrayList<>();

        @Override
        public void found(RunSettings run, RunResult result) {
            assertTrue(done.isEmpty(), "found after others ran");
            found.add(result);
        }

        @Override
        public void done(RunSettings run, RunResult result) {
            done.add(result);
        }

        @Override
        public void failed(RunSettings run, UserError reason) {
            failed.add(run.seed() + ": " + reason.getMessage());
        }
    }

    private static boolean sweep(Path into, List<RunSettings> runs, int atATime, Heard heard, BooleanSupplier stop) {
        return new Sweep(into, TinyRun.images(), new ReferenceEngine(), atATime, stop).run(runs, heard);
    }

    private static void sweep(Path into, List<RunSettings> runs, int atATime) {
        var heard = new Heard();
        assertTrue(sweep(into, runs, atATime, heard, () -> false), heard.failed.toString());
        assertEquals(runs.size(), heard.found.size() + heard.done.size());
    }

    /// The accuracies and losses, not the times.
    private static List<String> numbers(Path of) {
        return Results.read(of).runs().stream()
                .map(run -> run.variant() + " " + run.seed() + " " + run.finalAccuracy() + " " + run.finalLoss())
                .toList();
    }

    @Test
    void eachRunIsTheOneThatTrainDoesAlone() {
        sweep(folder, runs(SEEDS), 3);
        var alone = TinyRun.finish(temporary.resolve("alone"), TinyRun.recipe());
        sweep(folder, List.of(alone.settings()), 1);
        RunResult same = Results.read(folder).runs().stream()
                .filter(run -> run.seed() == alone.settings().seed())
                .findFirst()
                .orElseThrow();
        RunResult expected = RunResult.of(new Variant("tiny", "reference", same.variant()), alone);
        assertTrue(same.agreesWith(expected), same + " and " + expected);
        assertEquals(SEEDS + 1, numbers(folder).stream().distinct().count());
    }

    @Test
    void aRunThatIsThereTwiceIsDoneOnce() {
        var heard = new Heard();
        RunSettings run = runs(1).getFirst();
        assertTrue(sweep(folder, List.of(run, run), 2, heard, () -> false), heard.failed.toString());
        assertEquals(1, heard.done.size());
    }

    /// Each seed draws images of its own, so a variant is told by what they are drawn from.
    @Test
    void redrawnRunsAreToldApartByTheirFilesAndTheirLimit() {
        List<RunSettings> runs = IntStream.of(5, 6)
                .mapToObj(limit -> new RunSettings(TinyRun.recipe(), 1, Validation.REDRAWN, limit, false, ""))
                .toList();
        sweep(folder, runs, 1);
        assertEquals(2, Results.read(folder).rows().size());

        var heard = new Heard();
        var others = new Split(TinyRun.digits(101, 3), TinyRun.digits(60, 2));
        assertTrue(new Sweep(folder, others, new ReferenceEngine(), 1, () -> false).run(runs.subList(0, 1), heard));
        assertEquals(1, heard.done.size());
        assertEquals(3, Results.read(folder).rows().size());
    }

    @Test
    void shardsRunApartAndMergedAreTheWholeSweep() throws IOException {
        sweep(folder, runs(SEEDS), 2);
        Path shards = temporary.resolve("shards");
        for (int i = 1; i <= 3; i++) {
            sweep(shards.resolve("machine-" + i), new Shard(i, 3).of(runs(SEEDS)), 1);
        }
        assertEquals(numbers(folder), numbers(shards));

        Results.merge(shards);
        byte[] once = Files.readAllBytes(shards.resolve(Results.FILE));
        Results.merge(shards);
        assertArrayEquals(once, Files.readAllBytes(shards.resolve(Results.FILE)));
    }

    @Test
    void shardsThatEndAtOnceLeaveOneWholeFile() throws Exception {
        sweep(folder, runs(2), 2);
        Results.merge(folder);
        byte[] once = Files.readAllBytes(folder.resolve(Results.FILE));
        try (var shards = Executors.newFixedThreadPool(4)) {
            var merges = new ArrayList<Future<Results>>();
            for (int i = 0; i < 100; i++) {
                merges.add(shards.submit(() -> Results.merge(folder)));
            }
            for (Future<Results> merge : merges) {
                merge.get();
            }
        }
        assertArrayEquals(once, Files.readAllBytes(folder.resolve(Results.FILE)));
    }

    @Test
    void whatIsDoneIsNotDoneAgain() throws IOException {
        sweep(folder, runs(2), 1);
        List<Path> models;
        try (var all = Files.walk(folder)) {
            models = all.filter(path -> path.endsWith("model.safetensors")).toList();
        }
        for (Path model : models) {
            Files.delete(model);
        }
        sweep(folder, runs(2), 1);
        assertEquals(2, models.size());
        assertTrue(models.stream().noneMatch(Files::exists), "a finished run was run again");
    }

    @Test
    void anInterruptedSweepIsAStoppedOne() throws Exception {
        Thread sweeping = Thread.currentThread();
        var heard = new Heard() {
            @Override
            public void done(RunSettings run, RunResult result) {
                super.done(run, result);
                sweeping.interrupt();
            }
        };
        assertFalse(sweep(folder, runs(SEEDS), 1, heard, () -> false));
        assertTrue(Thread.interrupted(), "the thread stays interrupted");
        assertEquals(List.of(), heard.failed);
        assertTrue(heard.done.size() < SEEDS, heard.done.size() + " of " + SEEDS + " done");
        sweep(folder, runs(SEEDS), 1);
        Path whole = temporary.resolve("whole");
        sweep(whole, runs(SEEDS), 1);
        assertEquals(numbers(whole), numbers(folder));
    }

    @Test
    void aStoppedSweepGoesOnToTheSameNumbers() {
        sweep(temporary.resolve("whole"), runs(3), 1);
        var heard = new Heard();
        int[] looks = {0};
        assertFalse(sweep(folder, runs(3), 1, heard, () -> ++looks[0] > 40), "the sweep was not stopped");
        assertTrue(heard.done.size() < 3 && heard.failed.isEmpty(), heard.done + " " + heard.failed);
        sweep(folder, runs(3), 2);
        assertEquals(numbers(temporary.resolve("whole")), numbers(folder));
    }

    @Test
    void aRunThatFailsLeavesTheOthersAlone() throws IOException {
        sweep(folder, runs(1), 1);
        Path finished;
        try (var all = Files.walk(folder)) {
            finished = all.filter(path -> path.endsWith(RunResult.FILE))
                    .findFirst()
                    .orElseThrow();
        }
        Files.delete(finished);
        Files.writeString(finished.resolveSibling("checkpoint"), "spoilt");
        var heard = new Heard();
        assertFalse(sweep(folder, runs(3), 1, heard, () -> false));
        assertEquals(2, heard.done.size());
        assertEquals(1, heard.failed.size());
        assertTrue(heard.failed.getFirst().startsWith("1: ")
                && heard.failed.getFirst().contains("checkpoint"));
    }

    /// Whoever reports it knows what to say of a full memory.
    @Test
    void whatNoRunCanHelpIsThrownAsItIs() {
        for (Throwable fault : List.of(
                new OutOfMemoryError("full"), new IllegalStateException("a fault"), new IOException("undeclared"))) {
            var sweep = new Sweep(folder, TinyRun.images(), new Failing(fault), 2, () -> false);
            assertSame(fault, assertThrows(fault.getClass(), () -> sweep.run(runs(2), new Heard())));
        }
    }

    /// And no run that has not begun delays it.
    @Test
    void afterAFaultNoRunBegins() {
        for (Throwable fault : List.of(new IllegalStateException("a fault"), new IOException("undeclared"))) {
            var engine = new Failing(fault);
            var sweep = new Sweep(folder, TinyRun.images(), engine, 1, () -> false);
            assertThrows(fault.getClass(), () -> sweep.run(runs(SEEDS), new Heard()));
            assertEquals(1, engine.opened.get());
        }
    }

    /// As where it is a component that begins a sweep in a synchronized method and listens to it.
    @Test
    @Timeout(60)
    void whoBeginsASweepMayHoldItsListener() {
        var heard = new Heard();
        synchronized (heard) {
            assertTrue(sweep(folder, runs(2), 2, heard, () -> false), heard.failed.toString());
        }
        assertEquals(2, heard.done.size());
    }

    @Test
    void noRunAtATimeIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Sweep(folder, TinyRun.images(), new ReferenceEngine(), 0, () -> false));
    }

    /// The other sweep finishes the run while this one trains another.
    @Test
    void aRunThatAnotherSweepHasDoneMeanwhileIsNotDoneAgain() throws IOException {
        var meanwhile = new Heard() {
            @Override
            public void done(RunSettings run, RunResult result) {
                if (done.isEmpty()) {
                    sweep(folder, runs(2), 1);
                    try {
                        for (Path model : files(RunDirectory.MODEL)) {
                            Files.delete(model);
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
                super.done(run, result);
            }
        };
        assertTrue(sweep(folder, runs(2), 1, meanwhile, () -> false), meanwhile.failed.toString());
        assertEquals(2, meanwhile.done.size());
        assertEquals(List.of(), files(RunDirectory.MODEL), "a finished run was run again");
    }

    private record Failing(Throwable fault, AtomicInteger opened) implements Engine {
        Failing(Throwable fault) {
            this(fault, new AtomicInteger());
        }

        @Override
        public String name() {
            return "failing";
        }

        @Override
        public String deviceName() {
            return "none";
        }

        @Override
        public Session open(Network network, Training training) {
            opened.incrementAndGet();
            throw Thrown.again(fault);
        }
    }

    @Test
    void runsThatDivergeAreCountedAndNotAveraged() {
        var wild = RunSettings.of(TinyRun.wildRecipe(), 1);
        sweep(folder, List.of(wild), 1);
        Row row = Results.read(folder).rows().getFirst();
        assertEquals(0, row.runs());
        assertEquals(1, row.diverged());
        assertNull(row.mean());
        sweep(folder, List.of(wild), 1);
    }

    @Test
    void twoAnswersToOneRunAreRefused() throws IOException {
        sweep(folder.resolve("one"), runs(1), 1);
        sweep(folder.resolve("two"), runs(1), 1);
        assertEquals(1, Results.read(folder).runs().size(), "the same run twice is one run");
        Path two;
        try (var all = Files.walk(folder.resolve("two"))) {
            two = all.filter(path -> path.endsWith(RunResult.FILE)).findFirst().orElseThrow();
        }
        String changed = Files.readString(two).replaceFirst("\"finalLoss\":", "\"finalLoss\":1");
        assertNotEquals(Files.readString(two), changed);
        Files.writeString(two, changed);
        assertSays(assertThrows(UserError.class, () -> Results.read(folder)), two.toString(), "one");

        Files.writeString(two, changed.substring(0, 20));
        assertSays(assertThrows(UserError.class, () -> Results.read(folder)), two.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "null", "{\"variant\":1}", "[]", "\u00ff", "{} {}"})
    void whatIsNoResultIsOneSentenceThatNamesIt(String content) throws IOException {
        sweep(folder, runs(2), 1);
        Path result = files(RunResult.FILE).getFirst();
        Files.write(result, content.getBytes(StandardCharsets.ISO_8859_1));
        UserError error = assertThrows(UserError.class, () -> Results.read(folder));
        assertSays(error, result.toString(), "delete it and run the sweep again");
        for (String inner : List.of("RunResult", "Exception", "deserialize", "Input length")) {
            assertDoesNotSay(error, inner);
        }
    }

    @Test
    void aResultWithoutANameIsNoResult() throws IOException {
        sweep(folder, runs(1), 1);
        Path result = files(RunResult.FILE).getFirst();
        Files.writeString(result, Files.readString(result).replaceFirst("\"recipe\":\"[^\"]*\"", "\"recipe\":null"));
        assertSays(assertThrows(UserError.class, () -> Results.read(folder)), result.toString(), "line 1");
        Path kept = Files.copy(result, folder.resolve("kept.jsonl"));
        UserError error = assertThrows(UserError.class, () -> Results.read("making a table", List.of(kept)));
        assertSays(error, kept.toString(), "line 1", "restore it");
        assertDoesNotSay(error, "delete"); // since it may be all that there is of its runs
    }

    private List<Path> files(String name) throws IOException {
        try (var all = Files.walk(folder)) {
            return all.filter(path -> path.endsWith(name)).sorted().toList();
        }
    }

    @Test
    void whatDecidesTheResultTellsVariantsApart() {
        RunSettings settings = runs(1).getFirst();
        Variant variant = Variant.of(settings, "images", "cpu");
        assertEquals(variant, Variant.of(runs(2).getLast(), "images", "cpu"));
        assertNotEquals(variant, Variant.of(settings, "other images", "cpu"));
        assertNotEquals(variant, Variant.of(settings, "images", "cuda"));
        assertNotEquals(variant, Variant.of(RunSettings.of(TinyRun.wildRecipe(), 1), "images", "cpu"));
    }
}
