package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LifecycleTest {
    private final Lifecycle lifecycle = new Lifecycle();

    private static void assertRefused(String sentence, Executable asking) {
        assertEquals(sentence, assertThrows(IllegalStateException.class, asking).getMessage());
    }

    @Test
    void oneThingIsDoneAtATime() {
        lifecycle.restore(() -> {});
        String turns = "this session is evaluating; wait for it, and let threads that share a session take turns";
        boolean evaluated = lifecycle.use("evaluating", () -> {
            assertRefused(turns, () -> lifecycle.use("training", () -> 1));
            assertRefused(turns, () -> lifecycle.restore(() -> {}));
            assertRefused(turns, lifecycle::requireOpen);
            assertRefused(turns, lifecycle::close);
            return true;
        });
        assertTrue(evaluated);
        String observer = "this session is training; wait for it, or let its observer stop it";
        assertEquals(7, lifecycle.use("training", () -> {
            assertRefused(observer, lifecycle::close);
            return 7;
        }));
        assertTrue(lifecycle.close());
    }

    @Test
    void whatFailedIsNoLongerDone() {
        assertThrows(
                UnsupportedOperationException.class,
                () -> lifecycle.restore(() -> {
                    throw new UnsupportedOperationException();
                }));
        assertRefused(
                "this session has no parameters yet; restore a state first",
                () -> lifecycle.use("evaluating", () -> 1));
        lifecycle.restore(() -> {});
        assertEquals(1, lifecycle.use("evaluating", () -> 1));
    }

    @Test
    void theEndIsTheEnd() {
        lifecycle.restore(() -> {});
        assertTrue(lifecycle.close());
        assertFalse(lifecycle.close(), "there is nothing to free twice");
        assertRefused("this session is closed", () -> lifecycle.use("evaluating", () -> 1));
        assertRefused("this session is closed", () -> lifecycle.restore(() -> {}));
        assertRefused("this session is closed", lifecycle::requireOpen);
    }
}
