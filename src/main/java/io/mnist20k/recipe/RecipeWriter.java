package io.mnist20k.recipe;

import io.mnist20k.network.Layer;
import java.math.BigDecimal;
import java.util.stream.Collectors;
import org.tomlj.Toml;

/// Writes recipes as TOML with every key, defaults included: what a run really did, still to be read when a later
/// version has other defaults. [RecipeReader#parse] reads an equal recipe back.
public final class RecipeWriter {
    private RecipeWriter() {}

    public static String toToml(Recipe recipe) {
        return """
                name = "%s"
                epochs = %s
                batch = %s
                label_smoothing = %s
                initialization = "%s"

                network = [
                %s
                ]

                [optimizer]
                %s
                [schedule]
                %s
                [averaging]
                decay = %s

                [normalization]
                deskew = %s

                [augmentation]
                rotation = %s
                scale = %s
                shear = %s
                shift = %s

                [engine]
                precision = "%s"
                kernels = "%s"
                """.formatted(
                        Toml.tomlEscape(recipe.name()),
                        recipe.epochs(),
                        recipe.batch(),
                        plain(recipe.labelSmoothing()),
                        recipe.initialization().type(),
                        recipe.network().stream()
                                .map(layer -> "    { " + layer(layer) + " },")
                                .collect(Collectors.joining("\n")),
                        optimizer(recipe.optimizer()),
                        schedule(recipe.schedule()),
                        plain(recipe.averagingDecay()),
                        recipe.deskew(),
                        plain(recipe.augmentation().rotation()),
                        plain(recipe.augmentation().scale()),
                        plain(recipe.augmentation().shear()),
                        plain(recipe.augmentation().shift()),
                        recipe.engine().precision().type(),
                        recipe.engine().kernels().type());
    }

    private static String layer(Layer layer) {
        String type = "type = \"" + layer.type() + "\"";
        return switch (layer) {
            case Layer.Conv(int out, int kernel, int stride, int padding, boolean bias) ->
                type + ", out = " + out + ", kernel = " + kernel + ", stride = " + stride + ", padding = " + padding
                        + ", bias = " + bias;
            case Layer.BatchNorm(double epsilon, double momentum) ->
                type + ", epsilon = " + plain(epsilon) + ", momentum = " + plain(momentum);
            case Layer.MaxPool(int kernel, int stride) -> type + ", kernel = " + kernel + ", stride = " + stride;
            case Layer.Dropout(double rate) -> type + ", rate = " + plain(rate);
            case Layer.Dropout2d(double rate) -> type + ", rate = " + plain(rate);
            case Layer.Dense(int out, boolean bias) -> type + ", out = " + out + ", bias = " + bias;
            case Layer.Relu _, Layer.GlobalAvgPool _, Layer.GlobalMaxPool _, Layer.Softmax _ -> type;
        };
    }

    private static String optimizer(Optimizer optimizer) {
        String common = "type = \"%s\"\nlr = %s\nweight_decay = %s\n"
                .formatted(optimizer.type(), plain(optimizer.lr()), plain(optimizer.weightDecay()));
        return common
                + switch (optimizer) {
                    case Optimizer.Sgd s ->
                        "momentum = %s\nnesterov = %s\n".formatted(plain(s.momentum()), s.nesterov());
                    case Optimizer.AdamW a -> moments(a);
                    case Optimizer.Muon m -> "momentum = %s\n".formatted(plain(m.momentum())) + moments(m.rest());
                };
    }

    private static String moments(Optimizer.AdamW adam) {
        return "beta1 = %s\nbeta2 = %s\nepsilon = %s\n"
                .formatted(plain(adam.beta1()), plain(adam.beta2()), plain(adam.epsilon()));
    }

    private static String schedule(Schedule schedule) {
        return "type = \"%s\"\n".formatted(schedule.type())
                + switch (schedule) {
                    case Schedule.OneCycle(double warmup, double start, double end) ->
                        "warmup = %s\nstart = %s\nend = %s\n".formatted(plain(warmup), plain(start), plain(end));
                    case Schedule.Cosine(double warmup, double end) ->
                        "warmup = %s\nend = %s\n".formatted(plain(warmup), plain(end));
                    case Schedule.Step(int every, double factor) ->
                        "every = %s\nfactor = %s\n".formatted(every, plain(factor));
                    case Schedule.Plateau(double factor, int patience) ->
                        "factor = %s\npatience = %s\n".formatted(plain(factor), patience);
                    case Schedule.Constant _ -> "";
                };
    }

    /// A number as a person writes it in a recipe: no trailing `.0`, a small `e`. Reading it back gives the same
    /// bits.
    static String plain(double value) {
        String text = Double.toString(value).replace(".0E", "e").replace('E', 'e');
        if (text.contains("e") && Math.abs(value) >= 1e-4 && Math.abs(value) < 1) {
            text = new BigDecimal(text).toPlainString();
        }
        return text.endsWith(".0") && !text.equals("-0.0") ? text.substring(0, text.length() - 2) : text;
    }
}
