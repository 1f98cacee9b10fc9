package io.mnist20k.sweep;

import io.mnist20k.data.SampleOrder;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Every recipe with every combination of the values that its varied keys may have.
///
/// @param recipes   built-in names or files, at least one
/// @param overrides `key=value` each, set for all
/// @param varied    the keys that vary
public record SearchSpace(List<String> recipes, List<String> overrides, List<Varied> varied) {
    /// More points than that are a slip of the keyboard.
    public static final int MOST = 1_000_000;

    /// @throws IllegalArgumentException where there are more than [#MOST] points
    public SearchSpace {
        recipes = List.copyOf(recipes);
        overrides = List.copyOf(overrides);
        varied = List.copyOf(varied);
        long points = recipes.size();
        for (Varied key : varied) {
            points *= key.values().size();
            if (points > MOST) {
                throw new IllegalArgumentException("more than " + MOST + " combinations");
            }
        }
    }

    /// A key of a recipe, and the values it is given.
    ///
    /// @param values as after `key=` of an override; at least one
    public record Varied(String key, List<String> values) {
        private static final String QUOTES = "\"'";
        private static final String OPENING = "[{";
        private static final String CLOSING = "]}";

        /// @param text `key=value,value,…`; commas within brackets, braces and quotes belong to a value
        /// @throws IllegalArgumentException where it is not that, or a value is there twice
        public static Varied parse(String text) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(text);
            }
            var values = new ArrayList<String>();
            int from = equals + 1;
            int depth = 0;
            char quote = 0; // the one that ends what is quoted; 0 outside
            for (int at = from; at <= text.length(); at++) {
                char c = at < text.length() ? text.charAt(at) : ',';
                if (quote != 0) {
                    at += c == '\\' && quote == '"' ? 1 : 0; // what follows is a character of the text
                    quote = c == quote ? 0 : quote;
                } else if (QUOTES.indexOf(c) >= 0) {
                    quote = c;
                } else {
                    depth += OPENING.indexOf(c) >= 0 ? 1 : CLOSING.indexOf(c) >= 0 ? -1 : 0;
                }
                if (at == text.length() || (c == ',' && depth == 0 && quote == 0)) {
                    values.add(text.substring(from, at).strip());
                    from = at + 1;
                }
            }
            if (values.stream().anyMatch(String::isEmpty)
                    || values.stream().distinct().count() < values.size()) {
                throw new IllegalArgumentException(text);
            }
            return new Varied(text.substring(0, equals).strip(), List.copyOf(values));
        }
    }

    /// How many points it has.
    public int size() {
        return varied.stream().mapToInt(key -> key.values().size()).reduce(recipes.size(), (a, b) -> a * b);
    }

    /// All points, the last key's values running fastest; those that come to the same recipe once.
    ///
    /// @throws io.mnist20k.UserError where one is no recipe
    public List<Candidate> all() {
        return candidates(IntStream.range(0, size()).toArray());
    }

    /// Some points, drawn without putting back, in the order of [#all]. A larger draw has those of a smaller one in
    /// it.
    ///
    /// @param most at least 1
    /// @throws io.mnist20k.UserError where one is no recipe
    public List<Candidate> draw(int most, long seed) {
        int[] order = SampleOrder.permutation(seed, Philox.stream(Purpose.SEARCH, 0, 0), size());
        int[] drawn = Arrays.copyOfRange(order, Math.max(0, order.length - most), order.length);
        Arrays.sort(drawn);
        return candidates(drawn);
    }

    private List<Candidate> candidates(int[] points) {
        Map<Recipe, Candidate> distinct = new LinkedHashMap<>();
        for (int point : points) {
            Candidate candidate = candidate(point);
            distinct.putIfAbsent(candidate.recipe(), candidate);
        }
        return List.copyOf(distinct.values());
    }

    private Candidate candidate(int point) {
        int rest = point;
        var changes = new ArrayList<String>();
        for (Varied key : varied.reversed()) {
            int values = key.values().size();
            changes.addFirst(key.key() + "=" + key.values().get(rest % values));
            rest /= values;
        }
        var all = new ArrayList<>(overrides);
        all.addAll(changes);
        String origin = recipes.get(rest);
        return new Candidate(origin, changes, RecipeReader.read(origin, all));
    }
}
