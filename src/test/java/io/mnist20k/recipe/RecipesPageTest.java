package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// `docs/RECIPES.md` says what the reader does.
final class RecipesPageTest {
    private static String page = "";

    @BeforeAll
    static void readPage() throws IOException {
        page = Files.readString(Path.of("docs", "RECIPES.md"));
    }

    @Test
    void theExampleIsARecipeOfTheShapesItSays() {
        Recipe recipe = RecipeReader.parse("the example", block("```toml\n(.*?)```"));
        assertEquals("quick", recipe.name());
        assertEquals(new Optimizer.Sgd(0.1, 0.9, true, 0.0005), recipe.optimizer());
        assertEquals(
                List.of("8×26×26", "8×13×13", "16×6×6", "10×6×6", "10×1×1"),
                recipe.build().stages().stream()
                        .filter(stage -> stage.layer() instanceof Layer.Conv
                                || stage.layer() instanceof Layer.MaxPool
                                || stage.layer() instanceof Layer.GlobalAvgPool)
                        .map(stage -> stage.out().toString())
                        .toList());
        for (String shape : List.of("8×26×26", "8×13×13", "16×6×6", "10×6×6", "10×1×1")) {
            assertTrue(page.contains("# " + shape) || page.contains("#  " + shape), shape);
        }
    }

    @Test
    void everyBuiltInRecipeIsListed() {
        RecipeReader.BUILT_IN.forEach(name -> assertTrue(page.contains("\n| `" + name + "` | "), name));
    }

    @Test
    void everyKeyAndTypeOfAWrittenRecipeIsExplained() {
        Pattern word = Pattern.compile("\\w+(?= = )|(?<=type = \")[\\w-]+|\\[\\w+]");
        for (Recipe recipe : List.of(
                leastWith(""),
                leastWith("optimizer.type = \"sgd\""),
                leastWith("schedule.type = \"cosine\""),
                leastWith("schedule.type = \"step\""),
                leastWith("schedule.type = \"plateau\""),
                leastWith("schedule.type = \"constant\""),
                RecipeReader.parse("the example", block("```toml\n(.*?)```")),
                RecipeReader.parse("all other layers", """
                        network = [
                            { type = "dropout2d", rate = 0.1 },
                            { type = "globalmaxpool" },
                            { type = "dense", out = 10 },
                            { type = "softmax" },
                        ]"""))) {
            word.matcher(RecipeWriter.toToml(recipe))
                    .results()
                    .forEach(found -> assertTrue(
                            page.contains("`" + found.group() + "`"), () -> found.group() + " is not explained"));
        }
    }

    @Test
    void documentedDefaultsAreTheReaders() {
        Recipe least =
                RecipeReader.parse("least", "network = [{ type = \"dense\", out = 10 }, { type = \"softmax\" }]");
        assertRow("`epochs` | " + least.epochs());
        assertRow("`batch` | " + least.batch());
        for (String type : List.of("one-cycle", "cosine", "step", "plateau")) {
            tableOf(leastWith("schedule.type=\"" + type + "\""), "schedule")
                    .filter(line -> !line.startsWith("type"))
                    .map(line -> "`" + line.replace(" = ", "` | "))
                    .forEach(RecipesPageTest::assertRow);
        }
        assertRow("`lr` | " + RecipeWriter.plain(least.optimizer().lr()));
        assertRow("`lr` | "
                + RecipeWriter.plain(
                        leastWith("optimizer.type=\"sgd\"").optimizer().lr()));
    }

    private static Recipe leastWith(String line) {
        return RecipeReader.parse(
                "least", "network = [{ type = \"dense\", out = 10 }, { type = \"softmax\" }]\n" + line);
    }

    private static Stream<String> tableOf(Recipe recipe, String table) {
        return RecipeWriter.toToml(recipe)
                .lines()
                .dropWhile(line -> !line.equals("[" + table + "]"))
                .skip(1)
                .takeWhile(line -> !line.isEmpty());
    }

    private static void assertRow(String row) {
        assertTrue(page.contains(row + " |"), () -> "no row " + row);
    }

    private static String block(String regex) {
        var matcher = Pattern.compile(regex, Pattern.DOTALL).matcher(page);
        assertTrue(matcher.find(), regex);
        return String.valueOf(matcher.group(1));
    }
}
