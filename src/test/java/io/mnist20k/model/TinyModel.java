package io.mnist20k.model;

import io.mnist20k.data.Normalization;
import io.mnist20k.data.Validation;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.Schedule;
import java.util.List;

/// A model of every kind of tensor, with made-up numbers.
public final class TinyModel {
    private TinyModel() {}

    public static Model model() {
        var recipe = new Recipe(
                "tiny \"ü\"",
                3,
                7,
                true,
                List.of(
                        new Layer.MaxPool(7, 7),
                        new Layer.Conv(3, 3, 1, 1, true),
                        new Layer.BatchNorm(1e-5, 0.1),
                        new Layer.Relu(),
                        new Layer.Dense(10, true),
                        new Layer.Softmax()),
                Initialization.KAIMING_NORMAL,
                new Optimizer.AdamW(0.01, 0.9, 0.999, 1e-8, 0.01),
                new Schedule.Constant(),
                0.9,
                Augmentation.NONE,
                0.1,
                EngineSettings.DEFAULT);
        Network network = recipe.build();
        return new Model(
                recipe,
                new Normalization(0.1307f, 0.3081f),
                numbers(network.parameterCount(), 1),
                positive(numbers(network.statisticCount(), 2)),
                new Model.Origin(-5, Validation.HELD_OUT, 1000, false, "1.2.3"));
    }

    private static float[] numbers(int count, long key) {
        float[] values = new float[count];
        int[] words = new int[4];
        for (int i = 0; i < count; i++) {
            Philox.block(key, i, 0, 0, Philox.stream(Purpose.WEIGHTS, 0, 0), words);
            values[i] = (float) Philox.symmetric(words[0]);
        }
        return values;
    }

    /// As variances are.
    private static float[] positive(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
        }
        return values;
    }
}
