package io.mnist20k.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

final class NetworkPropertiesTest {
    @Property
    void convolutionHasAsManyOutputsAsItsWindowHasPlaces(
            @ForAll @IntRange(min = 1, max = 40) int height,
            @ForAll @IntRange(min = 1, max = 40) int width,
            @ForAll @IntRange(min = 1, max = 3) int channels,
            @ForAll @IntRange(min = 1, max = 9) int kernel,
            @ForAll @IntRange(min = 1, max = 6) int stride,
            @ForAll @IntRange(min = 0, max = 8) int padding) {
        var layer = new Layer.Conv(10, kernel, stride, padding % kernel, false);
        check(new Shape(channels, height, width), layer, kernel, stride, padding % kernel, 10);
    }

    @Property
    void poolingHasAsManyOutputsAsItsWindowHasPlaces(
            @ForAll @IntRange(min = 1, max = 40) int height,
            @ForAll @IntRange(min = 1, max = 40) int width,
            @ForAll @IntRange(min = 1, max = 9) int kernel,
            @ForAll @IntRange(min = 1, max = 6) int stride) {
        check(new Shape(10, height, width), new Layer.MaxPool(kernel, stride), kernel, stride, 0, 10);
    }

    private static void check(Shape input, Layer layer, int kernel, int stride, int padding, int channels) {
        List<Layer> layers = List.of(layer, new Layer.GlobalMaxPool(), new Layer.Softmax());
        int rows = places(input.height(), kernel, stride, padding);
        int columns = places(input.width(), kernel, stride, padding);
        if (rows == 0 || columns == 0) {
            assertThrows(IllegalArgumentException.class, () -> new Network(input, 10, layers));
            return;
        }
        Stage stage = new Network(input, 10, layers).stages().getFirst();
        assertEquals(new Shape(channels, rows, columns), stage.out());
        if (layer instanceof Layer.Conv) {
            assertEquals(kernel * kernel * input.channels() * channels, stage.parameters());
            assertEquals((long) stage.parameters() * rows * columns, stage.multiplyAdds());
        }
    }

    /// Slides the window for real: the number of starts from which it ends within the padded side.
    private static int places(int side, int kernel, int stride, int padding) {
        int count = 0;
        for (int start = -padding; start + kernel <= side + padding; start += stride) {
            count++;
        }
        return count;
    }

    /// What one output element sees is found by walking backwards from it through the windows.
    @Property
    void receptiveFieldIsTheSpanOfInputsBehindOneOutput(
            @ForAll @IntRange(min = 1, max = 5) int kernel1,
            @ForAll @IntRange(min = 1, max = 3) int stride1,
            @ForAll @IntRange(min = 1, max = 4) int kernel2,
            @ForAll @IntRange(min = 1, max = 3) int stride2,
            @ForAll @IntRange(min = 1, max = 3) int kernel3) {
        var network = new Network(
                new Shape(1, 64, 64),
                10,
                List.of(
                        new Layer.Conv(2, kernel1, stride1, 0, true),
                        new Layer.Relu(),
                        new Layer.MaxPool(kernel2, stride2),
                        new Layer.Conv(10, kernel3, 1, 0, true),
                        new Layer.GlobalMaxPool(),
                        new Layer.Softmax()));
        int last = kernel3 - 1; // the last element of the pooled map under the first window
        last = last * stride2 + kernel2 - 1;
        last = last * stride1 + kernel1 - 1;
        assertEquals(last + 1, network.stages().get(3).receptiveField());
    }

    @Property
    void tensorsCoverTheFlatVectorsWithoutGapOrOverlap(
            @ForAll @IntRange(min = 1, max = 7) int out,
            @ForAll @IntRange(min = 1, max = 5) int kernel,
            @ForAll boolean convBias,
            @ForAll boolean denseBias) {
        var network = new Network(
                new Shape(3, 9, 9),
                10,
                List.of(
                        new Layer.Conv(out, kernel, 1, 0, convBias),
                        new Layer.BatchNorm(1e-5, 0.1),
                        new Layer.Dense(10, denseBias),
                        new Layer.Softmax()));
        assertEquals(network.parameterCount(), end(network.parameters()));
        assertEquals(network.statisticCount(), end(network.statistics()));
    }

    private static int end(List<Tensor> tensors) {
        int end = 0;
        for (Tensor tensor : tensors) {
            assertEquals(end, tensor.offset(), tensor.name());
            end += tensor.elements();
        }
        return end;
    }
}
