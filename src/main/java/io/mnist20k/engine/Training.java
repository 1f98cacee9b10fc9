package io.mnist20k.engine;

import io.mnist20k.UserError;
import io.mnist20k.data.Normalization;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Precision;
import io.mnist20k.recipe.Recipe;

/// What a session has to know besides the network.
///
/// @param batch          samples a step, 1..[Recipe#MAX_BATCH]; the last step of an epoch may have fewer
/// @param seed           key of every random number drawn while training
/// @param labelSmoothing share of the target spread evenly over all classes, 0 ≤ s < 1
/// @param averagingDecay decay of the exponential moving average of the model, 0 ≤ d < 1; 0 where there is none
public record Training(
        int batch,
        long seed,
        Optimizer optimizer,
        double labelSmoothing,
        double averagingDecay,
        Augmentation augmentation,
        Normalization normalization,
        EngineSettings engine) {
    /// @throws IllegalArgumentException naming what is out of range
    public Training {
        if (batch < 1 || batch > Recipe.MAX_BATCH) {
            throw new IllegalArgumentException("batches of " + batch + "; expected 1 to " + Recipe.MAX_BATCH);
        }
        requireShare("a label smoothing", labelSmoothing);
        requireShare("an averaging decay", averagingDecay);
    }

    private static void requireShare(String what, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(what + " of " + value + "; expected at least 0 and less than 1");
        }
    }

    /// As a recipe has it, but for [Recipe#deskew]: where that is true, hand the session images that are
    /// [io.mnist20k.data.Dataset#deskewed].
    ///
    /// @param normalization of the images to train on
    public static Training of(Recipe recipe, long seed, Normalization normalization) {
        return new Training(
                recipe.batch(),
                seed,
                recipe.optimizer(),
                recipe.labelSmoothing(),
                recipe.averagingDecay(),
                recipe.augmentation(),
                normalization,
                recipe.engine());
    }

    /// For a session that only evaluates.
    public static Training evaluationOnly(Normalization normalization) {
        return new Training(
                256,
                0,
                new Optimizer.Sgd(0, 0, false, 0),
                0,
                0,
                Augmentation.NONE,
                normalization,
                EngineSettings.DEFAULT);
    }

    /// For engines, before they open a session.
    ///
    /// @throws IllegalArgumentException where a network does not take a dataset's images, or has other classes
    public static void requireImages(Network network) {
        if (!network.input().equals(Shape.IMAGE) || network.classes() != Recipe.CLASSES) {
            throw new IllegalArgumentException("a network for " + network.classes() + " classes of images of "
                    + network.input() + "; expected " + Recipe.CLASSES + " classes of " + Shape.IMAGE);
        }
    }

    /// For engines that compute in single precision alone.
    ///
    /// @param engine the word for it in `--device`
    /// @throws UserError where another precision is asked for
    public void requireSinglePrecision(String engine) {
        if (this.engine.precision() != Precision.FP32) {
            throw new UserError(
                    "engine.precision is %s, and --device %s computes only in fp32; train with --device cuda or with --set engine.precision=fp32"
                            .formatted(this.engine.precision().type(), engine));
        }
    }

    public boolean averages() {
        return averagingDecay > 0;
    }
}
