package io.mnist20k;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

final class UserErrorTest {
    @Property(tries = 50)
    void keepsTheSentenceAsItIs(@ForAll String sentence) {
        assertEquals(sentence, new UserError(sentence).getMessage());
    }

    @Test
    void keepsTheCause() {
        var cause = new IllegalStateException("underneath");
        assertSame(cause, new UserError("what failed", cause).getCause());
    }
}
