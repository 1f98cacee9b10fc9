package io.mnist20k.sweep;

import io.mnist20k.recipe.Recipe;
import java.util.List;

/// One point of a [SearchSpace].
///
/// @param origin  the built-in recipe or the file that it varies
/// @param changes `key=value` each, a varied key each
/// @param recipe  what becomes of it
public record Candidate(String origin, List<String> changes, Recipe recipe) {
    /// @param changes kept as a copy
    public Candidate {
        changes = List.copyOf(changes);
    }

    @Override
    public String toString() {
        return changes.isEmpty() ? origin : origin + ", " + String.join(", ", changes);
    }
}
