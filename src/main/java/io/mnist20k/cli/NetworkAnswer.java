package io.mnist20k.cli;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A network as `summary --json` prints it.
///
/// @param network its layers in order: `type`, what the layer was given, `outShape` as `[channels, height, width]`,
///                `parameters`, `multiplyAdds`, `receptiveField`
record NetworkAnswer(int parameters, long multiplyAdds, List<Map<String, Object>> network) {
    static NetworkAnswer of(Network network) {
        return new NetworkAnswer(
                network.parameterCount(),
                network.multiplyAdds(),
                network.stages().stream().map(NetworkAnswer::layer).toList());
    }

    private static Map<String, Object> layer(Stage stage) {
        var layer = new LinkedHashMap<String, Object>();
        layer.put("type", stage.layer().type());
        layer.putAll(settings(stage));
        Shape out = stage.out();
        layer.put("outShape", List.of(out.channels(), out.height(), out.width()));
        layer.put("parameters", stage.parameters());
        layer.put("multiplyAdds", stage.multiplyAdds());
        layer.put("receptiveField", stage.receptiveField());
        return layer;
    }

    /// What the layer was given, by the recipe and by the layer before it.
    static Map<String, Object> settings(Stage stage) {
        var given = new LinkedHashMap<String, Object>();
        switch (stage.layer()) {
            case Layer.Conv(int out, int kernel, int stride, int padding, boolean bias) -> {
                given.put("in", stage.in().channels());
                given.put("out", out);
                given.put("kernel", kernel);
                given.put("stride", stride);
                given.put("padding", padding);
                given.put("bias", bias);
            }
            case Layer.MaxPool(int kernel, int stride) -> {
                given.put("kernel", kernel);
                given.put("stride", stride);
            }
            case Layer.Dense(int out, boolean bias) -> {
                given.put("in", stage.in().elements());
                given.put("out", out);
                given.put("bias", bias);
            }
            case Layer.Dropout(double rate) -> given.put("rate", rate);
            case Layer.Dropout2d(double rate) -> given.put("rate", rate);
            case Layer.BatchNorm _ -> given.put("in", stage.in().channels());
            case Layer.Relu _, Layer.GlobalAvgPool _, Layer.GlobalMaxPool _, Layer.Softmax _ -> {}
        }
        return given;
    }
}
