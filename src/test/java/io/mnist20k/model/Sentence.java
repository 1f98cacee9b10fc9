package io.mnist20k.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;

/// What a test asks of a failure that a person reads.
public final class Sentence {
    private Sentence() {}

    /// One line that holds each fact.
    public static void assertSays(UserError error, String... facts) {
        String message = String.valueOf(error.getMessage());
        assertFalse(message.contains("\n"), message);
        for (String fact : facts) {
            assertTrue(message.contains(fact), "no \"" + fact + "\" in: " + message);
        }
    }

    public static void assertDoesNotSay(UserError error, String word) {
        String message = String.valueOf(error.getMessage());
        assertFalse(message.contains(word), message);
    }
}
