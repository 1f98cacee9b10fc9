package io.mnist20k.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// A network whose shapes fit: what every engine compiles and every table prints.
///
/// Parameters live in one flat vector, layer after layer, in the order of [#parameters]; the running statistics of
/// batch normalisation in a second one, in the order of [#statistics].
public final class Network {
    private final List<Layer> layers;
    private final Shape input;
    private final List<Stage> stages;
    private final int parameterCount;
    private final List<Tensor> parameters;
    private final List<Tensor> statistics;

    /// Infers all shapes.
    ///
    /// @param layers ending in [Layer.Softmax] over `classes` values, which stands nowhere else
    /// @throws IllegalArgumentException naming the layer that does not fit and why
    public Network(Shape input, int classes, List<Layer> layers) {
        this.input = input;
        this.layers = List.copyOf(layers);
        if (layers.isEmpty() || !(layers.getLast() instanceof Layer.Softmax)) {
            throw new IllegalArgumentException("the network has to end in a softmax layer");
        }
        var stages = new ArrayList<Stage>();
        var names = new HashMap<String, Integer>();
        Shape shape = input;
        int total = 0;
        int field = 1;
        int jump = 1; // distance in input pixels between neighbouring elements of the current shape
        for (Layer layer : layers) {
            String name = layer.type() + names.merge(layer.type(), 1, Integer::sum);
            try {
                Shape out = outputOf(name, layer, shape, stages.size() == layers.size() - 1, classes);
                Window window = Window.of(layer, shape);
                field = Math.addExact(field, Math.multiplyExact(window.size() - 1, jump));
                jump = Math.multiplyExact(jump, window.stride());
                int parameters = parametersOf(layer, shape);
                total = Math.addExact(total, parameters);
                stages.add(new Stage(
                        stages.size(), name, layer, shape, out, parameters, costOf(layer, shape, out), field));
                shape = out;
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException(
                        name + ": with its input of " + shape + " it grows beyond " + Integer.MAX_VALUE
                                + " elements, parameters or pixels; use smaller numbers",
                        e);
            }
        }
        this.stages = List.copyOf(stages);
        this.parameterCount = total;
        this.parameters = parameterTensors(this.stages);
        this.statistics = statisticTensors(this.stages);
    }

    public Shape input() {
        return input;
    }

    public int classes() {
        return stages.getLast().out().channels();
    }

    public List<Layer> layers() {
        return layers;
    }

    public List<Stage> stages() {
        return stages;
    }

    /// The trainable tensors in the order of the flat parameter vector.
    public List<Tensor> parameters() {
        return parameters;
    }

    /// Running means and variances in the order of the flat statistics vector.
    public List<Tensor> statistics() {
        return statistics;
    }

    /// Those of one layer, in the same order.
    public List<Tensor> parameters(int layer) {
        return ofLayer(layer, parameters);
    }

    /// Those of one layer, in the same order.
    public List<Tensor> statistics(int layer) {
        return ofLayer(layer, statistics);
    }

    private static List<Tensor> ofLayer(int layer, List<Tensor> tensors) {
        return tensors.stream().filter(tensor -> tensor.layer() == layer).toList();
    }

    public int parameterCount() {
        return parameterCount;
    }

    public int statisticCount() {
        return statistics.stream().mapToInt(Tensor::elements).sum();
    }

    /// Of one sample, forward.
    public long multiplyAdds() {
        return stages.stream().mapToLong(Stage::multiplyAdds).sum();
    }

    /// Of one sample's training: forward, gradients of weights, and gradients of data but for the first layer that
    /// learns: nothing before it does.
    public long trainingMultiplyAdds() {
        long first = stages.stream()
                .filter(stage -> stage.parameters() > 0)
                .findFirst()
                .map(Stage::multiplyAdds)
                .orElse(0L);
        return 3 * multiplyAdds() - first;
    }

    private record Window(int size, int stride) {
        static Window of(Layer layer, Shape in) {
            return switch (layer) {
                case Layer.Conv c -> new Window(c.kernel(), c.stride());
                case Layer.MaxPool p -> new Window(p.kernel(), p.stride());
                case Layer.GlobalAvgPool _, Layer.GlobalMaxPool _, Layer.Dense _ ->
                    new Window(Math.max(in.height(), in.width()), 1);
                case Layer.BatchNorm _, Layer.Relu _, Layer.Dropout _, Layer.Dropout2d _, Layer.Softmax _ ->
                    new Window(1, 1);
            };
        }
    }

    private static Shape outputOf(String name, Layer layer, Shape in, boolean last, int classes) {
        return switch (layer) {
            case Layer.Conv c ->
                new Shape(
                        c.out(),
                        slide(name, in, padded(in.height(), c), c.kernel(), c.stride()),
                        slide(name, in, padded(in.width(), c), c.kernel(), c.stride()));
            case Layer.MaxPool p ->
                new Shape(
                        in.channels(),
                        slide(name, in, in.height(), p.kernel(), p.stride()),
                        slide(name, in, in.width(), p.kernel(), p.stride()));
            case Layer.GlobalAvgPool _, Layer.GlobalMaxPool _ -> new Shape(in.channels(), 1, 1);
            case Layer.Dense d -> new Shape(d.out(), 1, 1);
            case Layer.BatchNorm _, Layer.Relu _, Layer.Dropout _, Layer.Dropout2d _ -> in;
            case Layer.Softmax _ -> {
                if (!last) {
                    throw new IllegalArgumentException(name + ": softmax can only be the last layer");
                }
                if (!in.equals(new Shape(classes, 1, 1))) {
                    throw new IllegalArgumentException(name + ": its input is " + in + ", expected " + classes
                            + "×1×1, one value per class; end in a dense layer with out = " + classes
                            + ", or in a 1×1 convolution and a global pooling");
                }
                yield in;
            }
        };
    }

    private static int padded(int size, Layer.Conv conv) {
        return Math.addExact(size, Math.multiplyExact(2, conv.padding()));
    }

    private static int slide(String name, Shape in, int size, int kernel, int stride) {
        if (size < kernel) {
            throw new IllegalArgumentException(name + ": a window of " + kernel + " does not fit into its input of "
                    + in + "; use a smaller kernel, more padding or less pooling before it");
        }
        return (size - kernel) / stride + 1;
    }

    private static int parametersOf(Layer layer, Shape in) {
        return switch (layer) {
            case Layer.Conv c -> {
                int window = Math.multiplyExact(c.kernel(), c.kernel());
                int filters = Math.multiplyExact(c.out(), in.channels());
                yield Math.addExact(Math.multiplyExact(filters, window), c.bias() ? c.out() : 0);
            }
            case Layer.BatchNorm _ -> Math.multiplyExact(2, in.channels());
            case Layer.Dense d -> Math.addExact(Math.multiplyExact(d.out(), in.elements()), d.bias() ? d.out() : 0);
            case Layer.Relu _,
                    Layer.MaxPool _,
                    Layer.GlobalAvgPool _,
                    Layer.GlobalMaxPool _,
                    Layer.Dropout _,
                    Layer.Dropout2d _,
                    Layer.Softmax _ -> 0;
        };
    }

    private static long costOf(Layer layer, Shape in, Shape out) {
        return switch (layer) {
            case Layer.Conv c -> (long) out.elements() * in.channels() * c.kernel() * c.kernel();
            case Layer.Dense d -> (long) d.out() * in.elements();
            default -> 0;
        };
    }

    private static List<Tensor> parameterTensors(List<Stage> stages) {
        var list = new TensorList();
        for (Stage stage : stages) {
            switch (stage.layer()) {
                case Layer.Conv c -> {
                    list.add(stage, "weight", c.out(), stage.in().channels(), c.kernel(), c.kernel());
                    if (c.bias()) {
                        list.add(stage, "bias", c.out());
                    }
                }
                case Layer.Dense d -> {
                    list.add(stage, "weight", d.out(), stage.in().elements());
                    if (d.bias()) {
                        list.add(stage, "bias", d.out());
                    }
                }
                case Layer.BatchNorm _ -> {
                    list.add(stage, "weight", stage.in().channels());
                    list.add(stage, "bias", stage.in().channels());
                }
                default -> {}
            }
        }
        return List.copyOf(list.tensors);
    }

    private static List<Tensor> statisticTensors(List<Stage> stages) {
        var list = new TensorList();
        for (Stage stage : stages) {
            if (stage.layer() instanceof Layer.BatchNorm) {
                list.add(stage, "running_mean", stage.in().channels());
                list.add(stage, "running_var", stage.in().channels());
            }
        }
        return List.copyOf(list.tensors);
    }

    private static final class TensorList {
        final List<Tensor> tensors = new ArrayList<>();
        private int offset;

        void add(Stage stage, String suffix, Integer... shape) {
            var tensor = new Tensor(stage.name() + "." + suffix, stage.index(), List.of(shape), offset);
            offset += tensor.elements();
            tensors.add(tensor);
        }
    }
}
