package io.mnist20k.model.onnx;

import io.mnist20k.files.AtomicFile;
import io.mnist20k.model.Model;
import io.mnist20k.model.onnx.Graph.Attribute;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import io.mnist20k.network.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A model as an ONNX file that needs nothing else: pictures go in as they are, and what the recipe does to
/// them before the network sees them, normalising and making upright, is in the graph.
///
/// Input `image`, `[batch, 1, 28, 28]`: pixel / 255, 0 (background) to 1. Outputs `logits` and `probabilities`,
/// `[batch, classes]`. The same model makes the same bytes.
public final class OnnxModel {
    /// The newest that programs of 2022 read; it has all operators that are needed, `GridSample` being the last to
    /// come.
    public static final int OPSET = 17;

    private static final int IR_VERSION = 8;
    private static final String INPUT = "image";
    private static final String LOGITS = "logits";
    private static final String PROBABILITIES = "probabilities";

    /// Below the least that `Σ w (y - ȳ)²` is where ink is in two rows: 1/255 in each.
    private static final float SPREAD_OF_ONE_ROW = 1e-3f;

    private final Model model;
    private final Network network;
    private final Graph graph = new Graph();

    private OnnxModel(Model model) {
        this.model = model;
        network = model.network();
    }

    /// @throws io.mnist20k.UserError where the file cannot be written
    public static void write(Model model, Path path) {
        AtomicFile.write(path, encode(model));
    }

    static byte[] encode(Model model) {
        return new OnnxModel(model).file();
    }

    private byte[] file() {
        Shape image = network.input();
        graph.input(INPUT, List.of(image.channels(), image.height(), image.width()));
        String value = normalised(model.recipe().deskew() ? upright(INPUT) : INPUT);
        boolean flat = false;
        for (Stage stage : network.stages()) {
            if (!flat && (stage.layer() instanceof Layer.Dense || stage.layer() instanceof Layer.Softmax)) {
                value = graph.node("Flatten", List.of(value));
                flat = true;
            }
            if (flat && isOfPlanes(stage.layer())) {
                String axes = graph.integers(stage.name() + ".axes", 2, 3);
                value = graph.node("Unsqueeze", List.of(value, axes));
                flat = false;
            }
            value = node(stage, value);
        }
        graph.output(LOGITS, List.of(network.classes()));
        graph.output(PROBABILITIES, List.of(network.classes()));
        return new Message()
                .integer(1, IR_VERSION)
                .text(2, "mnist20k")
                .text(3, model.origin().programVersion())
                .message(7, graph.named(model.recipe().name()))
                .message(8, new Message().text(1, "").integer(2, OPSET))
                .encode();
    }

    private static boolean isOfPlanes(Layer layer) {
        return switch (layer) {
            case Layer.Conv _, Layer.MaxPool _, Layer.GlobalAvgPool _, Layer.GlobalMaxPool _ -> true;
            default -> false;
        };
    }

    private String normalised(String image) {
        String mean = graph.constant("mean", List.of(), model.normalization().mean());
        String deviation =
                graph.constant("deviation", List.of(), model.normalization().deviation());
        return graph.node("Div", List.of(graph.node("Sub", List.of(image, mean)), deviation));
    }

    /// As `docs/OPERATIONS.md` has it, under *Deskewing*. What lies between two pixels is looked up by
    /// `GridSample`, which counts them from -1 to 1.
    private String upright(String image) {
        int height = network.input().height();
        int width = network.input().width();
        float[] columns = new float[height * width];
        float[] rows = new float[height * width];
        float[] rowsOfGrid = new float[height * width];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = i % width;
            rows[i] = Math.floorDiv(i, width);
            rowsOfGrid[i] = 2f * rows[i] / (height - 1) - 1;
        }
        String x = graph.constant("columns", List.of(1, 1, height, width), columns);
        String y = graph.constant("rows", List.of(1, 1, height, width), rows);
        String least = graph.constant("least", List.of(), Float.MIN_NORMAL);
        String ink = graph.node("Max", List.of(sum(image), least));
        String fromX = graph.node("Sub", List.of(x, mean(image, x, ink)));
        String fromY = graph.node("Sub", List.of(y, mean(image, y, ink)));
        String ofY = graph.node("Mul", List.of(image, fromY));
        String spread = graph.node(
                "Max",
                List.of(
                        sum(graph.node("Mul", List.of(ofY, fromY))),
                        graph.constant("spread", List.of(), SPREAD_OF_ONE_ROW)));
        String slope = graph.node("Div", List.of(sum(graph.node("Mul", List.of(ofY, fromX))), spread));
        String source = graph.node("Add", List.of(x, graph.node("Mul", List.of(slope, fromY))));
        String step = graph.constant("step", List.of(), 2f / (width - 1));
        String one = graph.constant("one", List.of(), 1);
        String gridX = graph.node("Sub", List.of(graph.node("Mul", List.of(source, step)), one));
        String gridY = graph.node(
                "Expand",
                List.of(
                        graph.constant("rows_of_grid", List.of(1, 1, height, width), rowsOfGrid),
                        graph.node("Shape", List.of(gridX))));
        String grid = graph.node(
                "Transpose",
                List.of(graph.node("Concat", List.of(gridX, gridY), Attribute.of("axis", 1))),
                Attribute.of("perm", List.of(0, 2, 3, 1)));
        String moved = graph.node(
                "GridSample",
                List.of(image, grid),
                Attribute.of("mode", "bilinear"),
                Attribute.of("padding_mode", "zeros"),
                Attribute.of("align_corners", 1));
        String whole = graph.constant("whole", List.of(), 255);
        String half = graph.constant("half", List.of(), 0.5f);
        String raised = graph.node("Add", List.of(graph.node("Mul", List.of(moved, whole)), half));
        return graph.node("Div", List.of(graph.node("Floor", List.of(raised)), whole));
    }

    private String sum(String value) {
        return graph.node(
                "ReduceSum", List.of(value, graph.integers("axes_of_" + value, 1, 2, 3)), Attribute.of("keepdims", 1));
    }

    private String mean(String image, String coordinate, String ink) {
        return graph.node("Div", List.of(sum(graph.node("Mul", List.of(image, coordinate))), ink));
    }

    private String node(Stage stage, String in) {
        String name = stage.name();
        return switch (stage.layer()) {
            case Layer.Conv(int _, int kernel, int stride, int padding, boolean _) ->
                graph.node(
                        "Conv",
                        withTensors(in, stage),
                        name,
                        Attribute.of("kernel_shape", List.of(kernel, kernel)),
                        Attribute.of("strides", List.of(stride, stride)),
                        Attribute.of("pads", List.of(padding, padding, padding, padding)));
            case Layer.BatchNorm(double epsilon, double _) ->
                graph.node(
                        "BatchNormalization", withTensors(in, stage), name, Attribute.of("epsilon", (float) epsilon));
            case Layer.Relu _ -> graph.node("Relu", List.of(in), name);
            case Layer.MaxPool(int kernel, int stride) ->
                graph.node(
                        "MaxPool",
                        List.of(in),
                        name,
                        Attribute.of("kernel_shape", List.of(kernel, kernel)),
                        Attribute.of("strides", List.of(stride, stride)));
            case Layer.GlobalAvgPool _ -> graph.node("GlobalAveragePool", List.of(in), name);
            case Layer.GlobalMaxPool _ -> graph.node("GlobalMaxPool", List.of(in), name);
            case Layer.Dropout _, Layer.Dropout2d _ -> in;
            case Layer.Dense _ -> graph.node("Gemm", withTensors(in, stage), name, Attribute.of("transB", 1));
            case Layer.Softmax _ -> {
                graph.node("Identity", List.of(in), LOGITS);
                yield graph.node("Softmax", List.of(LOGITS), PROBABILITIES, Attribute.of("axis", 1));
            }
        };
    }

    /// What a layer reads: its input, its parameters and its statistics.
    private List<String> withTensors(String in, Stage stage) {
        var inputs = new ArrayList<String>(List.of(in));
        addTensors(inputs, network.parameters(stage.index()), model.parameters());
        addTensors(inputs, network.statistics(stage.index()), model.statistics());
        return inputs;
    }

    private void addTensors(List<String> inputs, List<Tensor> tensors, float[] vector) {
        for (Tensor tensor : tensors) {
            inputs.add(graph.constant(
                    tensor.name(),
                    tensor.shape(),
                    Arrays.copyOfRange(vector, tensor.offset(), tensor.offset() + tensor.elements())));
        }
    }
}
