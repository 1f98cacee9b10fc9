package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.network.Layer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RecipeReaderTest {
    static final List<String> BUILT_IN = RecipeReader.BUILT_IN;

    /// The least that is a recipe, with its network in lines 1 to 4.
    private static final String LEAST = """
            network = [
                { type = "dense", out = 10 },
                { type = "softmax" },
            ]
            """;

    @ParameterizedTest
    @FieldSource("BUILT_IN")
    void builtInRecipesAreCalledByTheirNamesAndKeepTheBudget(String name) {
        Recipe recipe = RecipeReader.read(name, List.of());
        assertEquals(name, recipe.name());
        assertTrue(
                recipe.build().parameterCount() < 20_000,
                () -> name + " has " + recipe.build().parameterCount());
        assertTrue(recipe.epochs() < 20, () -> name + " takes " + recipe.epochs());
    }

    @ParameterizedTest
    @FieldSource("BUILT_IN")
    void builtInRecipesSurviveWriting(String name) {
        Recipe recipe = RecipeReader.read(name, List.of());
        assertEquals(recipe, RecipeReader.parse("written", RecipeWriter.toToml(recipe)));
    }

    @Test
    void whatTheParserItselfFailsOnIsRefused() {
        assertRefused(() -> RecipeReader.parse("recipe x", "k={\"\",#\r1"), "recipe x", "not TOML");
        assertRefused(() -> RecipeReader.parse("recipe x", "[optimizer#\0]\nlr = 1"), "recipe x");
        assertRefused(() -> RecipeReader.read("default", List.of("epochs={\"\",#\r1")), "epochs", "text");
    }

    @Test
    void aKeyThatIsMissingMayBeMisspelt() {
        String conv = "network = [{ type = \"conv\", out = 4, %s = 3 }, { type = \"softmax\" }]";
        assertRefused(
                () -> parse(conv.formatted("kernal")), "network.0.kernel is missing", "network.0.kernal a misspelling");
        assertRefused(() -> parse(conv.formatted("width")), "network.0.kernel is missing, expected an integer");
        assertRefused(() -> parse(LEAST.replace("network", "netwrok")), "network is missing", "netwrok a misspelling");
    }

    @Test
    void anIntegerHasAnEnd() {
        assertRefused(() -> parse(LEAST + "\nepochs = 99999999999"), "epochs", "99999999999", "of 32 bits");
        assertRefused(() -> parse(LEAST + "\nepochs = -99999999999"), "epochs", "-99999999999", "of 32 bits");
    }

    @Test
    void everyPackedRecipeIsBuiltIn() throws IOException {
        try (var files = Files.list(Path.of("src/main/resources/recipes"))) {
            assertEquals(
                    BUILT_IN.stream().map(name -> name + ".toml").sorted().toList(),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void defaultRecipeHasBothKindsOfConvolutionAndAllThatGoesWithThem() {
        Recipe recipe = RecipeReader.read("default", List.of());
        List<Layer> layers = recipe.network();
        assertTrue(layers.stream().anyMatch(layer -> layer instanceof Layer.Conv c && c.kernel() == 3));
        assertTrue(layers.stream().anyMatch(layer -> layer instanceof Layer.Conv c && c.kernel() == 1));
        assertTrue(layers.stream().anyMatch(Layer.BatchNorm.class::isInstance));
        assertTrue(layers.stream().anyMatch(Layer.MaxPool.class::isInstance));
        assertTrue(
                layers.stream().anyMatch(layer -> layer instanceof Layer.Dropout || layer instanceof Layer.Dropout2d));
        assertNotEquals(new Schedule.Constant(), recipe.schedule());
    }

    @Test
    void everythingButTheNetworkHasADefault() {
        assertEquals(
                new Recipe(
                        "unnamed",
                        19,
                        128,
                        false,
                        List.of(new Layer.Dense(10, true), new Layer.Softmax()),
                        Initialization.KAIMING_NORMAL,
                        new Optimizer.AdamW(0.01, 0.9, 0.999, 1e-8, 0.01),
                        new Schedule.OneCycle(0.3, 0.04, 0.001),
                        0,
                        Augmentation.NONE,
                        0,
                        EngineSettings.DEFAULT),
                RecipeReader.parse("recipe x", LEAST));
        assertRefused(() -> parse("epochs = 3"), "network", "missing");
    }

    @Test
    void optimisersHaveTheirDefaults() {
        assertEquals(
                new Optimizer.Muon(0.95, new Optimizer.AdamW(0.01, 0.9, 0.999, 1e-8, 0.01)),
                RecipeReader.parse("recipe x", LEAST + "\noptimizer = { type = \"muon\" }")
                        .optimizer());
        assertEquals(
                new Optimizer.Sgd(0.1, 0.9, true, 0),
                RecipeReader.parse("recipe x", LEAST + "\noptimizer = { type = \"sgd\" }")
                        .optimizer());
    }

    @Test
    void layersHaveTheirDefaults() {
        List<Layer> layers = parse("""
                network = [
                    { type = "conv", out = 4, kernel = 3 },
                    { type = "batchnorm" },
                    { type = "relu" },
                    { type = "maxpool" },
                    { type = "maxpool", kernel = 3 },
                    { type = "dropout", rate = 0.1 },
                    { type = "dropout2d", rate = 0 },
                    { type = "globalmaxpool" },
                    { type = "globalavgpool" },
                    { type = "dense", out = 10 },
                    { type = "softmax" },
                ]""").network();
        assertEquals(
                List.of(
                        new Layer.Conv(4, 3, 1, 0, false),
                        new Layer.BatchNorm(1e-5, 0.1),
                        new Layer.Relu(),
                        new Layer.MaxPool(2, 2),
                        new Layer.MaxPool(3, 3),
                        new Layer.Dropout(0.1),
                        new Layer.Dropout2d(0),
                        new Layer.GlobalMaxPool(),
                        new Layer.GlobalAvgPool(),
                        new Layer.Dense(10, true),
                        new Layer.Softmax()),
                layers);
    }

    @ParameterizedTest
    @ValueSource(strings = {"out", "kernel"})
    void convolutionHasToSayItsOutputsAndKernel(String key) {
        String conv = "{ type = \"conv\", out = 4, kernel = 3 }".replaceFirst(key + " = \\d", "");
        conv = conv.replace(", ,", ",").replace(",  }", " }");
        String document = "network = [\n" + conv + ",\n{ type = \"dense\", out = 10 }, { type = \"softmax\" }]";
        assertRefused(() -> parse(document), "line 2", "network.0." + key, "missing", "integer");
    }

    @Test
    void schedulesAndOptimizersAreChosenByType() {
        assertEquals(
                new Schedule.Cosine(0.05, 0.001),
                parse(LEAST + "schedule.type = \"cosine\"").schedule());
        assertEquals(
                new Schedule.Step(5, 0.3),
                parse(LEAST + "schedule.type = \"step\"").schedule());
        assertEquals(
                new Schedule.Plateau(0.3, 1),
                parse(LEAST + "schedule.type = \"plateau\"").schedule());
        assertEquals(
                new Schedule.Constant(),
                parse(LEAST + "schedule.type = \"constant\"").schedule());
        assertEquals(
                new Optimizer.Sgd(0.1, 0.9, true, 0),
                parse(LEAST + "optimizer.type = \"sgd\"").optimizer());
        assertEquals(
                Initialization.KAIMING_UNIFORM,
                parse(LEAST + "initialization = \"kaiming-uniform\"").initialization());
    }

    @Test
    void emptyTablesSayNothing() {
        assertEquals(parse(LEAST), parse(LEAST + "[optimizer]\n[schedule]\n[averaging]\n[augmentation]\n[engine]\n"));
    }

    @Test
    void theEngineSectionHoldsWordsAndNoOthers() {
        assertEquals(
                new EngineSettings(Precision.BF16, Kernels.FUSED),
                parse(LEAST + "[engine]\nprecision = \"bf16\"\nkernels = \"fused\"")
                        .engine());
        assertRefused(
                () -> parse(LEAST + "[engine]\nprecision = \"fp16\""),
                "line 6",
                "fp16",
                "\"fp32\"",
                "\"tf32\"",
                "bf16");
        assertRefused(() -> parse(LEAST + "[engine]\nkernels = \"own\""), "line 6", "own", "cudnn", "fused");
    }

    @Test
    void ofATableThatIsMisspeltTheNearestKeyIsInTheOneThatWasMeant() {
        assertRefused(
                () -> parse(LEAST + "[shedule]\ntype = \"step\"\n"), "shedule.type", "the nearest is schedule.type");
    }

    @Test
    void unknownKeyIsRefusedWithTheNearestAndItsLine() {
        assertRefused(() -> parse(LEAST + "\n[optimizer]\nlrr = 0.1"), "line 7", "optimizer.lrr", "is optimizer.lr ");
        assertRefused(() -> parse(LEAST + "[optimiser]\nlr = 0.1"), "line 6", "optimiser.lr", "is optimizer.lr");
        assertRefused(() -> parse(LEAST + "lr = 0.1"), "line 5", "is optimizer.lr");
        assertRefused(() -> parse(LEAST + "labelSmoothing = 0.1"), "line 5", "is label_smoothing");
        assertRefused(() -> parse(LEAST + "\"optimizer.lr\" = 0.1"), "line 5", "is optimizer.lr");
        assertRefused(() -> parse(LEAST + "[nothing]"), "line 5", "nothing");
        assertRefused(
                () -> parse(LEAST.replace("type = \"dense\",", "type = \"dense\", bais = true,")),
                "line 2",
                "network.0.bais",
                "is network.0.bias");
    }

    @Test
    void keyOfAnotherTypeIsRefusedWithTheKeysOfThisOne() {
        assertRefused(
                () -> parse(LEAST + "[optimizer]\ntype = \"adamw\"\nmomentum = 0.9"),
                "line 7",
                "optimizer.momentum",
                "beta1",
                "weight_decay");
    }

    @Test
    void wrongTypesAreRefusedWithKeyFoundAndExpected() {
        assertRefused(() -> parse(LEAST + "epochs = \"many\""), "line 5", "epochs", "\"many\"", "integer");
        assertRefused(() -> parse(LEAST + "epochs = 3.0"), "epochs", "3.0", "integer");
        assertRefused(() -> parse(LEAST + "epochs = 4294967297"), "epochs", "4294967297", "integer");
        assertRefused(() -> parse(LEAST + "epochs = 2025-01-01"), "epochs", "date", "integer");
        assertRefused(() -> parse(LEAST + "label_smoothing = true"), "label_smoothing", "true", "number");
        assertRefused(() -> parse(LEAST + "name = 3"), "name", "integer 3", "text");
        assertRefused(() -> parse(LEAST + "optimizer = 3"), "optimizer", "integer 3", "table");
        assertRefused(() -> parse(LEAST + "optimizer = []"), "optimizer", "array", "table");
        assertRefused(
                () -> parse(LEAST + "optimizer = { type = \"sgd\", nesterov = 1 }"), "optimizer.nesterov", "1", "true");
        assertRefused(() -> parse("network = 3"), "network", "integer 3", "array of tables");
        assertRefused(() -> parse("network = { type = \"conv\" }"), "network", "table", "array of tables");
        assertRefused(() -> parse("network = [1, 2]"), "network.0", "integer 1", "table");
        assertRefused(() -> parse("network = [[]]"), "network.0", "array", "table");
        assertRefused(() -> parse("network = [{}]"), "network.0.type", "missing", "\"conv\"", "\"softmax\"");
        assertRefused(() -> parse(LEAST + "initialization = \"zeros\""), "\"zeros\"", "kaiming-normal");
        assertRefused(() -> parse(LEAST + "schedule.type = \"cosinus\""), "schedule.type", "\"cosinus\"", "\"cosine\"");
    }

    @Test
    void valuesOutOfRangeAreRefusedWithKeyValueAndRange() {
        assertRefused(() -> parse(LEAST + "epochs = 0"), "line 5", "epochs", " 0,", "1 to 65536");
        assertRefused(() -> parse(LEAST + "batch = -7"), "line 5", "batch", "-7", "1 to 65536");
        assertRefused(() -> parse(LEAST + "label_smoothing = 1"), "line 5", "label_smoothing", "less than 1");
        assertRefused(() -> parse(LEAST + "averaging.decay = 1.0"), "line 5", "averaging.decay", "less than 1");
        assertRefused(() -> parse(LEAST + "optimizer.lr = -1"), "line 5", "optimizer.lr", "-1", "0 to 100");
        assertRefused(() -> parse(LEAST + "optimizer.lr = nan"), "optimizer.lr", "NaN", "0 to 100");
        assertRefused(() -> parse(LEAST + "schedule.warmup = inf"), "schedule.warmup", "Infinity", "0");
        assertRefused(() -> parse(LEAST + "augmentation.rotation = 181"), "augmentation.rotation", "181", "0 to 180");
        assertRefused(
                () -> parse(LEAST.replace("out = 10", "out = 0")), "line 2", "network.0.out", " 0,", "at least 1");
        assertRefused(() -> parse("network = []"), "network", "0 layers", "1 to 256");
        assertRefused(
                () -> parse("network = [" + "{ type = \"relu\" },".repeat(257) + "]"), "network", "257", "1 to 256");
        assertRefused(() -> parse(LEAST + "name = \"  \""), "line 5", "name");
        assertRefused(() -> parse(LEAST + "name = \"a\\nb\""), "line 5", "name");
    }

    @Test
    void networkThatDoesNotFitIsRefusedByLayer() {
        assertRefused(
                () -> parse("network = [{ type = \"dense\", out = 9 }, { type = \"softmax\" }]"), "softmax1", "9×1×1");
    }

    @Test
    void whatIsNotTomlIsRefusedWithLineAndColumn() {
        assertRefused(() -> parse("epochs = 3\nbatch = = 4"), "recipe x", "line 2", "column 9");
        assertRefused(() -> parse("epochs = 3\n\nepochs = 4"), "line 3", "epochs", "line 1");
        assertRefused(() -> parse("a = " + "[".repeat(100_000)), "line 1");
    }

    @Test
    void overridesChangeAnyKey() {
        Recipe recipe = RecipeReader.read(
                "default",
                List.of(
                        "optimizer.lr=0.02",
                        "batch=64",
                        "network.0.out=20",
                        "augmentation.rotation=12",
                        "initialization=kaiming-uniform",
                        "name = \"quoted too\"",
                        "averaging.decay=0",
                        "schedule={type = \"step\", every = 3}"));
        assertEquals(0.02, recipe.optimizer().lr());
        assertEquals(64, recipe.batch());
        assertEquals(new Layer.Conv(20, 3, 1, 0, false), recipe.network().getFirst());
        assertEquals(12, recipe.augmentation().rotation());
        assertEquals(Initialization.KAIMING_UNIFORM, recipe.initialization());
        assertEquals("quoted too", recipe.name());
        assertEquals(0, recipe.averagingDecay());
        assertEquals(new Schedule.Step(3, 0.3), recipe.schedule());
    }

    @Test
    void laterOverrideWins() {
        assertEquals(
                5, RecipeReader.read("default", List.of("epochs=4", "epochs=5")).epochs());
    }

    @Test
    void overrideReplacesTheWholeNetwork() {
        Recipe recipe = RecipeReader.read(
                "default", List.of("network=[{type=\"dense\",out=10},{type=\"softmax\"}]", "network.0.bias=false"));
        assertEquals(List.of(new Layer.Dense(10, false), new Layer.Softmax()), recipe.network());
    }

    @Test
    void overriddenTypeKeepsWhatBothTypesKnowAndPassesOverTheRest(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("mine.toml");
        Files.writeString(file, LEAST + """
                [optimizer]
                type = "adamw"
                lr = 0.03
                beta1 = 0.8
                """);
        assertEquals(
                new Optimizer.Sgd(0.03, 0.5, true, 0),
                read(file, "optimizer.momentum=0.5", "optimizer.type=sgd").optimizer());
        assertRefused(() -> read(file, "optimizer.type=sgd", "optimizer.beta1=0.7"), "optimizer.beta1", "momentum");
    }

    @Test
    void typoInADocumentIsRefusedEvenWhereAnOverrideWouldHideIt(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("mine.toml");
        Files.writeString(file, LEAST + "[optimizer]\nbeta3 = 0.8\n");
        assertRefused(() -> read(file, "optimizer.type=sgd"), "line 6", "optimizer.beta3");
    }

    @Test
    void overridesThatMakeNoSenseAreRefused() {
        assertRefused(() -> override("epochs"), "--set epochs", "key=value");
        assertRefused(() -> override("=3"), "--set =3", "key=value");
        assertRefused(() -> override(".=3"), "--set .=3", "key");
        assertRefused(() -> override("optimizer.lrr=3"), "command line", "optimizer.lrr", "is optimizer.lr ");
        assertRefused(() -> override("optimizer.momentum=0.9"), "optimizer.momentum", "beta1");
        assertRefused(() -> override("network.0.padding=9"), "command line", "network.0.padding is 9");
        assertRefused(() -> override("batch=0"), "command line", "batch", " 0,", "1 to 65536");
        assertRefused(() -> override("batch=64x"), "batch", "\"64x\"", "integer");
        assertRefused(() -> override("batch="), "batch", "\"\"", "integer");
        assertRefused(() -> override("batch=3\nepochs=4"), "batch", "text");
        assertRefused(() -> override("network.1000.out=3"), "network.1000", "network.0");
        assertRefused(() -> override("network.first.out=3"), "network.first", "network.0");
        assertRefused(() -> override("network.-1.out=3"), "network.-1", "network.0");
        assertRefused(() -> override("network.0.kernel=40"), "conv1", "40", "1×28×28");
        assertRefused(() -> override("network.0.out=2000000000"), "conv1");
    }

    @Test
    void nameIsTheFilesWhereTheDocumentHasNone(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("my experiment.toml");
        Files.writeString(file, LEAST);
        assertEquals("my experiment", read(file).name());
        assertEquals("other", read(file, "name=other").name());
    }

    @Test
    void windowsFilesAreReadAsWell(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("windows.toml");
        Files.writeString(file, "\uFEFF" + LEAST.replace("\n", "\r\n"));
        assertEquals(2, read(file).network().size());
    }

    @Test
    void filesThatCannotBeRecipesAreRefusedByName(@TempDir Path folder) throws IOException {
        assertRefused(() -> RecipeReader.read("defualt", List.of()), "recipe defualt", "no such file", "default");
        assertRefused(() -> RecipeReader.read("a\0b", List.of()), "default");
        assertRefused(() -> read(folder), folder.toString(), "folder");
        Path binary = folder.resolve("binary.toml");
        Files.write(binary, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
        assertRefused(() -> read(binary), binary.toString(), "UTF-8");
        Path long_ = folder.resolve("long.toml");
        Files.write(long_, "#".repeat(1 << 18).concat("#").getBytes(StandardCharsets.US_ASCII));
        assertRefused(() -> read(long_), long_.toString(), "262144");
        Path empty = folder.resolve("empty.toml");
        Files.createFile(empty);
        assertRefused(() -> read(empty), "empty.toml", "network");
    }

    private static Recipe parse(String toml) {
        return RecipeReader.parse("recipe x", toml);
    }

    private static Recipe override(String assignment) {
        return RecipeReader.read("default", List.of(assignment));
    }

    private static Recipe read(Path file, String... overrides) {
        return RecipeReader.read(file.toString(), List.of(overrides));
    }

    private static void assertRefused(Executable reading, String... facts) {
        String sentence = String.valueOf(assertThrows(UserError.class, reading).getMessage());
        for (String fact : facts) {
            assertTrue(sentence.contains(fact), () -> "no “" + fact + "” in: " + sentence);
        }
        assertFalse(sentence.endsWith("."), sentence);
    }
}
