package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.Split;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

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

    @Test
    void jsonHasExactlyThePromisedKeys() {
        JsonNode answer = train("--seed", "7", "--json").succeeded().json();
        assertEquals(KEYS, List.copyOf(answer.propertyNames()));
        assertEquals("reference", answer.get("device").stringValue());
        assertEquals("tiny", answer.get("recipe").stringValue());
        assertEquals(3, answer.get("epochs").intValue());
        assertEquals(16, answer.get("batch").intValue());
        assertEquals(7, answer.get("seed").longValue());
        assertEquals(run.toString(), answer.get("runDir").stringValue());
        double accuracy = answer.get("finalAccuracy").doubleValue();
        assertTrue(accuracy > 0.5 && accuracy <= answer.get("bestAccuracy").doubleValue(), answer.toString());
        assertTrue(answer.get("imagesPerSecond").doubleValue() > 0);
        assertTrue(answer.get("totalSeconds").doubleValue()
                > answer.get("trainSeconds").doubleValue());
        assertFalse(answer.has("validation") || answer.has("limit") || answer.has("budgetLifted"), answer.toString());
    }

    @Test
    void jsonSaysWhatElseItWasJudgedByAndTrainedOn() {
        JsonNode answer =
                train("--holdout", "--limit", "100", "--json").succeeded().json();
        assertEquals("held-out", answer.get("validation").stringValue());
        assertEquals(100, answer.get("limit").intValue());
    }

    @Test
    void jsonSaysWhereTheBudgetWasLifted() {
        JsonNode answer =
                train("--epochs", "20", "--no-budget", "--json").succeeded().json();
        assertTrue(answer.get("budgetLifted").booleanValue());
        assertEquals(20, answer.get("epochs").intValue());
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
        String log = Files.readString(run.resolve("log.txt"));
        for (String fact : List.of(
                "mnist20k train --device reference", "device reference", "plain loops", "kernel = 3", "right")) {
            assertTrue(log.contains(fact), () -> fact + " is not in:\n" + log);
        }
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
        assertTrue(lines.getLast().contains(run.toString()), lines.toString());
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

    @Test
    void aFinishedRunGoesOnToTheSameModel() throws IOException {
        train("--seed", "5").succeeded();
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
        Files.delete(run.resolve("model.safetensors"));
        Typed.in("train", "--resume", run.toString(), "--json").succeeded().json();
        assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunWhoseImagesWereMovedAsksForTheirPlaceAndKeepsIt(boolean finished) throws IOException {
        Path data = TinySetup.data(folder);
        begin(new ReferenceEngine(), data, () -> !finished);
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
        begin(gone, TinySetup.data(folder), () -> true);
        Typed.in("train", "--resume", run.toString()).failed(1, "--device gone", "where --device names one");
        Typed.in("train", "--resume", run.toString(), "--device", "reference").succeeded();
    }

    private void begin(Engine engine, Path data, BooleanSupplier stop) {
        Recipe recipe = RecipeReader.read(TinySetup.recipe(folder).toString(), List.of());
        var settings = new RunSettings(recipe, 1, false, false, 0, false, data.toString());
        Split files = MnistFolder.at(data).load(false);
        try (RunDirectory directory = RunDirectory.create(run)) {
            new Trainer(engine, settings, files, directory, new TrainingListener() {}, stop).run();
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

    @Test
    void aRunWhoseRecipeWasEditedDoesNotGoOnAsIfItWereNot() throws IOException {
        train().succeeded();
        Path recipe = run.resolve("recipe.toml");
        String edited = Files.readString(recipe).replaceFirst("(?m)^lr = .*$", "lr = 0.123");
        Files.writeString(recipe, edited);
        Typed.in("train", "--resume", run.toString()).failed(1, "recipe was lr = 0.0", "is lr = 0.123 now");
        assertEquals(edited, Files.readString(recipe));
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
