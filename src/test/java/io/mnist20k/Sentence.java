package io.mnist20k;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/// What a test asks of a failure that a person reads.
public final class Sentence {
    private Sentence() {}

    public static void assertSays(UserError error, String... facts) {
        assertSays(String.valueOf(error.getMessage()), facts);
    }

    /// One line that holds each fact.
    public static void assertSays(String sentence, String... facts) {
        assertFalse(sentence.contains("\n"), sentence);
        for (String fact : facts) {
            assertTrue(sentence.contains(fact), "no \"" + fact + "\" in: " + sentence);
        }
    }

    public static void assertDoesNotSay(UserError error, String word) {
        String message = String.valueOf(error.getMessage());
        assertFalse(message.contains(word), message);
    }
}
