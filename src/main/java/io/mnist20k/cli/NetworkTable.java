package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Stage;
import io.mnist20k.train.Budget;
import java.util.ArrayList;
import java.util.List;

/// A network as people read it.
final class NetworkTable {
    private NetworkTable() {}

    /// A line a layer, and what all of it takes of the budget.
    static List<String> lines(Network network) {
        var table = new TextTable("<layer", "<settings", "<output", "parameters", "multiply-adds", "receptive field");
        for (Stage stage : network.stages()) {
            table.row(
                    stage.name(),
                    settings(stage.layer()),
                    stage.out().toString(),
                    orNothing(stage.parameters()),
                    orNothing(stage.multiplyAdds()),
                    stage.receptiveField() + "×" + stage.receptiveField());
        }
        var lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add(total(network));
        return lines;
    }

    private static String total(Network network) {
        int parameters = network.parameterCount();
        int left = Budget.PARAMETERS - 1 - parameters;
        return "%s parameters, %s; %s multiply-adds per image"
                .formatted(
                        Units.count(parameters),
                        left >= 0
                                ? Units.count(left) + " below the " + Units.count(Budget.PARAMETERS - 1) + " allowed"
                                : Units.count(-left) + " over budget (at most " + Units.count(Budget.PARAMETERS - 1)
                                        + " are allowed)",
                        Units.count(network.multiplyAdds()));
    }

    private static String settings(Layer layer) {
        return switch (layer) {
            case Layer.Conv(int out, int kernel, int stride, int padding, boolean bias) ->
                "%s× %s×%s%s%s%s"
                        .formatted(
                                out,
                                kernel,
                                kernel,
                                stride == 1 ? "" : ", stride " + stride,
                                padding == 0 ? "" : ", padding " + padding,
                                bias ? ", bias" : "");
            case Layer.MaxPool(int kernel, int stride) ->
                kernel + "×" + kernel + (stride == kernel ? "" : ", stride " + stride);
            case Layer.Dense(int out, boolean bias) -> out + (bias ? ", bias" : "");
            case Layer.Dropout(double rate) -> "rate " + rate;
            case Layer.Dropout2d(double rate) -> "rate " + rate;
            case Layer.BatchNorm _, Layer.Relu _, Layer.GlobalAvgPool _, Layer.GlobalMaxPool _, Layer.Softmax _ -> "";
        };
    }

    private static String orNothing(long number) {
        return number == 0 ? "" : Units.count(number);
    }
}
