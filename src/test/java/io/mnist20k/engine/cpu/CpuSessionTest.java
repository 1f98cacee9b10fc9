package io.mnist20k.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CpuSessionTest {
    private static final Recipe RECIPE = RecipeReader.read("default", List.of("batch=1"));

    private static CpuSession session(int threads, Dataset images) {
        Training training = Training.of(RECIPE, 5, images.normalization());
        var session = new CpuSession(RECIPE.build(), training, threads);
        session.restore(SessionState.initial(RECIPE.build(), RECIPE.initialization(), training));
        return session;
    }

    /// A batch of one image is one block, on which one thread trains.
    @Test
    void asManyThreadsEvaluateAsThereAreHoweverSmallTheBatch() {
        Dataset images = MadeUpDigits.of(7 * Lanes.COUNT + 1, 5);
        try (var one = session(1, images);
                var many = session(5, images)) {
            assertTrue(many.kernels().endsWith("1 thread"), many.kernels());
            assertEquals(5, many.evaluators(8));
            assertEquals(3, many.evaluators(3));
            float[] expected = one.logits(images);
            assertArrayEquals(expected, many.logits(images));
            assertArrayEquals(one.logits(images.first(3)), many.logits(images.first(3)));
            assertArrayEquals(expected, many.logits(images));
        }
    }
}
