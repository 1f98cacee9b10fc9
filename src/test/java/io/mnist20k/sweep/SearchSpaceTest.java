package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.recipe.Schedule;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SearchSpaceTest {
    private static SearchSpace space(String... varied) {
        return new SearchSpace(
                List.of("default"),
                List.of("epochs=3"),
                Stream.of(varied).map(SearchSpace.Varied::parse).toList());
    }

    private static List<List<String>> changes(List<Candidate> candidates) {
        return candidates.stream().map(Candidate::changes).toList();
    }

    @Test
    void allIsEveryCombination() {
        List<Candidate> all = space("optimizer.lr=0.005,0.01,0.02", "schedule.type=one-cycle,cosine")
                .all();
        assertEquals(
                List.of(
                        List.of("optimizer.lr=0.005", "schedule.type=one-cycle"),
                        List.of("optimizer.lr=0.005", "schedule.type=cosine"),
                        List.of("optimizer.lr=0.01", "schedule.type=one-cycle"),
                        List.of("optimizer.lr=0.01", "schedule.type=cosine"),
                        List.of("optimizer.lr=0.02", "schedule.type=one-cycle"),
                        List.of("optimizer.lr=0.02", "schedule.type=cosine")),
                changes(all));
        Candidate fourth = all.get(3);
        assertEquals(0.01, fourth.recipe().optimizer().lr());
        assertTrue(fourth.recipe().schedule() instanceof Schedule.Cosine);
        assertEquals(3, fourth.recipe().epochs());
    }

    @Test
    void combinationsThatComeToTheSameRecipeAreOne() {
        assertEquals(
                2,
                space("schedule.type=one-cycle,step", "label_smoothing=0,0.0")
                        .all()
                        .size());
    }

    @Test
    void withNothingVariedThereAreTheRecipesThemselves() {
        assertEquals(List.of(List.of()), changes(space().all()));
        assertEquals("default", space().all().getFirst().toString());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -7, Long.MAX_VALUE})
    void aDrawIsAFunctionOfTheSeedAndGrowsWithoutLosing(long seed) {
        SearchSpace space = space("optimizer.lr=0.001,0.002,0.005,0.01,0.02", "augmentation.rotation=0,5,10,15,20,25");
        List<List<String>> all = changes(space.all());
        List<List<String>> small = changes(space.draw(7, seed));
        List<List<String>> large = changes(space.draw(13, seed));
        assertEquals(small, changes(space.draw(7, seed)));
        assertEquals(7, new HashSet<>(small).size());
        assertTrue(new HashSet<>(large).containsAll(small), () -> large + " lacks some of " + small);
        assertTrue(new HashSet<>(all).containsAll(large));
        assertEquals(all, changes(space.draw(1000, seed)), "a draw of all is all, in their order");
    }

    @Test
    void seedsDrawDifferently() {
        SearchSpace space = space("optimizer.lr=0.001,0.002,0.005,0.01,0.02", "augmentation.rotation=0,5,10,15,20,25");
        long distinct = Stream.of(1L, 2L, 3L)
                .map(seed -> changes(space.draw(7, seed)))
                .distinct()
                .count();
        assertEquals(3, distinct);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a=1,2,3; 3",
                "a = x ; 1",
                "a=[1,2],[3]; 2",
                "a={ type = \"x\", b = [1, 2] },{ type = \"y\" }; 2",
                "a=\"x,y\",z; 2",
                "a='x,y',\"',z\"; 2",
                "a=\"x\\\",y\",z; 2",
                "a=\"x\\\\\",\"y\"; 2"
            })
    void commasWithinAValueBelongToIt(String text, int values) {
        SearchSpace.Varied varied = SearchSpace.Varied.parse(text);
        assertEquals("a", varied.key());
        assertEquals(values, varied.values().size(), varied.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "=1", "a=", "a=1,", "a=,1", "a=1,1", "a=1, 1"})
    void whatIsNoVariedKeyIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> SearchSpace.Varied.parse(text));
    }

    @Test
    void anUnknownKeyIsRefusedByName() {
        UserError error =
                assertThrows(UserError.class, () -> space("optimizer.rl=1,2").all());
        assertTrue(error.getMessage().contains("optimizer.rl"), error.getMessage());
    }

    @Test
    void aSlipOfTheKeyboardIsRefused() {
        var ten = new SearchSpace.Varied(
                "seed",
                Stream.iterate(0, i -> i + 1).limit(10).map(String::valueOf).toList());
        var recipes = List.of("default");
        var keys = Collections.nCopies(7, ten);
        assertThrows(IllegalArgumentException.class, () -> new SearchSpace(recipes, List.of(), keys));
        assertEquals(1_000_000, new SearchSpace(recipes, List.of(), keys.subList(0, 6)).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "2,1", "1,1", "1,,2", "a", "-1,2"})
    void rungsThatDoNotRiseAreRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Rungs.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"16, 8, 4, 2", "5, 3, 2, 1", "2, 1, 1, 1", "1, 1, 1, 1"})
    void noRungHasMoreRunsThanTheOneBeforeButForRounding(int candidates, int second, int third, int fourth) {
        Rungs rungs = Rungs.parse("1,2,4,8");
        assertEquals(second, rungs.goOn(0, candidates));
        assertEquals(third, rungs.goOn(1, second));
        assertEquals(fourth, rungs.goOn(2, third));
        assertEquals(0, rungs.goOn(3, fourth));
        assertEquals(7, Rungs.parse("3,10").goOn(0, 23));
    }
}
