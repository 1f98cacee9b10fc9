package io.mnist20k.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.Sentence;
import io.mnist20k.UserError;
import io.mnist20k.network.Shape;
import org.junit.jupiter.api.Test;

final class BlockMemoryTest {
    /// With vectors of any width it is more than an int counts.
    @Test
    void aPlaneThatNoArrayHoldsIsRefused() {
        var memory = new BlockMemory(1);
        UserError refusal = assertThrows(UserError.class, () -> memory.planes(new Shape(1, 28, 28), 20_000, 20_000, 1));
        Sentence.assertSays(refusal, "more than one array holds", "padding");
    }
}
