package io.mnist20k.train;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.Version;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.model.Model;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.recipe.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TrainerTest {
    private static final Schedule CONSTANT = new Schedule.Constant();

    @TempDir
    Path folder;

    /// Guessing is right in one of ten; the noise hides some squares from everyone.
    @Test
    void tenEpochsLearnMostOfTheMadeUpDigits() {
        var recipe = TinyRun.recipe(
                10, new Optimizer.Sgd(0.1, 0.9, true, 1e-4), new Schedule.OneCycle(0.2, 0.1, 0), 0, Augmentation.NONE);
        TrainingResult.Finished result = TinyRun.finish(folder.resolve("run"), recipe);
        List<EpochRecord> epochs = result.epochs();
        assertTrue(epochs.getLast().trainLoss() < epochs.getFirst().trainLoss() / 2, epochs.toString());
        assertTrue(result.finalAccuracy() > 0.6 && result.finalAccuracy() < 1, "accuracy " + result.finalAccuracy());
        assertTrue(result.bestAccuracy() >= result.finalAccuracy());
        assertEquals(epochs.getLast().validationLoss(), result.finalLoss());
        assertTrue(result.trainSeconds() > 0 && result.imagesPerSecond() > 0);
    }

    /// What an epoch is said to come to, from what its steps did; the plateau's schedule looks at the losses of the
    /// epochs before.
    @Test
    void everyStepHasTheSchedulesRateAndItsPartInTheMeans() {
        Recipe recipe = TinyRun.recipe();
        var rates = new ArrayList<float[]>();
        var lossSums = new ArrayList<Double>();
        var corrects = new ArrayList<Integer>();
        var told = new ArrayList<Double>();
        var watched = new WatchedEngine((session, dataset, epoch, observer) -> {
            rates.add(epoch.learningRates());
            lossSums.add(0.0);
            corrects.add(0);
            return session.train(dataset, epoch, (step, lossSum, correct) -> {
                lossSums.add(lossSums.removeLast() + lossSum);
                corrects.add(corrects.removeLast() + correct);
                boolean goesOn = observer.stepDone(step, lossSum, correct);
                int samples = Math.min(16 * (step + 1), TinyRun.TRAINING_IMAGES);
                assertEquals(lossSums.getLast() / samples, told.getLast(), 1e-12);
                return goesOn;
            });
        });
        var listener = new TrainingListener() {
            @Override
            public void stepDone(int epoch, int step, double meanLoss) {
                told.add(meanLoss);
            }
        };
        TrainingResult.Finished result;
        try (RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
            result = (TrainingResult.Finished)
                    new Trainer(watched, TinyRun.settings(recipe), TinyRun.images(), directory, listener, () -> false)
                            .run();
        }
        var losses = new ArrayList<Double>();
        double seconds = 0;
        double trainingSeconds = 0;
        for (EpochRecord epoch : result.epochs()) {
            int index = epoch.epoch() - 1;
            for (int step = 0; step < TinyRun.STEPS; step++) {
                double factor = recipe.schedule()
                        .factor(index * TinyRun.STEPS + step, TinyRun.EPOCHS * TinyRun.STEPS, TinyRun.STEPS, losses);
                assertEquals((float) (0.01 * factor), rates.get(index)[step]);
            }
            assertEquals(lossSums.get(index) / TinyRun.TRAINING_IMAGES, epoch.trainLoss(), 1e-12);
            assertEquals((double) corrects.get(index) / TinyRun.TRAINING_IMAGES, epoch.trainAccuracy(), 1e-12);
            assertEquals(rates.get(index)[TinyRun.STEPS - 1], epoch.learningRate(), 1e-9);
            assertTrue(epoch.seconds() > TinyRun.TRAINING_IMAGES / epoch.imagesPerSecond(), epoch.toString());
            losses.add(epoch.trainLoss());
            seconds += epoch.seconds();
            trainingSeconds += TinyRun.TRAINING_IMAGES / epoch.imagesPerSecond();
        }
        assertEquals(TinyRun.EPOCHS, losses.size());
        assertEquals(seconds, result.trainSeconds(), 1e-9);
        assertEquals(TinyRun.EPOCHS * TinyRun.TRAINING_IMAGES / trainingSeconds, result.imagesPerSecond(), 1e-6);
    }

    @Test
    void theSavedModelScoresAsTheTrainedOneDid() {
        TrainingResult.Finished result = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        Model model = Model.read(result.directory().resolve(RunDirectory.MODEL));
        var training = Training.evaluationOnly(model.normalization());
        try (Session session = new ReferenceEngine().open(model.network(), training)) {
            session.restore(SessionState.ofModel(model.parameters(), model.statistics()));
            float[] logits = session.logits(result.validation());
            assertArrayEquals(result.validationLogits(), logits);
            assertEquals(
                    result.finalLoss(),
                    Evaluation.of(result.validation(), logits).loss());
        }
        assertEquals(TinyRun.recipe(), model.recipe());
        assertEquals(new Model.Origin(17, Validation.TEST, 0, false, Version.ofProgram()), model.origin());
    }

    /// As a recipe that does not would on images that are upright already; reported are the images of the files.
    @Test
    void aRecipeThatDeskewsTrainsAndIsJudgedOnUprightImages() {
        Split files = TinyRun.images();
        TrainingResult.Finished deskewed = finish("deskewed", deskewing(), files);
        TrainingResult.Finished upright = finish("upright", TinyRun.recipe(), files.deskewed());
        TrainingResult.Finished slanted = finish("slanted", TinyRun.recipe(), files);
        assertArrayEquals(upright.validationLogits(), deskewed.validationLogits());
        assertFalse(Arrays.equals(slanted.validationLogits(), deskewed.validationLogits()));
        assertSame(files.validation(), deskewed.validation());
    }

    private static Recipe deskewing() {
        String plain = RecipeWriter.toToml(TinyRun.recipe());
        return RecipeReader.parse("tiny", plain.replace("deskew = false", "deskew = true"));
    }

    private TrainingResult.Finished finish(String run, Recipe recipe, Split files) {
        return (TrainingResult.Finished) TinyRun.begin(
                folder.resolve(run), TinyRun.settings(recipe), files, new TrainingListener() {}, () -> false);
    }

    /// As of a program that embeds this one, on the machine of someone who writes numbers in Arabic.
    @Test
    void otherDigitsOfTheLocaleAreInNoFile() throws IOException {
        byte[] expected = Files.readAllBytes(TinyRun.finish(folder.resolve("run"), TinyRun.recipe())
                .directory()
                .resolve(RunDirectory.MODEL));
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            Path run = TinyRun.finish(folder.resolve("other"), TinyRun.recipe()).directory();
            assertArrayEquals(expected, Files.readAllBytes(run.resolve(RunDirectory.MODEL)));
            assertEquals(
                    TinyRun.recipe(),
                    Model.read(run.resolve(RunDirectory.MODEL)).recipe());
            try (RunDirectory named = RunDirectory.createUnder(folder, "tiny", 1)) {
                String name = named.path().getFileName().toString();
                assertTrue(name.matches("[0-9]{8}-[0-9]{6}-tiny-s1"), name);
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aStoppedRunGoesOnInTheSameDirectoryToTheSameBits() throws IOException {
        byte[] expected = Files.readAllBytes(TinyRun.finish(folder.resolve("whole"), TinyRun.recipe())
                .directory()
                .resolve(RunDirectory.MODEL));
        RunSettings settings = TinyRun.settings(TinyRun.recipe());
        try (RunDirectory run = RunDirectory.create(folder.resolve("run"))) {
            var looks = new AtomicInteger();
            assertInstanceOf(
                    TrainingResult.Stopped.class,
                    trainer(run, settings, () -> looks.incrementAndGet() > 7).run());
            var another = new RunSettings(TinyRun.recipe(), 18, Validation.TEST, 0, false, "");
            assertThrows(
                    UserError.class, () -> trainer(run, another, () -> false).run());
            assertInstanceOf(
                    TrainingResult.Finished.class,
                    trainer(run, settings, () -> false).run());
            assertArrayEquals(expected, Files.readAllBytes(run.path().resolve(RunDirectory.MODEL)));
        }
    }

    @Test
    void aClosedDirectoryIsRefused() {
        RunDirectory run = RunDirectory.create(folder.resolve("run"));
        run.close();
        Trainer trainer = trainer(run, TinyRun.settings(TinyRun.recipe()), () -> false);
        assertThrows(IllegalStateException.class, trainer::run);
    }

    /// Its lock would be another's.
    @Test
    void aDirectoryInUseIsNeitherClosedNorUsedTwice() {
        RunSettings settings = TinyRun.settings(TinyRun.recipe());
        try (RunDirectory run = RunDirectory.create(folder.resolve("run"))) {
            var asked = new AtomicBoolean();
            Trainer trainer = trainer(run, settings, () -> {
                assertThrows(IllegalStateException.class, run::close);
                assertThrows(
                        IllegalStateException.class,
                        () -> trainer(run, settings, () -> false).run());
                asked.set(true);
                return false;
            });
            assertInstanceOf(TrainingResult.Finished.class, trainer.run());
            assertTrue(asked.get());
        }
    }

    private static Trainer trainer(RunDirectory run, RunSettings settings, BooleanSupplier stop) {
        return new Trainer(new ReferenceEngine(), settings, TinyRun.images(), run, new TrainingListener() {}, stop);
    }

    @Test
    void anInterruptedThreadLeavesTheCheckpointBefore() {
        Path run = folder.resolve("run");
        UserError error = assertThrows(
                UserError.class,
                () -> TinyRun.begin(
                        run,
                        TinyRun.settings(TinyRun.recipe()),
                        new TrainingListener() {
                            @Override
                            public void epochDone(EpochRecord epoch) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        () -> false));
        assertTrue(Thread.interrupted(), "the thread stays interrupted");
        assertSays(error, "checkpoint: the thread was interrupted; continue with --resume " + run);
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
    }

    @Test
    void theRunDirectoryHoldsItsFilesAndNothingUnfinished() throws IOException {
        Path run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe()).directory();
        assertEquals(Set.of("recipe.toml", "metrics.jsonl", "model.safetensors", "checkpoint", ".lock"), names(run));
        assertEquals(TinyRun.recipe(), RecipeReader.parse("recipe.toml", Files.readString(run.resolve("recipe.toml"))));
    }

    @Test
    void everyEpochIsALineOfTheMetrics() throws IOException {
        TrainingResult.Finished result = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        List<String> lines = Files.readAllLines(result.directory().resolve(RunDirectory.METRICS));
        assertEquals(TinyRun.EPOCHS, lines.size());
        for (int i = 0; i < lines.size(); i++) {
            JsonNode line = JsonMapper.shared().readTree(lines.get(i));
            assertEquals(
                    List.of(
                            "epoch",
                            "trainLoss",
                            "trainAccuracy",
                            "validationLoss",
                            "validationAccuracy",
                            "learningRate",
                            "seconds",
                            "imagesPerSecond"),
                    List.copyOf(line.propertyNames()));
            assertEquals(i + 1, line.get("epoch").intValue());
            assertEquals(
                    result.epochs().get(i).trainLoss(), line.get("trainLoss").doubleValue());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 7, 8, 20})
    void stoppingOnceLeavesNoTrace(int steps) throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("stopped");
        var stopped = assertInstanceOf(TrainingResult.Stopped.class, stopAfter(run, steps));
        assertEquals(steps / TinyRun.STEPS + 1, stopped.epoch());
        assertEquals(steps % TinyRun.STEPS, stopped.stepsDone());
        assertEquals(steps / TinyRun.STEPS, stopped.epochs().size());
        assertFalse(Files.exists(run.resolve(RunDirectory.MODEL)));
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        assertSameRun(whole, run);
    }

    @Test
    void stoppingLeavesNoTraceOnUprightImages() throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), deskewing()).directory();
        Path run = folder.resolve("stopped");
        int[] looks = {0};
        assertInstanceOf(
                TrainingResult.Stopped.class,
                TinyRun.begin(run, TinyRun.settings(deskewing()), new TrainingListener() {}, () -> ++looks[0] > 9));
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
        assertSameRun(whole, run);
    }

    @Test
    void stoppingAfterEveryStepLeavesNoTrace() throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path run = folder.resolve("halting");
        TrainingResult result = stopAfter(run, 1);
        while (result instanceof TrainingResult.Stopped) {
            int[] looks = {0}; // once before the epoch, once after the step
            result = TinyRun.goOn(run, () -> ++looks[0] > 1);
        }
        assertSameRun(whole, run);
    }

    @Test
    void aRunThatFinishedCanBeFinishedAgain() throws IOException {
        Path whole = TinyRun.finish(folder.resolve("whole"), TinyRun.recipe()).directory();
        Path again = TinyRun.finish(folder.resolve("again"), TinyRun.recipe()).directory();
        Files.delete(again.resolve(RunDirectory.MODEL));
        var result = assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(again, () -> false));
        assertEquals(TinyRun.EPOCHS, result.epochs().size());
        assertSameRun(whole, again);
    }

    /// Every step multiplies the weights by 1 - 100 · 1, so that a float's range is left after some twenty.
    @Test
    void aLossThatIsNoNumberStopsAtOnceNamingEpochAndStep() {
        Recipe recipe = TinyRun.recipe(19, new Optimizer.Sgd(100, 0, false, 1), CONSTANT, 0, Augmentation.NONE);
        Path run = folder.resolve("run");
        UserError error = assertThrows(UserError.class, () -> TinyRun.finish(run, recipe));
        int epochsDone =
                Checkpoint.read(run.resolve(RunDirectory.CHECKPOINT)).progress().epochsDone();
        assertTrue(epochsDone > 0, error.getMessage());
        assertSays(error, "epoch " + (epochsDone + 1) + " of 19, step ", " of 7", "optimizer.lr=10.0");
        assertFalse(Files.exists(run.resolve(RunDirectory.MODEL)));
    }

    /// Of layers without a norm, weights of a hundred and more have gradients whose squares are no numbers before the
    /// parameters are none.
    @Test
    void anOptimiserThatLeavesTheNumbersIsDivergence() {
        var layers = new ArrayList<Layer>(List.of(new Layer.MaxPool(4, 4)));
        for (int i = 0; i < 9; i++) {
            layers.add(new Layer.Conv(4, 1, 1, 0, false));
        }
        layers.addAll(List.of(new Layer.Dense(10, true), new Layer.Softmax()));
        Recipe deep = new Recipe(
                "deep",
                3,
                16,
                false,
                layers,
                Initialization.KAIMING_NORMAL,
                new Optimizer.AdamW(100, 0.9, 0.999, 1e-8, 0),
                CONSTANT,
                0,
                Augmentation.NONE,
                0,
                EngineSettings.DEFAULT);
        assertSays(
                assertThrows(Divergence.class, () -> TinyRun.finish(folder.resolve("run"), deep)),
                "a number of the model or its optimiser is Infinity");
    }

    /// With 0 the network is too large to open, with 1 its first epoch.
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aNetworkThatMemoryDoesNotHoldLeavesNoRun(int tooLarge) {
        Path run = folder.resolve("runs").resolve("run");
        assertThrows(OutOfMemoryError.class, () -> begin(run, new SmallMemory(tooLarge)));
        assertFalse(Files.exists(folder.resolve("runs")));
    }

    /// So that who mends it can type the same command again.
    @Test
    void aDiskThatIsFullBeforeTheFirstEpochIsSavedLeavesNoRun() throws IOException {
        Path run = folder.resolve("runs").resolve("run");
        Path inTheWay = run.resolve(".checkpoint.unfinished/full");
        var filled = new WatchedEngine((session, dataset, epoch, observer) -> {
            make(inTheWay);
            return session.train(dataset, epoch, observer);
        });
        assertSays(assertThrows(UserError.class, () -> begin(run, filled)), "checkpoint", "try again");
        assertEquals(Set.of(".lock", ".checkpoint.unfinished"), names(run));
    }

    private static void make(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aMemoryThatIsFullLaterLeavesTheCheckpointBefore() {
        Path run = folder.resolve("run");
        assertThrows(OutOfMemoryError.class, () -> begin(run, new SmallMemory(2)));
        assertEquals(
                1,
                Checkpoint.read(run.resolve(RunDirectory.CHECKPOINT)).progress().epochsDone());
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
    }

    @Test
    void aFullMemoryLeavesTheRunThatWasToGoOn() {
        Path run = folder.resolve("run");
        stopAfter(run, 0);
        try (RunDirectory directory = RunDirectory.reopen(run)) {
            var trainer = new Trainer(
                    new SmallMemory(1),
                    TinyRun.settings(TinyRun.recipe()),
                    TinyRun.images(),
                    directory,
                    new TrainingListener() {},
                    () -> false);
            assertThrows(OutOfMemoryError.class, trainer::run);
        }
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
    }

    private static void begin(Path run, Engine engine) {
        var keepsALog = new TrainingListener() {
            @Override
            public void started(Start start) {
                try {
                    Files.createFile(start.directory().resolve(RunDirectory.LOG));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        try (RunDirectory directory = RunDirectory.create(run)) {
            new Trainer(engine, TinyRun.settings(TinyRun.recipe()), TinyRun.images(), directory, keepsALog, () -> false)
                    .run();
        }
    }

    /// The reference engine, where memory does not hold the network or one of its epochs.
    ///
    /// @param epoch too large, from 1; 0 for the network
    private record SmallMemory(int epoch) implements Engine {
        @Override
        public String name() {
            return "reference";
        }

        @Override
        public String deviceName() {
            return "a small memory";
        }

        @Override
        public Session open(Network network, Training training) {
            if (epoch == 0) {
                throw new OutOfMemoryError("the network");
            }
            return new WatchedEngine((session, dataset, now, observer) -> {
                        if (now.epoch() == epoch - 1) {
                            throw new OutOfMemoryError("epoch " + epoch);
                        }
                        return session.train(dataset, now, observer);
                    })
                    .open(network, training);
        }
    }

    @Test
    void goingOnWithAnotherRunIsRefusedNamingWhatDiffers() {
        Path run = folder.resolve("run");
        stopAfter(run, 3);
        RunSettings same = TinyRun.settings(TinyRun.recipe());
        Recipe other = TinyRun.recipe(2, new Optimizer.Sgd(0.1, 0, false, 0), CONSTANT, 0, Augmentation.NONE);
        assertRefused(run, TinyRun.settings(other), TinyRun.images(), "recipe");
        assertRefused(run, RunSettings.of(same.recipe(), 18), TinyRun.images(), "seed was 17");
        assertRefused(
                run,
                new RunSettings(same.recipe(), 17, Validation.HELD_OUT, 0, false, ""),
                TinyRun.images(),
                "validation (--holdout, --redraw) was test and is now held-out");
        assertRefused(
                run, new RunSettings(same.recipe(), 17, Validation.TEST, 9, false, ""), TinyRun.images(), "limit");
        Split others = new Split(
                TinyRun.digits(TinyRun.TRAINING_IMAGES, 3), TinyRun.images().validation());
        assertRefused(run, same, others, "dataset");
        assertInstanceOf(TrainingResult.Finished.class, TinyRun.goOn(run, () -> false));
    }

    private static void assertRefused(Path run, RunSettings settings, Split images, String fact) {
        try (RunDirectory directory = RunDirectory.reopen(run)) {
            var trainer = new Trainer(
                    new ReferenceEngine(), settings, images, directory, new TrainingListener() {}, () -> false);
            UserError error = assertThrows(UserError.class, trainer::run);
            assertSays(error, fact);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HELD_OUT, 0, 85, 16",
        "HELD_OUT, 30, 30, 16",
        "REDRAWN, 0, 101, 60",
        "REDRAWN, 30, 30, 60",
        "TEST, 30, 30, 60"
    })
    void noImageThatJudgesIsTrainedOn(Validation validation, int limit, int training, int judging) {
        var settings = new RunSettings(TinyRun.recipe(), 17, validation, limit, false, "");
        Split files = TinyRun.images();
        Split selected = settings.select(files);
        Set<ByteBuffer> train = pictures(selected.train());
        Set<ByteBuffer> judge = pictures(selected.validation());
        assertEquals(training, train.size());
        assertEquals(judging, judge.size());
        assertTrue(Collections.disjoint(train, judge));
        Set<ByteBuffer> trainingFiles = pictures(files.train());
        assertEquals(validation == Validation.HELD_OUT, trainingFiles.containsAll(judge));
        assertEquals(validation == Validation.TEST, Collections.disjoint(trainingFiles, judge));
    }

    /// A run that were said to be limited, and is not.
    @ParameterizedTest
    @CsvSource({"TEST, 101", "HELD_OUT, 85"})
    void moreImagesThanThereAreAreRefused(Validation validation, int all) {
        Split files = TinyRun.images();
        assertEquals(all, limited(validation, all).select(files).train().count());
        UserError error =
                assertThrows(UserError.class, () -> limited(validation, all + 1).select(files));
        assertSays(error, "--limit " + (all + 1), "there are " + all + " images");
    }

    private static RunSettings limited(Validation validation, int limit) {
        return new RunSettings(TinyRun.recipe(), 17, validation, limit, false, "");
    }

    /// Each is another, by its noise.
    private static Set<ByteBuffer> pictures(Dataset dataset) {
        int area = dataset.height() * dataset.width();
        return IntStream.range(0, dataset.count())
                .mapToObj(i -> ByteBuffer.wrap(dataset.pixels(), i * area, area).slice())
                .collect(Collectors.toSet());
    }

    /// The training images alone say how bright images are; of those that judge nothing is known.
    @ParameterizedTest
    @EnumSource
    void whatTheSettingsSelectIsTrainedOnAndStandsInTheModel(Validation validation) {
        String small = RecipeWriter.toToml(TinyRun.recipe());
        Recipe overBudget = RecipeReader.parse("tiny", small.replace("out = 4,", "out = 40,"));
        var settings = new RunSettings(overBudget, 17, validation, 30, true, "");
        Split selected = settings.select(TinyRun.images());
        var trainedOn = new ArrayList<Dataset>();
        var watched = new WatchedEngine((session, dataset, epoch, observer) -> {
            trainedOn.add(dataset);
            return session.train(dataset, epoch, observer);
        });
        var seen = new ArrayList<TrainingListener.Start>();
        var listener = new TrainingListener() {
            @Override
            public void started(Start start) {
                seen.add(start);
            }
        };
        TrainingResult.Finished result;
        try (RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
            result = (TrainingResult.Finished)
                    new Trainer(watched, settings, TinyRun.images(), directory, listener, () -> false).run();
        }
        assertArrayEquals(selected.train().pixels(), trainedOn.getLast().pixels());
        assertArrayEquals(selected.validation().pixels(), result.validation().pixels());
        assertEquals(30, seen.getFirst().trainingImages());
        assertEquals(2, seen.getFirst().stepsPerEpoch());
        assertEquals(selected.validation().count(), seen.getFirst().validationImages());
        Model model = Model.read(result.directory().resolve(RunDirectory.MODEL));
        assertEquals(selected.train().normalization(), model.normalization());
        assertEquals(new Model.Origin(17, validation, 30, true, Version.ofProgram()), model.origin());
    }

    @Test
    void theListenerHearsEveryStepOnceAndInOrder() {
        var heard = new ArrayList<Integer>();
        var listener = new TrainingListener() {
            @Override
            public void stepDone(int epoch, int step, double meanLoss) {
                heard.add((epoch - 1) * TinyRun.STEPS + step);
                assertTrue(meanLoss > 0 && meanLoss < 10, "loss " + meanLoss);
            }

            @Override
            public void epochDone(EpochRecord epoch) {
                assertEquals(epoch.epoch() * TinyRun.STEPS, heard.size());
            }
        };
        TinyRun.begin(folder.resolve("run"), TinyRun.settings(TinyRun.recipe()), listener, () -> false);
        assertEquals(
                Stream.iterate(1, i -> i + 1)
                        .limit(TinyRun.EPOCHS * TinyRun.STEPS)
                        .toList(),
                heard);
    }

    private static TrainingResult stopAfter(Path run, int steps) {
        int[] done = {0};
        var listener = new TrainingListener() {
            @Override
            public void stepDone(int epoch, int step, double meanLoss) {
                done[0]++;
            }
        };
        return TinyRun.begin(run, TinyRun.settings(TinyRun.recipe()), listener, () -> done[0] >= steps);
    }

    /// Same bits of model, state and metrics; only the seconds may differ.
    static void assertSameRun(Path expected, Path actual) throws IOException {
        assertEquals(names(expected), names(actual));
        for (String name : List.of(RunDirectory.MODEL, RunDirectory.RECIPE)) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
        }
        assertEquals(timeless(expected), timeless(actual), actual.toString());
        Checkpoint one = Checkpoint.read(expected.resolve(RunDirectory.CHECKPOINT));
        Checkpoint two = Checkpoint.read(actual.resolve(RunDirectory.CHECKPOINT));
        assertEquals(one.settings(), two.settings());
        assertEquals(one.images(), two.images());
        assertEquals(one.state().updates(), two.state().updates());
        assertArrayEquals(one.state().parameters(), two.state().parameters());
        assertArrayEquals(one.state().statistics(), two.state().statistics());
        assertArrayEquals(one.state().averagedParameters(), two.state().averagedParameters());
        assertArrayEquals(one.state().averagedStatistics(), two.state().averagedStatistics());
        assertArrayEquals(
                one.state().slots().toArray(float[][]::new), two.state().slots().toArray(float[][]::new));
    }

    private static List<String> timeless(Path run) throws IOException {
        try (Stream<String> lines = Files.lines(run.resolve(RunDirectory.METRICS))) {
            return lines.map(line -> line.replaceAll("\"(seconds|imagesPerSecond)\":[-+.E0-9]+", "\"$1\":0"))
                    .toList();
        }
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toSet());
        }
    }
}
