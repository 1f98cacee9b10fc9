package io.mnist20k.engine.reference;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Stage;

/// One layer in its place, as `docs/OPERATIONS.md` defines it. Keeps nothing from one call to the next: the backward
/// pass works out again what the forward pass knew.
sealed interface Operation
        permits Convolution, BatchNormalization, Relu, MaxPooling, GlobalAveragePooling, Dropout, Dense {
    /// @param x `[samples, in]`
    /// @return  `[samples, out]`
    double[] forward(Pass pass, double[] x);

    /// @param x           what [#forward] was given
    /// @param dY          `[samples, out]`, derivative of the loss by what [#forward] returned
    /// @param dParameters as long as the network's parameters; this layer's part is overwritten
    /// @return            `[samples, in]`, derivative of the loss by `x`
    double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters);

    /// @param stage          any but softmax, which is one with the loss: [SoftmaxLoss]
    /// @param firstParameter where this layer's parameters begin in the network's
    /// @param firstStatistic where this layer's statistics begin in the network's
    static Operation of(Stage stage, int firstParameter, int firstStatistic) {
        return switch (stage.layer()) {
            case Layer.Conv conv -> new Convolution(conv, stage.in(), stage.out(), firstParameter);
            case Layer.BatchNorm norm -> new BatchNormalization(norm, stage.in(), firstParameter, firstStatistic);
            case Layer.Relu _ -> new Relu();
            case Layer.MaxPool pool ->
                new MaxPooling(pool.kernel(), pool.kernel(), pool.stride(), stage.in(), stage.out());
            case Layer.GlobalMaxPool _ ->
                new MaxPooling(stage.in().height(), stage.in().width(), 1, stage.in(), stage.out());
            case Layer.GlobalAvgPool _ -> new GlobalAveragePooling(stage.in());
            case Layer.Dropout dropout -> new Dropout(dropout.rate(), stage.index(), stage.in(), 1);
            case Layer.Dropout2d dropout ->
                new Dropout(
                        dropout.rate(), stage.index(), stage.in(), stage.in().pixels());
            case Layer.Dense dense -> new Dense(dense, stage.in(), firstParameter);
            case Layer.Softmax _ -> throw new IllegalArgumentException("softmax has no operation of its own");
        };
    }
}
