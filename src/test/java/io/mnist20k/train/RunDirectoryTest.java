package io.mnist20k.train;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mnist20k.UserError;
import io.mnist20k.model.TensorFile;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunDirectoryTest {
    private static final int RACERS = 4;

    @TempDir
    Path folder;

    @Test
    void aNewFolderInWhichNothingWasWrittenGoesAgain() {
        Path path = folder.resolve("runs").resolve("first");
        try (RunDirectory directory = RunDirectory.create(path)) {
            assertTrue(Files.isDirectory(directory.path()));
        }
        assertFalse(Files.exists(folder.resolve("runs")));
    }

    @Test
    void closedTwiceItLeavesWhoHasTheFolderSince() {
        Path path = folder.resolve("run");
        RunDirectory first = RunDirectory.create(path);
        first.close();
        try (RunDirectory second = RunDirectory.create(path)) {
            first.close();
            assertTrue(Files.exists(second.path().resolve(RunDirectory.LOCK)));
        }
    }

    @Test
    void aFolderThatWasThereStays() throws IOException {
        Path path = Files.createDirectory(folder.resolve("mine"));
        Files.createFile(path.resolve("notes.txt"));
        RunDirectory.create(path).close();
        assertTrue(Files.exists(path.resolve("notes.txt")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"checkpoint", "model.safetensors", "metrics.jsonl", "recipe.toml", "report.html", "log.txt"})
    void aFolderWithAnotherRunIsRefusedAndLeftAsItIs(String name) throws IOException {
        Files.createFile(folder.resolve(name));
        UserError error = assertThrows(UserError.class, () -> RunDirectory.create(folder));
        assertSays(error, folder.toString(), name, "--out");
        assertEquals(name.equals("checkpoint"), error.getMessage().contains("--resume"), error.getMessage());
        assertEquals(List.of(folder.resolve(name)), entries(folder));
    }

    private static List<Path> entries(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        }
    }

    @Test
    void twoTrainersDoNotShareAFolder() {
        Path path = folder.resolve("run");
        try (RunDirectory directory = RunDirectory.create(path)) {
            assertSays(assertThrows(UserError.class, () -> RunDirectory.create(directory.path())), "another process");
        }
        RunDirectory.create(path).close();
    }

    @RepeatedTest(100)
    void ofSeveralWhoMakeAFolderOneHasItAndKeepsItsLock() throws Exception {
        Path path = folder.resolve("sweep").resolve("run");
        var winners = new ArrayList<RunDirectory>();
        for (Future<RunDirectory> race : race(() -> RunDirectory.create(path))) {
            try {
                winners.add(race.get());
            } catch (ExecutionException e) {
                assertSays(assertInstanceOf(UserError.class, e.getCause()), "another process");
            }
        }
        assertEquals(1, winners.size());
        assertTrue(Files.exists(path.resolve(RunDirectory.LOCK)), "the lock is gone");
        winners.getFirst().close();
    }

    @RepeatedTest(100)
    void runsThatBeginAtOnceGetFoldersOfTheirOwn() throws Exception {
        Path runs = folder.resolve("runs");
        var paths = new HashSet<Path>();
        for (Future<RunDirectory> race : race(() -> RunDirectory.createUnder(runs, "tiny", 1))) {
            try (RunDirectory directory = race.get()) {
                paths.add(directory.path());
            }
        }
        assertEquals(RACERS, paths.size());
    }

    /// What comes of several who do the same at once; all are through.
    private static List<Future<RunDirectory>> race(Callable<RunDirectory> racer) {
        var races = new ArrayList<Future<RunDirectory>>();
        try (var racers = Executors.newFixedThreadPool(RACERS)) {
            var start = new CountDownLatch(1);
            for (int i = 0; i < RACERS; i++) {
                races.add(racers.submit(() -> {
                    start.await();
                    return racer.call();
                }));
            }
            start.countDown();
        }
        return races;
    }

    @Test
    void runsOfOneSecondGetFoldersOfTheirOwn() {
        try (RunDirectory one = RunDirectory.createUnder(folder, "my recipe/ü", 5);
                RunDirectory two = RunDirectory.createUnder(folder, "my recipe/ü", 5)) {
            assertNotEquals(one.path(), two.path());
            assertEquals(folder, one.path().getParent());
            String name = String.valueOf(one.path().getFileName());
            assertTrue(name.matches("\\d{8}-\\d{6}-my-recipe--s5"), name);
        }
    }

    @Test
    void goingOnWhereThereIsNoRunIsRefusedAndLeavesNothing() throws IOException {
        Path path = Files.createDirectory(folder.resolve("empty"));
        assertSays(assertThrows(UserError.class, () -> RunDirectory.reopen(path)), path.toString(), "no checkpoint");
        assertEquals(List.of(), entries(path));
    }

    @Test
    void goingOnWhereNothingCanBeLookedAtSaysSo() throws IOException {
        Path loop = folder.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        assertSays(assertThrows(UserError.class, () -> RunDirectory.reopen(loop)), loop.toString(), "symbolic links");
    }

    @Test
    void aDamagedCheckpointIsRefusedAndUnlocked() throws IOException {
        Path run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe()).directory();
        Path checkpoint = run.resolve(RunDirectory.CHECKPOINT);
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 3] ^= 1;
        Files.write(checkpoint, bytes);
        for (int i = 0; i < 2; i++) {
            assertSays(assertThrows(UserError.class, () -> RunDirectory.reopen(run)), checkpoint.toString(), "SHA-256");
        }
    }

    /// With a digest that is right: made by hand, not damaged.
    @ParameterizedTest
    @CsvSource({
        ".*, null",
        "dataFolder\":\"\", dataFolder\":\"a\\\\u0000b\"",
        "'holdout\":false,\"redrawn\":false', 'holdout\":true,\"redrawn\":true'",
        "updates\":[0-9]+, updates\":-9",
        "trainLoss\":[0-9.]+, trainLoss\":1e999",
        "epoch\":2, epoch\":7",
        "device\":\"reference\", device\":null"
    })
    void aCheckpointOfNoRunIsRefused(String part, String other) {
        Path run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe()).directory();
        Path path = run.resolve("checkpoint");
        TensorFile file = TensorFile.read("the checkpoint", path);
        var metadata = new TreeMap<>(file.metadata());
        String changed = String.valueOf(metadata.get("run")).replaceFirst(part, other);
        assertNotEquals(metadata.put("run", changed), changed);
        new TensorFile(metadata, file.tensors()).write(path);
        assertSays(
                assertThrows(UserError.class, () -> RunDirectory.reopen(run)),
                path.toString(),
                "its description of the run cannot be",
                "begin the run anew");
    }

    @Test
    void aFolderWithoutALockHasNoneAfterItsCheckpointWasRefused() throws IOException {
        Path checkpoint = Files.createFile(folder.resolve("checkpoint"));
        assertThrows(UserError.class, () -> RunDirectory.reopen(folder));
        assertEquals(List.of(checkpoint), entries(folder));
    }

    @Test
    void aFileInPlaceOfTheFolderIsOneSentence() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertSays(
                assertThrows(UserError.class, () -> RunDirectory.create(file)),
                file.toString(),
                "is not a folder",
                "--out");
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));
        assertSays(assertThrows(UserError.class, () -> RunDirectory.create(dangling)), "is not a folder", "--out");
        Path below = file.resolve("run");
        assertSays(assertThrows(UserError.class, () -> RunDirectory.create(below)), below.toString(), "--out");
    }

    @Test
    void aReadOnlyFolderIsOneSentenceAndStaysEmpty() throws IOException {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"), "no POSIX permissions");
        Path path = Files.createDirectory(folder.resolve("locked"));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
        assumeFalse(Files.isWritable(path), "this user may write everywhere");
        for (Path run : List.of(path, path.resolve("run"))) {
            assertSays(
                    assertThrows(UserError.class, () -> RunDirectory.create(run)), run.toString(), "permission denied");
        }
        assertEquals(List.of(), entries(path));
    }

    /// The device `/dev/full` is a disk without space; the line of the second epoch goes there.
    @Test
    void aFullDiskIsOneSentenceAndLeavesTheCheckpoint() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/full")), "no /dev/full");
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("run");
        Path metrics = run.resolve("metrics.jsonl");
        UserError error = assertThrows(
                UserError.class,
                () -> TinyRun.begin(
                        run,
                        TinyRun.settings(TinyRun.recipe()),
                        afterOneEpoch(() -> {
                            Files.delete(metrics);
                            Files.createSymbolicLink(metrics, Path.of("/dev/full"));
                        }),
                        () -> false));
        assertSays(error, metrics.toString(), "No space left on device", "--resume " + run);
        assertEquals(2, Checkpoint.read(run.resolve("checkpoint")).progress().epochsDone());
        Files.delete(metrics);
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        TrainerTest.assertSameRun(whole, run);
    }

    @Test
    void aCheckpointThatCannotBeWrittenLeavesTheOneBefore() throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("run");
        Path inTheWay = run.resolve(".checkpoint.unfinished");
        UserError error = assertThrows(
                UserError.class,
                () -> TinyRun.begin(
                        run,
                        TinyRun.settings(TinyRun.recipe()),
                        afterOneEpoch(() -> Files.createDirectories(inTheWay.resolve("full"))),
                        () -> false));
        assertSays(error, run.resolve("checkpoint").toString(), "is a folder with files in it", "--resume " + run);
        assertEquals(1, Checkpoint.read(run.resolve("checkpoint")).progress().epochsDone());
        Files.delete(inTheWay.resolve("full"));
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        TrainerTest.assertSameRun(whole, run);
    }

    private interface Accident {
        void happen() throws IOException;
    }

    private static TrainingListener afterOneEpoch(Accident accident) {
        return new TrainingListener() {
            @Override
            public void epochDone(EpochRecord epoch) {
                if (epoch.epoch() == 1) {
                    try {
                        accident.happen();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            }
        };
    }

    /// As a process leaves it that is killed after it wrote its metrics and within its next checkpoint.
    @Test
    void linesAfterTheCheckpointAndUnfinishedFilesDoNotOutliveAResume() throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("run");
        boolean[] stop = {false};
        var stopAfterOneEpoch = new TrainingListener() {
            @Override
            public void epochDone(EpochRecord epoch) {
                stop[0] = true;
            }
        };
        var stopped = TinyRun.begin(run, TinyRun.settings(TinyRun.recipe()), stopAfterOneEpoch, () -> stop[0]);
        assertInstanceOf(TrainingResult.Stopped.class, stopped);
        Path metrics = run.resolve(RunDirectory.METRICS);
        Files.writeString(metrics, Files.readString(metrics) + "{\"epoch\":2,\"tr", StandardOpenOption.WRITE);
        Files.writeString(run.resolve(".checkpoint.unfinished"), "half");
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        TrainerTest.assertSameRun(whole, run);
    }
}
