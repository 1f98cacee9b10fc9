package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.Split;
import io.mnist20k.recipe.RecipeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import tools.jackson.databind.JsonNode;

/// The commands that train nothing: `summary`, `data`, `doctor`.
final class LookingTest {
    static final List<String> BUILT_IN = RecipeReader.BUILT_IN;

    @TempDir
    Path folder;

    @Test
    void summaryAnswersInJson() {
        JsonNode summary = Typed.in("summary", "--json").succeeded().json();
        assertEquals(List.of("parameters", "multiplyAdds", "network"), List.copyOf(summary.propertyNames()));
        int parameters = 0;
        long multiplyAdds = 0;
        for (JsonNode layer : summary.get("network")) {
            assertTrue(
                    layer.propertyNames()
                            .containsAll(Set.of("type", "outShape", "parameters", "multiplyAdds", "receptiveField")),
                    layer.toString());
            assertEquals(3, layer.get("outShape").size());
            parameters += layer.get("parameters").intValue();
            multiplyAdds += layer.get("multiplyAdds").longValue();
        }
        assertEquals(parameters, summary.get("parameters").intValue());
        assertEquals(multiplyAdds, summary.get("multiplyAdds").longValue());
        assertTrue(parameters > 1000 && parameters < 20_000, summary.toString());
    }

    @ParameterizedTest
    @FieldSource("BUILT_IN")
    void summaryKnowsEveryBuiltInRecipe(String name) {
        JsonNode summary =
                Typed.in("summary", "--recipe", name, "--json").succeeded().json();
        assertTrue(summary.get("parameters").intValue() < 20_000, summary.toString());
    }

    @Test
    void summarySaysWhatEachLayerWasGiven() {
        JsonNode network = Typed.in(
                        "summary",
                        "--json",
                        "--recipe",
                        TinySetup.recipe(folder).toString())
                .succeeded()
                .json()
                .get("network");
        assertEquals(
                "{\"type\":\"conv\",\"in\":1,\"out\":4,\"kernel\":3,\"stride\":1,\"padding\":1,\"bias\":false,"
                        + "\"outShape\":[4,7,7],\"parameters\":36,\"multiplyAdds\":1764,\"receptiveField\":12}",
                network.get(1).toString());
        assertEquals(0.1, network.get(4).get("rate").doubleValue());
        assertEquals(196, network.get(5).get("in").intValue());
        assertTrue(network.get(5).get("bias").booleanValue());
    }

    @Test
    void summarySaysHowFarOverBudgetANetworkIs() {
        Path recipe = TinySetup.write(
                folder.resolve("big.toml"),
                "network = [{ type = \"conv\", out = 10, kernel = 14 }, { type = \"globalmaxpool\" },"
                        + " { type = \"dense\", out = 1635, bias = false }, { type = \"dense\", out = 10 }, { type = \"softmax\" }]");
        String out =
                Typed.in("summary", "--recipe", recipe.toString()).succeeded().out();
        // 14 · 14 · 10 + 10 · 1635 + 1635 · 10 + 10 = 34,670
        assertTrue(out.contains("34,670 parameters, 14,671 over budget"), out);
    }

    @Test
    void dataCountsWhatIsThere() {
        Path data = TinySetup.data(folder);
        List<String> lines = Typed.in("data", "--data", data.toString())
                .succeeded()
                .out()
                .lines()
                .toList();
        assertTrue(lines.getFirst().startsWith(data.toString()), lines.toString());
        Split split = MnistFolder.at(data).load();
        assertEquals(counts(split.train()), numbers(lines.get(2), "training"));
        assertEquals(counts(split.validation()), numbers(lines.get(3), "test"));
    }

    /// Of all images, and of each class.
    private static List<Integer> counts(Dataset part) {
        var counts = new ArrayList<Integer>(List.of(part.count()));
        for (int label = 0; label < 10; label++) {
            int wanted = label;
            counts.add((int) IntStream.range(0, part.count())
                    .filter(image -> part.labels()[image] == wanted)
                    .count());
        }
        return counts;
    }

    private static List<Integer> numbers(String row, String title) {
        String[] words = row.strip().split(" +");
        assertEquals(title, words[0]);
        return Arrays.stream(words).skip(1).map(Integer::valueOf).toList();
    }

    @Test
    void doctorKnowsTheDevicesAndWhatAutoTakes() {
        JsonNode answer = Typed.in("doctor", "--json").succeeded().json();
        assertEquals(
                Runtime.version().toString(), answer.get("java").get("version").stringValue());
        List<String> names = answer.get("devices")
                .valueStream()
                .map(device -> device.get("name").stringValue())
                .toList();
        assertTrue(names.containsAll(List.of("cpu", "reference")), names.toString());
        assertTrue(names.contains(answer.get("auto").stringValue()), answer.toString());
        String out = Typed.in("doctor").succeeded().out();
        assertTrue(out.contains("--device auto takes " + answer.get("auto").stringValue()), out);
    }
}
