package io.mnist20k.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Layer.BatchNorm;
import io.mnist20k.network.Layer.Conv;
import io.mnist20k.network.Layer.Dense;
import io.mnist20k.network.Layer.Dropout;
import io.mnist20k.network.Layer.Dropout2d;
import io.mnist20k.network.Layer.GlobalAvgPool;
import io.mnist20k.network.Layer.GlobalMaxPool;
import io.mnist20k.network.Layer.MaxPool;
import io.mnist20k.network.Layer.Relu;
import io.mnist20k.network.Layer.Softmax;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class NetworkTest {
    private static final BatchNorm NORM = new BatchNorm(1e-5, 0.1);

    private static Conv conv(int out, int kernel, int padding) {
        return new Conv(out, kernel, 1, padding, false);
    }

    /// The network of the given layers, made complete by a dense layer and a softmax.
    private static Network network(Shape input, Layer... layers) {
        var all = new ArrayList<>(List.of(layers));
        all.add(new Dense(10, true));
        all.add(new Softmax());
        return new Network(input, 10, all);
    }

    private static Shape output(Shape input, Layer layer) {
        return network(input, layer).stages().getFirst().out();
    }

    @Test
    void convolutionsHaveTheOutputsCountedByHand() {
        assertEquals(new Shape(16, 26, 26), output(Shape.IMAGE, conv(16, 3, 0)));
        assertEquals(new Shape(16, 28, 28), output(Shape.IMAGE, conv(16, 3, 1)));
        assertEquals(new Shape(16, 30, 30), output(Shape.IMAGE, conv(16, 3, 2)));
        assertEquals(new Shape(3, 28, 28), output(Shape.IMAGE, conv(3, 1, 0)));
        assertEquals(new Shape(7, 24, 24), output(Shape.IMAGE, conv(7, 5, 0)));
        assertEquals(new Shape(7, 1, 1), output(Shape.IMAGE, conv(7, 28, 0)));
        assertEquals(new Shape(2, 13, 13), output(Shape.IMAGE, new Conv(2, 3, 2, 0, false)));
        assertEquals(new Shape(2, 14, 14), output(Shape.IMAGE, new Conv(2, 3, 2, 1, false)));
        assertEquals(new Shape(2, 10, 10), output(Shape.IMAGE, new Conv(2, 1, 3, 0, false)));
        assertEquals(new Shape(2, 1, 1), output(new Shape(5, 1, 1), conv(2, 1, 0)));
        assertEquals(new Shape(2, 1, 1), output(new Shape(5, 1, 1), conv(2, 3, 1)));
        assertEquals(new Shape(2, 5, 3), output(new Shape(1, 7, 5), conv(2, 3, 0)));
    }

    @Test
    void poolingDropsRowsAndColumnsThatFillNoWindow() {
        assertEquals(new Shape(4, 3, 3), output(new Shape(4, 7, 7), new MaxPool(2, 2)));
        assertEquals(new Shape(4, 6, 6), output(new Shape(4, 7, 7), new MaxPool(2, 1)));
        assertEquals(new Shape(4, 3, 2), output(new Shape(4, 7, 5), new MaxPool(3, 2)));
        assertEquals(new Shape(4, 2, 2), output(new Shape(4, 11, 11), new MaxPool(2, 7)));
        assertEquals(new Shape(4, 1, 1), output(new Shape(4, 1, 1), new MaxPool(1, 1)));
    }

    @Test
    void otherLayersHaveTheOutputsCountedByHand() {
        Shape input = new Shape(5, 7, 3);
        assertEquals(new Shape(5, 1, 1), output(input, new GlobalAvgPool()));
        assertEquals(new Shape(5, 1, 1), output(input, new GlobalMaxPool()));
        assertEquals(new Shape(11, 1, 1), output(input, new Dense(11, false)));
        for (Layer same : List.of(NORM, new Relu(), new Dropout(0.5), new Dropout2d(0.5))) {
            assertEquals(input, output(input, same), same.type());
        }
    }

    /// 144 + 5 · 2,304 in the convolutions, 6 · 32 in batch normalisation, 170 in the dense layer.
    @Test
    void networkOf12026ParametersIsCountedAsByHand() {
        Network network = network(
                Shape.IMAGE,
                conv(16, 3, 0),
                NORM,
                new Relu(),
                conv(16, 3, 0),
                NORM,
                new Relu(),
                new MaxPool(2, 2),
                conv(16, 3, 0),
                NORM,
                new Relu(),
                conv(16, 3, 0),
                NORM,
                new Relu(),
                conv(16, 3, 0),
                NORM,
                new Relu(),
                conv(16, 3, 1),
                NORM,
                new Relu(),
                new GlobalAvgPool());

        assertEquals(12_026, network.parameterCount());
        assertEquals(192, network.statisticCount());
        assertEquals(10, network.classes());
        // 26² · 144 + (24² + 10² + 8² + 6² + 6²) · 2,304 + 160
        assertEquals(1_968_352, network.multiplyAdds());
        assertEquals(
                List.of(144L, 2304L, 2304L, 2304L, 2304L, 2304L),
                network.stages().stream()
                        .filter(stage -> stage.layer() instanceof Conv)
                        .map(stage -> (long) stage.parameters())
                        .toList());
        assertEquals(
                List.of(3, 5, 10, 14, 18, 22),
                network.stages().stream()
                        .filter(stage -> stage.layer() instanceof Conv)
                        .map(Stage::receptiveField)
                        .toList());
        assertEquals(6, network.stages().get(6).receptiveField(), "max pooling");
        assertEquals(32, network.stages().getLast().receptiveField(), "22 + 5 steps of 2 over the last 6×6");
    }

    @Test
    void oneByOneConvolutionInPlaceOfDenseCountsTheSame() {
        var head = new Network(
                new Shape(16, 6, 6), 10, List.of(new Conv(10, 1, 1, 0, true), new GlobalAvgPool(), new Softmax()));
        assertEquals(170, head.parameterCount());
        assertEquals(36 * 160, head.multiplyAdds());
    }

    @Test
    void stridesWidenTheReceptiveFieldOfWhatFollows() {
        Network network = network(
                Shape.IMAGE, new Conv(4, 5, 2, 2, true), new Conv(4, 3, 3, 0, true), conv(4, 3, 1), conv(4, 1, 0));
        assertEquals(
                List.of(5, 9, 21, 21),
                network.stages().subList(0, 4).stream()
                        .map(Stage::receptiveField)
                        .toList());
    }

    @Test
    void layersAreNumberedByType() {
        Network network = network(Shape.IMAGE, conv(2, 3, 0), NORM, new Relu(), conv(2, 3, 0), NORM, new Relu());
        assertEquals(
                List.of("conv1", "batchnorm1", "relu1", "conv2", "batchnorm2", "relu2", "dense1", "softmax1"),
                network.stages().stream().map(Stage::name).toList());
        assertEquals(
                IntStream.range(0, 8).boxed().toList(),
                network.stages().stream().map(Stage::index).toList());
    }

    @Test
    void tensorsLieOneAfterTheOtherUnderPyTorchNames() {
        Network network = network(new Shape(3, 5, 5), new Conv(2, 3, 1, 0, true), NORM, conv(4, 1, 0));
        assertEquals(
                List.of(
                        new Tensor("conv1.weight", 0, List.of(2, 3, 3, 3), 0),
                        new Tensor("conv1.bias", 0, List.of(2), 54),
                        new Tensor("batchnorm1.weight", 1, List.of(2), 56),
                        new Tensor("batchnorm1.bias", 1, List.of(2), 58),
                        new Tensor("conv2.weight", 2, List.of(4, 2, 1, 1), 60),
                        new Tensor("dense1.weight", 3, List.of(10, 36), 68),
                        new Tensor("dense1.bias", 3, List.of(10), 428)),
                network.parameters());
        assertEquals(
                List.of(
                        new Tensor("batchnorm1.running_mean", 1, List.of(2), 0),
                        new Tensor("batchnorm1.running_var", 1, List.of(2), 2)),
                network.statistics());
        assertEquals(438, network.parameterCount());
        assertEquals(4, network.statisticCount());
    }

    @Test
    void windowLargerThanItsInputIsRefusedByName() {
        assertRefused(
                List.of("conv2", "window of 3", "4×2×2"),
                List.of(conv(4, 27, 0), conv(4, 3, 0), new Dense(10, true), new Softmax()));
        assertRefused(
                List.of("maxpool1", "window of 29", "1×28×28"),
                List.of(new MaxPool(29, 1), new Dense(10, true), new Softmax()));
    }

    @Test
    void networkWithoutSoftmaxAtItsEndIsRefused() {
        assertRefused(List.of("end", "softmax"), List.of());
        assertRefused(List.of("end", "softmax"), List.of(new Dense(10, true)));
    }

    @Test
    void softmaxElsewhereIsRefused() {
        assertRefused(
                List.of("softmax1", "last"),
                List.of(new Dense(10, true), new Softmax(), new Dense(10, true), new Softmax()));
    }

    @Test
    void softmaxOverAnythingButOneValueAClassIsRefused() {
        assertRefused(List.of("softmax1", "9×1×1", "10×1×1"), List.of(new Dense(9, true), new Softmax()));
        assertRefused(List.of("softmax1", "10×28×28", "10×1×1"), List.of(conv(10, 1, 0), new Softmax()));
    }

    @Test
    void sizesBeyondCountingAreRefusedByName() {
        int huge = 2_000_000_000;
        assertRefused(List.of("conv1", "1×28×28"), List.of(conv(huge, 3, 0), new GlobalAvgPool(), new Softmax()));
        assertRefused(List.of("conv1"), List.of(conv(1, huge, huge - 1), new GlobalAvgPool(), new Softmax()));
        assertRefused(List.of("dense1"), List.of(new Dense(huge, true), new Softmax()));
        assertRefused(
                List.of("dense2", "100000×1×1"),
                List.of(new Dense(100_000, true), new Dense(100_000, true), new Softmax()));
        assertRefused(
                List.of("conv2"),
                List.of(
                        new Conv(1, 1, huge, 0, false),
                        new Conv(1, 1, huge, 0, false),
                        new Dense(10, true),
                        new Softmax()));
    }

    private static void assertRefused(List<String> facts, List<Layer> layers) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> new Network(Shape.IMAGE, 10, layers));
        for (String fact : facts) {
            assertTrue(refusal.toString().contains(fact), () -> "no “" + fact + "” in: " + refusal);
        }
    }
}
