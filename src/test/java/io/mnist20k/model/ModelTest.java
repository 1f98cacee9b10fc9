package io.mnist20k.model;

import static io.mnist20k.Sentence.assertDoesNotSay;
import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.UserError;
import io.mnist20k.data.Normalization;
import io.mnist20k.data.Validation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelTest {
    private final Model model = TinyModel.model();

    @TempDir
    Path folder;

    private Path path = Path.of("");

    @BeforeEach
    void write() {
        path = folder.resolve("m.safetensors");
        model.write(path);
    }

    @Test
    void whatWasWrittenIsRead() {
        assertEquals(model, Model.read(path));
        var otherwise = new Model.Origin(Long.MIN_VALUE, Validation.REDRAWN, 0, true, "");
        Model other =
                new Model(model.recipe(), model.normalization(), model.parameters(), model.statistics(), otherwise);
        other.write(path);
        assertEquals(other, Model.read(path));
    }

    @Test
    void modelsOfAnyOtherNumberAreOthers() {
        Recipe recipe = model.recipe();
        Normalization normalization = model.normalization();
        float[] parameters = model.parameters();
        float[] statistics = model.statistics();
        Model.Origin origin = model.origin();
        Recipe longer = RecipeReader.parse("longer", RecipeWriter.toToml(recipe).replace("epochs = 3", "epochs = 4"));
        var elsewhere = new Model.Origin(origin.seed() + 1, Validation.HELD_OUT, 1000, false, "1.2.3");
        for (Model other : List.of(
                new Model(longer, normalization, parameters, statistics, origin),
                new Model(recipe, new Normalization(0.5f, 0.3081f), parameters, statistics, origin),
                new Model(recipe, new Normalization(0.1307f, 0.5f), parameters, statistics, origin),
                new Model(recipe, normalization, new float[parameters.length], statistics, origin),
                new Model(recipe, normalization, parameters, new float[statistics.length], origin),
                new Model(recipe, normalization, parameters, statistics, elsewhere))) {
            assertNotEquals(model, other);
        }
        assertEquals(TinyModel.model(), model);
        assertEquals(TinyModel.model().hashCode(), model.hashCode());
    }

    @Test
    void theSameModelMakesTheSameBytes() throws IOException {
        Path again = folder.resolve("again");
        TinyModel.model().write(again);
        assertArrayEquals(Files.readAllBytes(path), Files.readAllBytes(again));
    }

    /// Read here as the format's description says, by none of the program's code.
    @Test
    void theFileIsSafetensorsWithTheNamesAndShapesOfAStateDict() throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) file.getLong();
        assertEquals(0, length % 8);
        byte[] header = new byte[length];
        file.get(header);
        JsonNode tree = JsonMapper.shared().readTree(new String(header, StandardCharsets.UTF_8));
        var names = new ArrayList<>(tree.propertyNames());
        assertEquals("__metadata__", names.removeFirst());
        JsonNode metadata = tree.get("__metadata__");
        assertEquals(
                Set.of(
                        "budgetLifted",
                        "classes",
                        "deviation",
                        "format",
                        "holdout",
                        "limit",
                        "mean",
                        "programVersion",
                        "recipe",
                        "redrawn",
                        "seed",
                        "sha256"),
                Set.copyOf(metadata.propertyNames()));
        assertEquals(
                List.of(
                        "batchnorm1.bias",
                        "batchnorm1.running_mean",
                        "batchnorm1.running_var",
                        "batchnorm1.weight",
                        "conv1.bias",
                        "conv1.weight",
                        "dense1.bias",
                        "dense1.weight"),
                names);
        JsonNode weight = tree.get("conv1.weight");
        assertEquals("[3,1,3,3]", weight.get("shape").toString());
        assertEquals("F32", weight.get("dtype").stringValue());
        assertEquals("[10,48]", tree.get("dense1.weight").get("shape").toString());
        file.position(8 + length + weight.get("data_offsets").get(0).intValue());
        for (int i = 0; i < 27; i++) {
            assertEquals(model.parameters()[i], file.getFloat());
        }
        assertEquals(8 + length + 4 * (model.parameters().length + model.statistics().length), file.capacity());
    }

    @Test
    void anEarlierModelOfThatNameIsReplaced() throws IOException {
        Files.write(path, new byte[100_000]);
        model.write(path);
        assertEquals(model, Model.read(path));
        try (var entries = Files.list(folder)) {
            assertEquals(List.of(path), entries.toList());
        }
    }

    @Test
    void numbersThatNobodyCanComputeWithAreRefused() {
        Model good = TinyModel.model();
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1}) {
            float[] parameters = good.parameters();
            parameters[parameters.length - 1] = bad;
            float[] statistics = good.statistics();
            statistics[statistics.length - 1] = bad;
            assertThrows(IllegalArgumentException.class, () -> with(good, good.parameters(), statistics));
            if (bad != -1) {
                assertThrows(IllegalArgumentException.class, () -> with(good, parameters, good.statistics()));
            }
        }
        assertEquals(good, with(good, good.parameters(), good.statistics()));
    }

    @Test
    void whatWasCheckedStaysAsItIs() {
        float[] parameters = model.parameters();
        float[] statistics = model.statistics();
        Model copy = with(model, parameters, statistics);
        for (float[] vector : List.of(parameters, statistics, copy.parameters(), copy.statistics())) {
            vector[0] = Float.NaN;
        }
        assertEquals(model, copy);
    }

    private static Model with(Model model, float[] parameters, float[] statistics) {
        return new Model(model.recipe(), model.normalization(), parameters, statistics, model.origin());
    }

    @Test
    void aModelThatCannotBeWrittenIsOneSentence() {
        Path nowhere = folder.resolve("missing").resolve("m");
        UserError error = assertThrows(UserError.class, () -> model.write(nowhere));
        assertSays(error, nowhere.toString(), "there is no folder " + nowhere.getParent());
        assertDoesNotSay(error, "unfinished");
    }

    @Test
    void whatIsNoFileIsOneSentence() {
        assertSays(readFailure(folder), folder.toString(), "not a file");
        assertSays(readFailure(folder.resolve("missing")), "no such file");
    }

    /// As in a folder that may not be searched, which root, who runs tests in containers, always may.
    @Test
    void whatCannotBeLookedAtIsNotCalledMissing() throws IOException {
        Path loop = folder.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        assertSays(readFailure(loop), "symbolic links", "readable");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 9, 500})
    void aFileCutShortIsOneSentence(int length) throws IOException {
        Files.write(path, Arrays.copyOf(Files.readAllBytes(path), length));
        assertSays(readFailure(path), path.toString(), "damaged");
    }

    @Test
    void aFileThatCouldNotBeReadIsNotWritten() {
        float[] numbers = new float[TensorFile.MOST_BYTES / Float.BYTES / 4];
        var tensors = new TreeMap<String, TensorFile.Entry>();
        for (String name : List.of("a", "b", "c", "d")) {
            tensors.put(name, TensorFile.Entry.of(numbers));
        }
        Path large = folder.resolve("large");
        var file = new TensorFile(new TreeMap<>(), tensors);
        assertSays(assertThrows(UserError.class, () -> file.write(large)), large.toString(), "256 MiB", "smaller");
        assertFalse(Files.exists(large));
    }

    @Test
    void aFileLargerThanAnyModelIsRefusedUnread() throws IOException {
        try (var file = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
            file.position(TensorFile.MOST_BYTES).write(ByteBuffer.wrap(new byte[1]));
        }
        assertSays(readFailure(path), "256 MiB");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                                                     | 0 | begin",
                "{a                                                                                     | 0 | JSON",
                "{}                                                                                     | 4 | 0 of 4",
                "{} {}                                                                                  | 0 | JSON",
                "{`a`:1}                                                                                | 0 | type",
                "{`__metadata__`:1}                                                                     | 0 | object",
                "{`__metadata__`:{`a`:1}}                                                               | 0 | not text",
                "{`a`:{`dtype`:`F16`,`shape`:[2],`data_offsets`:[0,4]}}                                 | 4 | F16",
                "{`a`:{`dtype`:`F32`,`shape`:[1]}}                                                      | 4 | data_offsets",
                "{`a`:{`dtype`:`F32`,`shape`:1,`data_offsets`:[0,4]}}                                   | 4 | shape",
                "{`a`:{`dtype`:`F32`,`shape`:[-1,-1],`data_offsets`:[0,4]}}                             | 4 | -1",
                "{`a`:{`dtype`:`F32`,`shape`:[1.5],`data_offsets`:[0,4]}}                               | 4 | 1.5",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4,8]}}                               | 8 | 8",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,0]}}                                 | 4 | [4, 0]",
                "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]}}                                 | 4 | of 4",
                "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,4]}}                                 | 4 | shape [2]",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]}}                                 | 8 | 4 of 8",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}}                                 | 8 | expected 0",
                "{`a`:{`dtype`:`F32`,`shape`:[99999999999],`data_offsets`:[0,4]}}                       | 4 | 99999999999",
                "{`a`:{`dtype`:`F32`,`shape`:[65536,65536,65536,65536,65536],`data_offsets`:[0,0]}}     | 0 | 65536",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]},`b`:{`dtype`:`F32`,`shape`:[1],"
                        + "`data_offsets`:[0,4]}}                                                       | 4 | b begins",
                "{`a`:{`dtype`:`F32`,`shape`:[],`data_offsets`:[0,4]},`a`:{`dtype`:`F32`,`shape`:[],"
                        + "`data_offsets`:[0,4]}}                                                       | 4 | JSON",
                "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]}}                                 | 4 | sha256"
            })
    void aHeaderThatLiesIsOneSentence(String header, int dataBytes, String fact) throws IOException {
        // the table's quotes are single characters that need no escape in it
        byte[] json = header.strip().replace('`', '"').getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(path, file.putLong(json.length).put(json).array());
        assertSays(readFailure(path), fact);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1, TensorHeader.MOST_HEADER_BYTES + 1, Long.MAX_VALUE, Long.MIN_VALUE})
    void aHeaderLengthThatLiesIsOneSentence(long length) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        Files.write(path, bytes);
        assertSays(readFailure(path), "header");
    }

    /// Files that are whole, and yet no model.
    @Test
    void aModelWhoseContentDoesNotFitIsOneSentence() {
        assertRefused((metadata, _) -> metadata.remove("recipe"), "recipe");
        assertRefused((metadata, _) -> metadata.put("recipe", "epochs = 1"), "network");
        assertRefused((metadata, _) -> metadata.put("format", "99"), "99");
        assertRefused((metadata, _) -> metadata.put("mean", "grey"), "mean", "grey");
        assertRefused((metadata, _) -> metadata.put("deviation", "0"), "deviation");
        assertRefused((metadata, _) -> metadata.put("deviation", "NaN"), "deviation");
        assertRefused((metadata, _) -> metadata.put("mean", "Infinity"), "mean");
        assertRefused((metadata, _) -> metadata.put("seed", "1e3"), "seed");
        assertRefused(
                (metadata, _) -> metadata.putAll(Map.of("holdout", "true", "redrawn", "true")),
                "held out and re-drawn at once");
        assertRefused((_, tensors) -> tensors.remove("conv1.bias"), "conv1.bias");
        assertRefused((_, tensors) -> tensors.put("conv2.bias", TensorFile.Entry.of(new float[3])), "conv2.bias");
        assertRefused(
                (_, tensors) -> tensors.put("conv1.bias", TensorFile.Entry.of(new float[4])), "conv1.bias", "[4]");
        assertRefused(
                (_, tensors) -> tensors.put("conv1.bias", TensorFile.Entry.of(new float[] {1, Float.NaN, 1})), "NaN");
        assertRefused(
                (_, tensors) -> tensors.put("batchnorm1.running_var", TensorFile.Entry.of(new float[] {1, -0.5f, 1})),
                "batchnorm1.running_var",
                "-0.5");
    }

    private void assertRefused(
            BiConsumer<SortedMap<String, String>, SortedMap<String, TensorFile.Entry>> spoil, String... facts) {
        TensorFile whole = TensorFile.read("the model", path);
        SortedMap<String, String> metadata = new TreeMap<>(whole.metadata());
        SortedMap<String, TensorFile.Entry> tensors = new TreeMap<>(whole.tensors());
        spoil.accept(metadata, tensors);
        Path spoiled = folder.resolve("spoiled");
        new TensorFile(metadata, tensors).write(spoiled);
        assertSays(readFailure(spoiled), facts);
    }

    @Test
    void emptyTensorsAndNoTensorsAreRead() {
        for (var tensors : List.of(
                new TreeMap<String, TensorFile.Entry>(),
                new TreeMap<>(Collections.singletonMap("none", TensorFile.Entry.of(new float[0]))))) {
            new TensorFile(new TreeMap<>(), tensors).write(path);
            assertEquals(
                    tensors.keySet(),
                    TensorFile.read("the test", path).tensors().keySet());
        }
    }

    private static UserError readFailure(Path path) {
        return assertThrows(UserError.class, () -> Model.read(path));
    }
}
