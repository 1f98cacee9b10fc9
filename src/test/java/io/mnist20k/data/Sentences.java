package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/// What every message for people must be: one line that has the facts in it.
final class Sentences {
    private Sentences() {}

    static void assertSays(String sentence, String... facts) {
        for (String fact : facts) {
            assertTrue(sentence.contains(fact), () -> "\"" + sentence + "\" lacks " + fact);
        }
        assertFalse(sentence.contains("\n"), sentence);
    }
}
