package io.mnist20k.cli;

import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What to train.
final class RecipeOptions {
    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            converter = OptionValues.RecipeName.class,
            description = "A built-in recipe or a TOML file. Default: default.")
    private @Nullable String recipe;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            converter = OptionValues.Setting.class,
            description = "Override a key of the recipe, such as optimizer.lr=0.02; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    Recipe read() {
        return read("default", List.of());
    }

    /// @param otherwise the recipe where none is named
    /// @param more      further overrides, put over the ones that were given
    Recipe read(String otherwise, List<String> more) {
        return RecipeReader.read(recipe != null ? recipe : otherwise, overrides, more);
    }

    /// The same, of one that was read before.
    Recipe read(Recipe otherwise, List<String> more) {
        if (recipe != null) {
            return read(recipe, more);
        }
        var all = new ArrayList<>(overrides);
        all.addAll(more);
        return RecipeReader.parse("recipe " + otherwise.name(), RecipeWriter.toToml(otherwise), all);
    }
}
