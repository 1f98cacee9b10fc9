package io.mnist20k.train;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Split;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Layer;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.Schedule;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A run that takes a fraction of a second: made-up digits, a network of two thousand parameters, the reference
/// engine.
public final class TinyRun {
    /// 101 images in batches of 16: seven steps, the last of five images.
    static final int TRAINING_IMAGES = 101;

    static final int STEPS = 7;
    static final int EPOCHS = 3;

    private TinyRun() {}

    /// Every class is a bright square in a place of its own, under noise that hides some.
    ///
    /// @param key of the noise
    public static Dataset digits(int count, long key) {
        byte[] pixels = new byte[count * 784];
        byte[] labels = new byte[count];
        int[] words = new int[4];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i * 7 % 10);
            int top = 2 + labels[i] / 4 * 8;
            int left = 1 + labels[i] % 4 * 7;
            for (int pixel = 0; pixel < 784; pixel++) {
                Philox.block(key, pixel, i, 0, Philox.stream(Purpose.AUGMENTATION, 0, 0), words);
                int row = pixel / 28;
                int column = pixel % 28;
                boolean inside = row >= top && row < top + 6 && column >= left && column < left + 6;
                double noise = Philox.unit(words[0]);
                pixels[i * 784 + pixel] = (byte) (int) (255 * ((inside ? 0.12 : 0) + 0.88 * noise));
            }
        }
        return new Dataset(pixels, labels);
    }

    public static Split images() {
        return new Split(digits(TRAINING_IMAGES, 1), digits(60, 2));
    }

    /// All that has to survive a stop: two moments, averaging, dropout, distortions, a schedule that looks back.
    public static Recipe recipe() {
        return recipe(
                EPOCHS,
                new Optimizer.AdamW(0.01, 0.9, 0.99, 1e-8, 0.01),
                new Schedule.Plateau(0.5, 0),
                0.9,
                new Augmentation(5, 0.05, 0.05, 1));
    }

    /// Each step makes the weights a thousand times larger, so the first epoch leaves the numbers.
    public static Recipe wildRecipe() {
        return recipe(EPOCHS, new Optimizer.Sgd(100, 0.9, false, 10), new Schedule.Constant(), 0, Augmentation.NONE);
    }

    public static Recipe recipe(
            int epochs, Optimizer optimizer, Schedule schedule, double averagingDecay, Augmentation augmentation) {
        return new Recipe(
                "tiny",
                epochs,
                16,
                false,
                List.of(
                        new Layer.MaxPool(4, 4),
                        new Layer.Conv(4, 3, 1, 1, false),
                        new Layer.BatchNorm(1e-5, 0.1),
                        new Layer.Relu(),
                        new Layer.Dropout(0.1),
                        new Layer.Dense(10, true),
                        new Layer.Softmax()),
                Initialization.KAIMING_NORMAL,
                optimizer,
                schedule,
                averagingDecay,
                augmentation,
                0.05,
                EngineSettings.DEFAULT);
    }

    public static RunSettings settings(Recipe recipe) {
        return RunSettings.of(recipe, 17);
    }

    static TrainingResult begin(Path path, RunSettings settings, TrainingListener listener, BooleanSupplier stop) {
        return begin(path, settings, images(), listener, stop);
    }

    static TrainingResult begin(
            Path path, RunSettings settings, Split files, TrainingListener listener, BooleanSupplier stop) {
        try (RunDirectory directory = RunDirectory.create(path)) {
            return new Trainer(new ReferenceEngine(), settings, files, directory, listener, stop).run();
        }
    }

    public static TrainingResult.Finished finish(Path path, Recipe recipe) {
        return (TrainingResult.Finished) begin(path, settings(recipe), new TrainingListener() {}, () -> false);
    }

    static TrainingResult goOn(Path path, BooleanSupplier stop) {
        try (RunDirectory directory = RunDirectory.reopen(path)) {
            RunSettings settings = directory.checkpoint().orElseThrow().settings();
            return new Trainer(new ReferenceEngine(), settings, images(), directory, new TrainingListener() {}, stop)
                    .run();
        }
    }
}
