package io.mnist20k.recipe;

import static io.mnist20k.recipe.OutOfRangeException.requireBelow;
import static io.mnist20k.recipe.OutOfRangeException.requireWithin;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import java.util.List;

/// One experiment, complete: everything that decides a run but the seed and the data. `docs/RECIPES.md` describes
/// each key for the person who writes one.
///
/// @param name           for tables and reports; not blank, no control characters, up to 100 characters
/// @param epochs         1..[#MAX_EPOCHS]
/// @param batch          samples a step, 1..[#MAX_BATCH]
/// @param network        from image to class probabilities, up to [#MAX_LAYERS] layers
/// @param deskew         whether the network sees images without their slant, in training and ever after
/// @param averagingDecay decay of the exponential moving average of the model, 0 ≤ d < 1; 0 averages nothing
/// @param labelSmoothing share of the target spread evenly over all classes, 0 ≤ s < 1
public record Recipe(
        String name,
        int epochs,
        int batch,
        boolean deskew,
        List<Layer> network,
        Initialization initialization,
        Optimizer optimizer,
        Schedule schedule,
        double averagingDecay,
        Augmentation augmentation,
        double labelSmoothing,
        EngineSettings engine) {
    /// The digits.
    public static final int CLASSES = 10;

    /// Epochs and layers have 16 and 8 bits in the counter of the random numbers.
    public static final int MAX_EPOCHS = 1 << 16;

    public static final int MAX_LAYERS = 1 << 8;
    public static final int MAX_BATCH = 1 << 16;

    /// @throws IllegalArgumentException naming the key, its value and its range, or the layer that does not fit and
    ///                                  why
    public Recipe {
        if (name.isBlank() || name.length() > 100 || name.chars().anyMatch(Character::isISOControl)) {
            throw new OutOfRangeException("name", "not usable", "1 to 100 printable characters that are not all blank");
        }
        requireWithin("epochs", epochs, 1, MAX_EPOCHS);
        requireWithin("batch", batch, 1, MAX_BATCH);
        requireBelow("averaging.decay", averagingDecay, 0, 1);
        requireBelow("label_smoothing", labelSmoothing, 0, 1);
        network = List.copyOf(network);
        if (network.isEmpty() || network.size() > MAX_LAYERS) {
            throw new OutOfRangeException(
                    "network", "a list of " + network.size() + " layers", "1 to " + MAX_LAYERS + " of them");
        }
        build(network);
    }

    /// The network with its shapes; a recipe exists only where they fit.
    public Network build() {
        return build(network);
    }

    private static Network build(List<Layer> layers) {
        return new Network(Shape.IMAGE, CLASSES, layers);
    }
}
