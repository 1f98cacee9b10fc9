package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Layer;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.Schedule;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

final class AblationTest {
    static final List<String> BUILT_IN = RecipeReader.BUILT_IN;

    private static final String FULL = """
            name = "full"
            label_smoothing = 0.05
            optimizer.type = "muon"
            averaging.decay = 0.9
            augmentation.shift = 1
            normalization.deskew = true
            network = [
                { type = "conv", out = 4, kernel = 3 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "dropout", rate = 0.1 },
                { type = "conv", out = 6, kernel = 1 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "dropout2d", rate = 0.1 },
                { type = "maxpool" },
                { type = "conv", out = 10, kernel = 1 },
                { type = "batchnorm" },
                { type = "globalavgpool" },
                { type = "softmax" },
            ]
            """;

    private static Map<String, Recipe> variants(Recipe recipe) {
        return Ablation.of(recipe).stream().collect(Collectors.toMap(Recipe::name, Function.identity()));
    }

    private static Recipe variant(String name) {
        Recipe found = variants(RecipeReader.parse("full", FULL)).get(name);
        return Objects.requireNonNull(found, name);
    }

    private static List<String> types(Recipe recipe) {
        return recipe.network().stream().map(Layer::type).toList();
    }

    @Test
    void everyIngredientIsChangedAloneAndNamed() {
        List<Recipe> all = Ablation.of(RecipeReader.parse("full", FULL));
        assertEquals(
                List.of(
                        "full",
                        "full without deskewing",
                        "full without augmentation",
                        "full without dropout",
                        "full without averaging",
                        "full without label smoothing",
                        "full without batch normalisation",
                        "full without 1×1 convolutions",
                        "full without one-cycle",
                        "full without muon"),
                all.stream().map(Recipe::name).toList());
        assertEquals(RecipeReader.parse("full", FULL), all.getFirst());
        assertFalse(variant("full without deskewing").deskew());
        assertEquals(Augmentation.NONE, variant("full without augmentation").augmentation());
        assertEquals(0, variant("full without averaging").averagingDecay());
        assertEquals(0, variant("full without label smoothing").labelSmoothing());
        assertEquals(new Schedule.Constant(), variant("full without one-cycle").schedule());
        assertEquals(
                new Optimizer.AdamW(0.01, 0.9, 0.999, 1e-8, 0.01),
                variant("full without muon").optimizer());
    }

    @Test
    void dropoutOfBothKindsGoes() {
        assertFalse(types(variant("full without dropout")).stream().anyMatch(type -> type.startsWith("dropout")));
    }

    @Test
    void biasesComeWhereBatchNormalisationGoes() {
        Recipe variant = variant("full without batch normalisation");
        assertFalse(types(variant).contains("batchnorm"));
        assertTrue(variant.network().stream().allMatch(layer -> !(layer instanceof Layer.Conv c) || c.bias()));
    }

    @Test
    void aPointwiseConvolutionGoesWithWhatBelongsToItUnlessItGivesTheScores() {
        assertEquals(
                List.of(
                        "conv",
                        "batchnorm",
                        "relu",
                        "dropout",
                        "maxpool",
                        "conv",
                        "batchnorm",
                        "globalavgpool",
                        "softmax"),
                types(variant("full without 1×1 convolutions")));
    }

    @Test
    void whatARecipeLacksIsNotTakenOutOfIt() {
        Recipe bare = RecipeReader.parse("bare", """
                name = "bare"
                schedule.type = "constant"
                network = [{ type = "dense", out = 10 }, { type = "softmax" }]""");
        assertEquals(
                Set.of("bare", "bare with deskewing", "bare with label smoothing 0.1"),
                variants(bare).keySet());
    }

    @Test
    void muonIsPutInWhereConvolutionsLearnByAdamW() {
        Recipe adam = RecipeReader.parse("full", FULL.replace("optimizer.type = \"muon\"", "optimizer.beta1 = 0.8"));
        assertEquals(
                new Optimizer.Muon(0.95, new Optimizer.AdamW(0.01, 0.8, 0.999, 1e-8, 0.01)),
                Objects.requireNonNull(variants(adam).get("full with muon")).optimizer());
        Recipe sgd = RecipeReader.parse("full", FULL.replace("\"muon\"", "\"sgd\""));
        assertEquals(9, variants(sgd).size());
    }

    @ParameterizedTest
    @FieldSource("BUILT_IN")
    void builtInRecipesCanBeTakenApart(String name) {
        Map<String, Recipe> variants = variants(RecipeReader.read(name, List.of()));
        assertTrue(variants.size() > 1, variants.keySet().toString());
        variants.values().forEach(Recipe::build);
    }

    @Test
    void aLongNameLeavesRoomForTheChange() {
        Recipe longNamed = RecipeReader.parse("long", FULL.replace("\"full\"", "\"" + "x".repeat(100) + "\""));
        assertEquals(10, variants(longNamed).size());
    }
}
