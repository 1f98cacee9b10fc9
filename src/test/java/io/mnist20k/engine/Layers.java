package io.mnist20k.engine;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import java.util.ArrayList;

/// Networks in short words, so that a test's network fits on a line.
public final class Layers {
    private Layers() {}

    /// A network of ten classes on images; the softmax is added.
    ///
    /// @param words `conv OUT KERNEL STRIDE PADDING`, `biasConv` alike, `norm`, `relu`, `pool KERNEL STRIDE`,
    ///     `average`, `maximum`, `dropout RATE`, `dropout2d RATE`, `dense OUT`, `bareDense OUT`; commas between
    public static Network network(String words) {
        return network(Shape.IMAGE, words);
    }

    /// The same on another input.
    public static Network network(Shape input, String words) {
        var layers = new ArrayList<Layer>();
        for (String word : words.split(", ", -1)) {
            layers.add(layer(word.split(" ", -1)));
        }
        layers.add(new Layer.Softmax());
        return new Network(input, 10, layers);
    }

    private static Layer layer(String[] word) {
        return switch (word[0]) {
            case "conv", "biasConv" ->
                new Layer.Conv(
                        number(word[1]), number(word[2]), number(word[3]), number(word[4]), word[0].equals("biasConv"));
            case "norm" -> new Layer.BatchNorm(1e-3, 0.3);
            case "relu" -> new Layer.Relu();
            case "pool" -> new Layer.MaxPool(number(word[1]), number(word[2]));
            case "average" -> new Layer.GlobalAvgPool();
            case "maximum" -> new Layer.GlobalMaxPool();
            case "dropout" -> new Layer.Dropout(Double.parseDouble(word[1]));
            case "dropout2d" -> new Layer.Dropout2d(Double.parseDouble(word[1]));
            case "dense" -> new Layer.Dense(number(word[1]), true);
            case "bareDense" -> new Layer.Dense(number(word[1]), false);
            default -> throw new IllegalArgumentException(word[0]);
        };
    }

    private static int number(String word) {
        return Integer.parseInt(word);
    }
}
