package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.files.ShellWord;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingListener;
import java.io.IOException;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class TrainCommandTest {
    private static final List<String> KEYS = List.of(
            "device",
            "deviceName",
            "recipe",
            "parameters",
            "epochs",
            "batch",
            "seed",
            "finalAccuracy",
            "bestAccuracy",
            "finalLoss",
            "trainSeconds",
            "totalSeconds",
            "imagesPerSecond",
            "runDir");

    @TempDir
    Path folder;

    private Path run = Path.of("");

    @BeforeEach
    void chooseAFolder() {
        run = folder.resolve("run");
    }

    /// Steps this long make the last epoch worse than the one before.
    @Test
    void jsonHasThePromisedKeysAloneAndWhatTheMetricsComeTo() throws IOException {
        JsonNode answer = train(
                        "--seed",
                        "7",
                        "--epochs",
                        "2",
                        "--set",
                        "optimizer.lr=0.2",
                        "--set",
                        "schedule.type=constant",
                        "--set",
                        "averaging.decay=0",
                        "--json")
                .succeeded()
                .json();
        assertEquals(KEYS, List.copyOf(answer.propertyNames()));
        assertEquals("reference", answer.get("device").stringValue());
        assertEquals(
                "plain loops in double precision, 1 thread",
                answer.get("deviceName").stringValue());
        assertEquals("tiny", answer.get("recipe").stringValue());
        // 4 · 9 of conv1, 2 · 4 of batchnorm1, 196 · 10 + 10 of dense1
        assertEquals(2014, answer.get("parameters").intValue());
        assertEquals(2, answer.get("epochs").intValue());
        assertEquals(16, answer.get("batch").intValue());
        assertEquals(7, answer.get("seed").longValue());
        assertEquals(run.toString(), answer.get("runDir").stringValue());

        EpochRecord first = metrics().getFirst();
        EpochRecord last = metrics().getLast();
        assertTrue(last.validationAccuracy() < first.validationAccuracy(), last + " after " + first);
        assertEquals(last.validationAccuracy(), answer.get("finalAccuracy").doubleValue());
        assertEquals(first.validationAccuracy(), answer.get("bestAccuracy").doubleValue());
        assertEquals(last.validationLoss(), answer.get("finalLoss").doubleValue());
        double seconds = first.seconds() + last.seconds();
        assertEquals(seconds, answer.get("trainSeconds").doubleValue(), 1e-12 * seconds);
        double rate = 2 / (1 / first.imagesPerSecond() + 1 / last.imagesPerSecond());
        assertEquals(rate, answer.get("imagesPerSecond").doubleValue(), 1e-12 * rate);
    }

    private List<EpochRecord> metrics() throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> JsonMapper.shared().readValue(line, EpochRecord.class))
                .toList();
    }

    /// Where the program was started again, from the start that the person waited for.
    @Test
    void theTotalBeginsWithTheFirstStart() {
        String mark = "-Dmnist20k.started=";
        String start = Restart.command(new String[] {"train"}).stream()
                .filter(argument -> argument.startsWith(mark))
                .map(argument -> argument.substring(mark.length()))
                .findFirst()
                .orElseThrow();
        assertEquals(ManagementFactory.getRuntimeMXBean().getStartTime(), Long.parseLong(start));
        double sinceThisStart = Restart.secondsSinceStart();
        System.setProperty("mnist20k.started", Long.toString(Long.parseLong(start) - 1_000_000));
        try {
            double total = train("--limit", "16", "--epochs", "1", "--json")
                    .succeeded()
                    .json()
                    .get("totalSeconds")
                    .doubleValue();
            assertTrue(total >= sinceThisStart + 1000, "total of " + total + " s");
        } finally {
            System.clearProperty("mnist20k.started");
        }
    }

    @Test
    void theRunDirectoryHoldsWhatIsPromised() throws IOException {
        train().succeeded();
        assertEquals(
                Set.of(
                        ".lock",
                        "checkpoint",
                        "log.txt",
                        "metrics.jsonl",
                        "model.safetensors",
                        "recipe.toml",
                        "report.html"),
                names(run));
        assertEquals(
                TinySetup.EPOCHS,
                Files.readAllLines(run.resolve("metrics.jsonl")).size());
        assertTrue(Files.readString(run.resolve("report.html")).startsWith("<!DOCTYPE html>"));
    }

    @Test
    void aRunThatDivergesEndsItsLogWithTheSentence() throws IOException {
        Typed typed = train(
                        "--set",
                        "optimizer.type=sgd",
                        "--set",
                        "optimizer.lr=100",
                        "--set",
                        "optimizer.weight_decay=10",
                        "--quiet")
                .failed(1, "diverged");
        List<String> log = Files.readAllLines(run.resolve("log.txt"));
        String sentence = typed.err().strip().replace("mnist20k: ", "");
        assertTrue(log.getLast().endsWith(sentence), log.toString());
    }

    @Test
    void peopleSeeTheNetworkALineAnEpochAndAClosingLine() {
        List<String> lines = train().succeeded().out().lines().toList();
        assertTrue(lines.getFirst().startsWith("device reference"), lines.toString());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("conv1")), lines.toString());
        for (int epoch = 1; epoch <= TinySetup.EPOCHS; epoch++) {
            String start = "    " + epoch + "  ";
            assertTrue(lines.stream().anyMatch(line -> line.startsWith(start)), lines.toString());
        }
        assertTrue(lines.getLast().endsWith(run.toString()), lines.toString());
    }

    @Test
    void aLineBreakInTheFoldersNameBreaksNoLine() {
        run = folder.resolve("two\nlines");
        assertEquals(1, train("--quiet").succeeded().out().lines().count());
        run = folder.resolve("three\nlines");
        assertTrue(train().succeeded().out().contains("run directory " + folder.resolve("three?lines")));
    }

    /// As where its reader has gone, or on a full disk.
    @ParameterizedTest
    @ValueSource(strings = {"--json", "--quiet"})
    void aRunWhoseAnswerCannotBeWrittenSaysThatItIsDoneAndHowToSeeIt(String output) {
        var broken = new PrintWriter(new PipedWriter()); // that nobody reads
        var err = new StringWriter();
        String[] args = Typed.train(folder, run, "--require", "1", "--limit", "16", "--epochs", "1", output);
        assertEquals(1, Program.run(args, broken, new PrintWriter(err, true)));
        String again = "train --resume " + run + (output.equals("--json") ? " --json" : "");
        assertTrue(err.toString().endsWith("again: mnist20k " + again + "\n"), err.toString());
        assertTrue(Typed.in(again.split(" ")).succeeded().out().contains(run.toString()));
    }

    /// Opening it would wait for a reader.
    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeInPlaceOfTheLogIsLeftAlone() throws Exception {
        begin(new ReferenceEngine(), settings(TinySetup.data(folder)), new TrainingListener() {}, () -> true);
        String pipe = run.resolve("log.txt").toString();
        assertEquals(0, new ProcessBuilder("mkfifo", pipe).start().waitFor());
        Typed.in("train", "--resume", run.toString()).succeeded();
    }

    @Test
    void quietSaysTheClosingLineAlone() {
        Typed typed = train("--quiet").succeeded();
        assertEquals(1, typed.out().lines().count(), typed.out());
        assertEquals("", typed.err());
    }

    @Test
    void aMissedRequirementIsExitCodeThreeAndStillAnswers() {
        Typed typed = train("--require", "1", "--limit", "16", "--epochs", "1", "--json");
        assertEquals(3, typed.exitCode(), typed.toString());
        assertTrue(typed.json().get("finalAccuracy").doubleValue() < 1, typed.out());
        assertTrue(typed.err().contains("--require 1.0"), typed.err());
    }

    @Test
    void aMetRequirementIsExitCodeZero() {
        double reached = train("--json").succeeded().json().get("finalAccuracy").doubleValue();
        Typed.in(Typed.train(folder, folder.resolve("again"), "--require", Double.toString(reached), "--quiet"))
                .succeeded();
    }

    /// Nothing but the folder is said again.
    @ParameterizedTest
    @CsvSource({
        "--seed 5, 5, '', 0, false",
        "--holdout --limit 40 --set network.1.out=40 --no-budget, 1, held-out, 40, true",
        "--redraw --limit 40, 1, re-drawn, 40, false"
    })
    void aRunGoesOnAsItWasStarted(String options, long seed, String validation, int limit, boolean lifted)
            throws IOException {
        Path whole = folder.resolve("whole");
        Typed.in(Typed.concat(Typed.train(folder, whole, "--quiet"), options.split(" ")))
                .succeeded();
        RunSettings settings;
        try (RunDirectory directory = RunDirectory.reopen(whole)) {
            settings = directory.checkpoint().orElseThrow().settings();
        }
        int[] looks = {0};
        begin(new ReferenceEngine(), settings, new TrainingListener() {}, () -> ++looks[0] > 2);
        assertFalse(Files.exists(run.resolve("model.safetensors")));
        byte[] model = Files.readAllBytes(whole.resolve("model.safetensors"));
        for (boolean finished : new boolean[] {false, true}) {
            JsonNode answer = Typed.in("train", "--resume", run.toString(), "--json")
                    .succeeded()
                    .json();
            assertEquals("reference", answer.get("device").stringValue());
            assertEquals(seed, answer.get("seed").longValue());
            assertEquals(validation, answer.path("validation").asString(""));
            assertEquals(limit, answer.path("limit").asInt(0));
            assertEquals(lifted, answer.has("budgetLifted"));
            assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")), "finished: " + finished);
            Files.delete(run.resolve("model.safetensors"));
        }
    }

    @Test
    void theLogOfARunThatGoesOnSaysBothPartsInOrder() throws IOException {
        Path data = TinySetup.data(folder);
        RunSettings settings = settings(data);
        try (var log = new RunLog(List.of("train", "--out", "a run"))) {
            int[] epochs = {0};
            var counting = new TrainingListener() {
                @Override
                public void epochDone(EpochRecord epoch) {
                    epochs[0]++;
                }
            };
            begin(new ReferenceEngine(), settings, new Listeners(List.of(log, counting)), () -> epochs[0] == 2);
            log.write("stopped");
        }
        String closing = Typed.in("train", "--resume", run.toString())
                .succeeded()
                .out()
                .lines()
                .toList()
                .getLast();
        List<String> epochs = metrics().stream().map(TrainingConsole::line).toList();
        var expected = new ArrayList<String>();
        expected.add("mnist20k train --out 'a run'");
        expected.addAll(logged(settings, "from epoch 1, step 1"));
        expected.addAll(epochs.subList(0, 2));
        expected.add("stopped");
        expected.add("mnist20k train --resume " + ShellWord.of(run.toString()));
        expected.addAll(logged(settings, "from epoch 3, step 1"));
        expected.add(epochs.getLast());
        expected.add(closing);
        String date = "(?m)^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}  ";
        String log = Files.readString(run.resolve("log.txt"));
        assertEquals(expected, log.replaceAll(date, "").lines().toList());
    }

    private static List<String> logged(RunSettings settings, String from) {
        var lines = new ArrayList<String>();
        lines.add(
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", Java " + Runtime.version());
        lines.add("device reference: plain loops in double precision, 1 thread");
        lines.add("203 training images and 101 validation images, seed 1, " + from);
        lines.add("recipe");
        RecipeWriter.toToml(settings.recipe()).strip().lines().forEach(lines::add);
        lines.add("kernels: plain loops");
        lines.add(TrainingConsole.HEADINGS);
        return lines;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunWhoseImagesWereMovedAsksForTheirPlaceAndKeepsIt(boolean finished) throws IOException {
        Path data = TinySetup.data(folder);
        begin(new ReferenceEngine(), settings(data), new TrainingListener() {}, () -> !finished);
        Path moved = Files.move(data, folder.resolve("moved"));
        Typed.in("train", "--resume", run.toString())
                .failed(1, run.toString(), data.toString(), "say with --data where they are");
        Typed.in("train", "--resume", run.toString(), "--data", moved.toString())
                .succeeded();
        Typed.in("train", "--resume", run.toString()).succeeded();
    }

    @Test
    void aRunWhoseDeviceIsGoneAsksForAnother() {
        var gone = new Engine() {
            @Override
            public String name() {
                return "gone";
            }

            @Override
            public String deviceName() {
                return "a device of before";
            }

            @Override
            public Session open(Network network, Training training) {
                return new ReferenceEngine().open(network, training);
            }
        };
        begin(gone, settings(TinySetup.data(folder)), new TrainingListener() {}, () -> true);
        Typed.in("train", "--resume", run.toString()).failed(1, "--device gone", "name that with --device");
        Typed.in("train", "--resume", run.toString(), "--device", "reference").succeeded();
    }

    private RunSettings settings(Path data) {
        Recipe recipe = RecipeReader.read(TinySetup.recipe(folder).toString(), List.of());
        return new RunSettings(recipe, 1, Validation.TEST, 0, false, data.toString());
    }

    private void begin(Engine engine, RunSettings settings, TrainingListener listener, BooleanSupplier stop) {
        Split files = MnistFolder.at(Path.of(settings.dataFolder())).load(settings.validation());
        try (RunDirectory directory = RunDirectory.create(run)) {
            new Trainer(engine, settings, files, directory, listener, stop).run();
        }
    }

    @Test
    void aRunDoesNotGoOnAsAnother() {
        train().succeeded();
        Typed.in("train", "--resume", run.toString(), "--seed", "2").failed(1, "seed", "1", "2");
        Typed.in("train", "--resume", run.toString(), "--epochs", "4").failed(1, "recipe");
        Typed.in("train", "--resume", run.toString(), "--seed", "1", "--epochs", "3", "--quiet")
                .succeeded();
    }

    /// The test files of a held-out run may be gone, and are not asked for.
    @Test
    void aRunGoesOnJudgedByTheImagesThatItBeganWith() throws IOException {
        train("--holdout").succeeded();
        for (String part : List.of("images-idx3-ubyte", "labels-idx1-ubyte")) {
            Files.delete(TinySetup.data(folder).resolve("t10k-" + part));
        }
        Typed.in("train", "--resume", run.toString(), "--redraw")
                .failed(1, "validation (--holdout, --redraw) was held-out and is now re-drawn", "begin a new run");
        Typed.in("train", "--resume", run.toString(), "--holdout", "--redraw").failed(2, "leave one of them out");
        Typed.in("train", "--resume", run.toString(), "--quiet").succeeded();
    }

    @Test
    void aRunWhoseRecipeWasEditedDoesNotGoOnAsIfItWereNot() throws IOException {
        train().succeeded();
        Path recipe = run.resolve("recipe.toml");
        String edited = Files.readString(recipe).replaceFirst("(?m)^lr = .*$", "lr = 0.123");
        Files.writeString(recipe, edited);
        Typed.in("train", "--resume", run.toString()).failed(1, "recipe was lr = 0.0", "is now lr = 0.123");
        assertEquals(edited, Files.readString(recipe));
        Files.writeString(recipe, edited.substring(0, 1));
        Typed.in("train", "--resume", run.toString()).failed(1, recipe.toString(), "delete this file");
        Files.delete(recipe);
        Typed.in("train", "--resume", run.toString(), "--quiet").succeeded();
    }

    @ParameterizedTest
    @CsvSource({"--epochs, epochs", "--batch, batch"})
    void anOptionDoesNotHideAWrongSetting(String option, String key) {
        train(option, "1", "--set", key + "=banana").failed(1, key, "banana");
    }

    @Test
    void holdoutLeavesTheTestFilesAlone() throws IOException {
        Path data = TinySetup.data(folder);
        Files.delete(data.resolve("t10k-images-idx3-ubyte"));
        Files.delete(data.resolve("t10k-labels-idx1-ubyte"));
        JsonNode answer = train("--holdout", "--json").succeeded().json();
        // 33 of 203 images are held out, so that accuracies are multiples of 1/33
        double right = answer.get("finalAccuracy").doubleValue() * 33;
        assertEquals(Math.rint(right), right, 1e-9);
        assertTrue(Files.readString(run.resolve("report.html")).contains("33 held-out images"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"normalization.deskew=false", "normalization.deskew=true"})
    void evaluateAgreesWithTheRun(String images) {
        JsonNode trained = train("--json", "--set", images).succeeded().json();
        String model = run.resolve("model.safetensors").toString();
        String data = TinySetup.data(folder).toString();
        JsonNode answer = Typed.in("evaluate", model, "--data", data, "--device", "reference", "--json")
                .succeeded()
                .json();
        assertEquals(List.of("accuracy", "loss", "count", "errors", "confusion"), List.copyOf(answer.propertyNames()));
        assertEquals(
                trained.get("finalAccuracy").doubleValue(),
                answer.get("accuracy").doubleValue());
        assertEquals(trained.get("finalLoss").doubleValue(), answer.get("loss").doubleValue());
        assertEquals(TinySetup.TEST_IMAGES, answer.get("count").intValue());
        assertEquals(10, answer.get("confusion").size());
        int all = answer.get("confusion")
                .valueStream()
                .flatMap(JsonNode::valueStream)
                .mapToInt(JsonNode::intValue)
                .sum();
        assertEquals(TinySetup.TEST_IMAGES, all);

        String table = Typed.in("evaluate", model, "--data", data, "--device", "reference")
                .succeeded()
                .out();
        assertTrue(table.contains("truth") && table.contains("101 test images"), table);
        assertFalse(table.contains("{"), table);
    }

    @Test
    void oneOfAKindIsSingular() {
        String out = train("--epochs", "1").succeeded().out();
        assertTrue(out.contains(", 1 epoch; ") && out.contains("after 1 epoch and "), out);
    }

    private Typed train(String... more) {
        return Typed.in(Typed.train(folder, run, more));
    }

    static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
