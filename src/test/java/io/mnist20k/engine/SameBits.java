package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;

/// Equality of states to the last bit.
final class SameBits {
    private SameBits() {}

    static void check(SessionState expected, SessionState actual) {
        assertEquals(expected.updates(), actual.updates(), "updates");
        List<float[]> expectedVectors = vectors(expected);
        List<float[]> actualVectors = vectors(actual);
        assertEquals(expectedVectors.size(), actualVectors.size(), "vectors");
        for (int i = 0; i < expectedVectors.size(); i++) {
            assertArrayEquals(expectedVectors.get(i), actualVectors.get(i), "vector " + i + " of the state");
        }
    }

    /// Parameters, statistics, their averages, then the slots.
    static List<float[]> vectors(SessionState state) {
        var vectors = new ArrayList<>(List.of(
                state.parameters(), state.statistics(), state.averagedParameters(), state.averagedStatistics()));
        vectors.addAll(state.slots());
        return vectors;
    }
}
