package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.mnist20k.UserError;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class RecipePropertiesTest {
    private static final String DEFAULT = RecipeWriter.toToml(RecipeReader.read("default", List.of()));

    @Property(tries = 500)
    void writtenRecipeReadsBackEqual(@ForAll("recipes") Recipe recipe) {
        String toml = RecipeWriter.toToml(recipe);
        assertEquals(recipe, RecipeReader.parse("recipe x", toml), toml);
    }

    @Property(tries = 50)
    void writtenRecipeHasOneLineALayer(@ForAll("recipes") Recipe recipe) {
        long lines = RecipeWriter.toToml(recipe)
                .lines()
                .filter(line -> line.startsWith("    { type = ") && line.endsWith(" },"))
                .count();
        assertEquals(recipe.network().size(), lines);
    }

    @Provide
    Arbitrary<Recipe> recipes() {
        return Recipes.any();
    }

    @Property
    void plainNumbersReadBackWithTheSameBits(@ForAll double number) {
        assertEquals(number, Double.parseDouble(RecipeWriter.plain(number)));
    }

    /// Whatever happens to a document, it is either a recipe or refused in one line.
    @Property(tries = 700)
    void damagedDocumentIsReadOrRefused(@ForAll("damages") List<Damage> damages) {
        String document = DEFAULT;
        for (Damage damage : damages) {
            document = damage.to(document);
        }
        String damaged = document;
        check(() -> RecipeReader.parse("recipe x", damaged));
    }

    @Property(tries = 300)
    void anyOverrideIsTakenOrRefused(@ForAll("keys") String key, @ForAll("fragments") String value) {
        check(() -> RecipeReader.read("default", List.of(key + "=" + value)));
    }

    private static void check(Runnable reading) {
        try {
            reading.run();
        } catch (UserError e) {
            String sentence = String.valueOf(e.getMessage());
            assertFalse(sentence.isBlank() || sentence.contains("\n") || sentence.contains("null"), sentence);
        }
    }

    /// `length` characters at a place of the document, counted in thousandths of it, give way to others.
    record Damage(int thousandths, int length, String replacement) {
        String to(String document) {
            int from = document.length() * thousandths / 1000;
            int to = Math.min(document.length(), from + length);
            return document.substring(0, from) + replacement + document.substring(to);
        }
    }

    @Provide
    Arbitrary<List<Damage>> damages() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 1000),
                        Arbitraries.integers().between(0, 30),
                        fragments())
                .as(Damage::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    @Provide
    Arbitrary<String> keys() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        "epochs",
                        "network",
                        "network.0",
                        "network.3.type",
                        "network.3.out",
                        "network.25",
                        "optimizer",
                        "optimizer.lr",
                        "optimizer.type",
                        "schedule.type",
                        "schedule.warmup",
                        "averaging",
                        "name",
                        "\"name\"",
                        "a.b.c"),
                Arbitraries.strings().withChars("ne.0 \"'[#").ofMaxLength(6));
    }

    @Provide
    Arbitrary<String> fragments() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        "",
                        "0",
                        "-1",
                        "1e300",
                        "nan",
                        "-inf",
                        "true",
                        "99999999999",
                        "1979-05-27T07:32:00Z",
                        "\"\"",
                        "'x'",
                        "[]",
                        "{}",
                        "{ type = \"conv\" }",
                        "[[[[",
                        "]",
                        "}",
                        ",",
                        "=",
                        ".",
                        "#",
                        "\"",
                        "\"\"\"",
                        "conv",
                        "sgd",
                        "cosine",
                        "plateau",
                        "constant",
                        "\u0000",
                        "é"),
                Arbitraries.strings().ascii().ofMaxLength(5));
    }

    /// Distance is a metric, and no more than the longer word.
    @Property
    void editsAreAMetric(@ForAll("words") String a, @ForAll("words") String b, @ForAll("words") String c) {
        assertEquals(Spelling.edits(a, b), Spelling.edits(b, a));
        assertEquals(a.equals(b), Spelling.edits(a, b) == 0);
        assertFalse(Spelling.edits(a, c) > Spelling.edits(a, b) + Spelling.edits(b, c));
        assertFalse(Spelling.edits(a, b) > Math.max(a.length(), b.length()));
    }

    @Provide
    Arbitrary<String> words() {
        return Arbitraries.strings().withChars("abc").ofMaxLength(6);
    }
}
