package io.mnist20k.engine;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Stage;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Optimizer;
import java.util.List;

/// A small network and how to train it. Together the cases hold every layer in usual and unusual orders.
///
/// @param images in an epoch; what they leave over from whole batches makes the short last step
record ContractCase(String name, Network network, Training training, int images) {
    private static final Optimizer NESTEROV = new Optimizer.Sgd(0.01, 0.9, true, 0.01);

    private static final Optimizer PLAIN = new Optimizer.Sgd(0.01, 0.8, false, 0);

    /// An epsilon as large as the gradients: with a tiny one the first update is the sign of the gradient, which
    /// rounding decides where the gradient is 0.
    private static final Optimizer ADAM = new Optimizer.AdamW(0.01, 0.9, 0.99, 0.01, 0.05);

    /// Decays so much that it shows beside what rounding may do to the matrices.
    private static final Optimizer MUON = new Optimizer.Muon(0.9, new Optimizer.AdamW(0.01, 0.9, 0.99, 0.01, 5));

    private static final Augmentation UPRIGHT = Augmentation.NONE;
    private static final Augmentation DISTORTED = new Augmentation(15, 0.15, 0.2, 2);

    @Override
    public String toString() {
        return name + ", " + images + " images in batches of " + training.batch();
    }

    /// The last step may be short, down to one image; but a norm meets 16 numbers a channel in every step,
    /// unless the case is about fewer: of a few, the deviation may come out near nothing and multiply every
    /// rounding.
    static List<ContractCase> all(long seed) {
        return List.of(
                of(
                        "default in small",
                        33,
                        training(seed, 16, ADAM, 0.1, 0.9, DISTORTED),
                        "conv 5 3 2 1, norm, relu, conv 10 1 1 0, norm, relu, pool 2 2, dropout 0.2, "
                                + "conv 17 3 1 1, norm, relu, average, dense 10"),
                of("dense on the image", 15, training(seed, 7, NESTEROV, 0, 0, DISTORTED), "dense 10"),
                of(
                        "dense twice, norm of one by one",
                        15,
                        training(seed, 7, PLAIN, 0.2, 0.99, UPRIGHT),
                        "bareDense 20, norm, relu, dropout 0.5, dense 10"),
                of(
                        "one sample a step",
                        3,
                        training(seed, 1, NESTEROV, 0.1, 0.38, DISTORTED),
                        "conv 3 5 2 2, norm, relu, pool 2 2, conv 10 3 1 0, norm, relu, dense 10"),
                of("norm of one number", 3, training(seed, 1, ADAM, 0, 0, UPRIGHT), "dense 17, norm, relu, dense 10"),
                of(
                        "convolutions without norm",
                        35,
                        training(seed, 17, PLAIN, 0, 0, UPRIGHT),
                        "biasConv 3 3 2 0, biasConv 10 2 2 0, relu, conv 3 3 1 1, dense 10"),
                of(
                        "bias before norm",
                        16,
                        training(seed, 7, NESTEROV, 0.1, 0, UPRIGHT),
                        "biasConv 10 3 3 0, norm, relu, biasConv 3 2 1 1, norm, dense 10"),
                of(
                        "dropout before relu",
                        17,
                        training(seed, 16, ADAM, 0, 0.9, UPRIGHT),
                        "conv 3 3 2 1, norm, dropout 0.3, relu, pool 3 2, biasConv 20 1 1 0, "
                                + "dropout 0.6, relu, maximum, dense 10"),
                of(
                        "pooling right after convolution",
                        20,
                        training(seed, 7, PLAIN, 0.1, 0, UPRIGHT),
                        "conv 3 3 1 1, pool 2 2, norm, relu, conv 10 5 1 2, pool 3 3, relu, dense 10"),
                of(
                        "overlapping and gapped pooling",
                        18,
                        training(seed, 16, NESTEROV, 0, 0, UPRIGHT),
                        "pool 2 2, biasConv 3 2 1 0, pool 3 1, relu, pool 2 3, dense 10"),
                of(
                        "channels dropped",
                        34,
                        training(seed, 17, ADAM, 0, 0, UPRIGHT),
                        "conv 20 3 3 1, norm, relu, dropout2d 0.4, conv 10 1 1 0, norm, dropout2d 0.2, "
                                + "relu, average, dropout 0.1, dense 10"),
                of(
                        "one channel, no dense",
                        22,
                        training(seed, 7, NESTEROV, 0.1, 0.9, UPRIGHT),
                        "conv 1 5 2 0, norm, relu, biasConv 10 3 1 2, maximum"),
                // The first convolution makes channels that differ: a norm behind single weights on a single channel
                // undoes their scale, and their gradient would be only rounding.
                of(
                        "strided single pixels",
                        40,
                        training(seed, 16, PLAIN, 0, 0, DISTORTED),
                        "pool 2 2, biasConv 3 2 1 0, conv 10 1 2 0, norm, relu, conv 10 1 3 0, norm, relu, dense 10"),
                of(
                        "norm and pooling on the image",
                        9,
                        training(seed, 7, NESTEROV, 0, 0, UPRIGHT),
                        "norm, pool 4 4, dropout2d 0.3, conv 17 2 2 1, relu, relu, dense 10"),
                of(
                        "pooled, normalised and pooled",
                        21,
                        training(seed, 16, NESTEROV, 0, 0, UPRIGHT),
                        "conv 5 3 1 0, norm, relu, pool 2 2, norm, relu, pool 2 2, dense 10"),
                of(
                        "norm between a strided and a usual convolution",
                        12,
                        training(seed, 7, NESTEROV, 0, 0, UPRIGHT),
                        "relu, conv 8 3 2 1, norm, relu, conv 16 3 1 0, norm, relu, average, dense 10"),
                of(
                        "norm behind dropout",
                        17,
                        training(seed, 16, PLAIN, 0, 0, UPRIGHT),
                        "conv 5 3 2 1, norm, relu, dropout 0.2, norm, relu, conv 6 3 2 1, norm, relu, "
                                + "dropout 0.3, dense 10"),
                of(
                        "large batch",
                        131,
                        training(seed, 128, ADAM, 0.1, 0.99, DISTORTED),
                        "pool 2 2, conv 3 3 2 1, norm, relu, conv 17 3 2 0, norm, relu, dropout 0.2, "
                                + "average, dense 10"),
                of(
                        "batch larger than the epoch",
                        5,
                        training(seed, 128, NESTEROV, 0.1, 0, UPRIGHT),
                        "conv 10 4 4 0, norm, relu, average, biasConv 10 1 1 0"),
                of(
                        "units of a convolution, norm and relu",
                        11,
                        training(seed, 7, ADAM, 0.1, 0.9, DISTORTED),
                        "conv 5 3 1 0, norm, relu, pool 2 2, dropout 0.2, conv 9 3 1 1, norm, relu, "
                                + "conv 10 1 1 0, norm, relu, pool 3 3, dropout2d 0.3, conv 7 3 1 0, norm, relu, "
                                + "average, dense 10"),
                of(
                        "units to a convolution",
                        12,
                        training(seed, 7, MUON, 0.1, 0.9, UPRIGHT),
                        "conv 8 3 1 1, norm, relu, pool 4 4, conv 4 3 1 0, norm, relu, biasConv 10 1 1 0, average"),
                of(
                        "units of many channels",
                        5,
                        training(seed, 5, ADAM, 0, 0, UPRIGHT),
                        "conv 34 3 1 0, norm, relu, pool 13 13, conv 61 3 1 1, norm, relu, average, dense 10"),
                of(
                        "units to the largest",
                        15,
                        training(seed, 7, NESTEROV, 0, 0, UPRIGHT),
                        "conv 6 3 1 2, norm, relu, pool 4 4, conv 8 1 1 0, norm, relu, dropout 0.1, "
                                + "maximum, bareDense 10"),
                of(
                        "three by three, one after the other",
                        19,
                        training(seed, 17, ADAM, 0.1, 0.9, UPRIGHT),
                        "pool 2 2, conv 8 3 1 0, norm, relu, conv 9 3 1 0, norm, relu, pool 2 2, dropout 0.2, "
                                + "biasConv 13 3 1 2, norm, relu, pool 2 2, conv 11 4 1 3, relu, pool 2 2, average, dense 10"),
                of(
                        "matrices of all sides",
                        21,
                        training(seed, 16, MUON, 0.1, 0.9, DISTORTED),
                        "pool 2 2, conv 21 3 3 0, norm, relu, conv 5 2 1 0, norm, relu, biasConv 17 1 1 0, relu, "
                                + "conv 9 3 1 0, dense 10"),
                of("no matrix", 9, training(seed, 7, MUON, 0, 0, UPRIGHT), "dense 10"),
                of(
                        "matrices alone",
                        9,
                        training(seed, 7, MUON, 0, 0, UPRIGHT),
                        "conv 20 3 3 0, relu, conv 10 2 2 0, average"),
                of(
                        "one matrix of one row",
                        17,
                        training(seed, 7, MUON, 0, 0, UPRIGHT),
                        "biasConv 1 5 2 0, relu, dense 10"));
    }

    static ContractCase named(String name, long seed) {
        return all(seed).stream()
                .filter(test -> test.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /// The first case of the table, which has most of what a real recipe has.
    static ContractCase usual(long seed) {
        return all(seed).getFirst();
    }

    ContractCase evaluating() {
        return new ContractCase(name, network, Training.evaluationOnly(Synthetic.NORMALIZATION), images);
    }

    ContractCase seeded(long seed) {
        var other = new Training(
                training.batch(),
                seed,
                training.optimizer(),
                training.labelSmoothing(),
                training.averagingDecay(),
                training.augmentation(),
                training.normalization(),
                training.engine());
        return new ContractCase(name, network, other, images);
    }

    boolean distorts() {
        return !training.augmentation().equals(Augmentation.NONE);
    }

    /// Terms of the longest sum that training takes: an output of a layer, or a gradient over the batch.
    int longestSum() {
        int batch = Math.min(training.batch(), images);
        int longest = 1;
        for (Stage stage : network.stages()) {
            int terms = switch (stage.layer()) {
                case Layer.Conv conv ->
                    Math.max(
                            stage.in().channels() * conv.kernel() * conv.kernel(),
                            batch * stage.out().pixels());
                case Layer.BatchNorm _ -> batch * stage.in().pixels();
                case Layer.Dense _ -> Math.max(stage.in().elements(), batch);
                default -> 1;
            };
            longest = Math.max(longest, terms);
        }
        return longest;
    }

    private static ContractCase of(String name, int images, Training training, String layers) {
        return new ContractCase(name, Layers.network(layers), training, images);
    }

    private static Training training(
            long seed, int batch, Optimizer optimizer, double smoothing, double decay, Augmentation augmentation) {
        return new Training(
                batch,
                seed,
                optimizer,
                smoothing,
                decay,
                augmentation,
                Synthetic.NORMALIZATION,
                EngineSettings.DEFAULT);
    }
}
