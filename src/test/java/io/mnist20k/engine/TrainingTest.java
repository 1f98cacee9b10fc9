package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TrainingTest {
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, Recipe.MAX_BATCH + 1})
    void aBatchIsARecipes(int batch) {
        assertThrows(IllegalArgumentException.class, () -> training(batch, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, Double.NaN})
    void smoothingAndAveragingAreShares(double value) {
        assertThrows(IllegalArgumentException.class, () -> training(1, value, 0));
        assertThrows(IllegalArgumentException.class, () -> training(1, 0, value));
    }

    private static Training training(int batch, double labelSmoothing, double averagingDecay) {
        return new Training(
                batch,
                0,
                new Optimizer.Sgd(0, 0, false, 0),
                labelSmoothing,
                averagingDecay,
                Augmentation.NONE,
                Synthetic.NORMALIZATION,
                EngineSettings.DEFAULT);
    }
}
