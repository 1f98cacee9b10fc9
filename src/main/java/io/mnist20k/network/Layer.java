package io.mnist20k.network;

/// One layer as it stands in a recipe, before its input is known. What each computes, forward and backward, is
/// defined in `docs/OPERATIONS.md`. Constructors refuse values that no input could make sense of.
public sealed interface Layer {
    /// The word for this layer in recipes, tables and JSON.
    String type();

    /// Convolution with square kernels (cross-correlation, as the field means it).
    record Conv(int out, int kernel, int stride, int padding, boolean bias) implements Layer {
        public Conv {
            requirePositive("out", out);
            requirePositive("kernel", kernel);
            requirePositive("stride", stride);
            if (padding < 0 || padding >= kernel) {
                throw new IllegalArgumentException(
                        "padding is " + padding + ", expected 0 to " + (kernel - 1) + ", less than the kernel");
            }
        }

        @Override
        public String type() {
            return "conv";
        }
    }

    /// Batch normalisation over batch, height and width, with a learned scale and shift per channel.
    ///
    /// @param momentum weight of the new batch in the running mean and variance, as PyTorch counts it
    record BatchNorm(double epsilon, double momentum) implements Layer {
        public BatchNorm {
            requireWithin("epsilon", epsilon, 1e-12, 1);
            requireWithin("momentum", momentum, 1e-6, 1);
        }

        @Override
        public String type() {
            return "batchnorm";
        }
    }

    /// max(x, 0).
    record Relu() implements Layer {
        @Override
        public String type() {
            return "relu";
        }
    }

    /// Maximum over square windows, without padding; rows and columns that fill no window are dropped.
    record MaxPool(int kernel, int stride) implements Layer {
        public MaxPool {
            requirePositive("kernel", kernel);
            requirePositive("stride", stride);
        }

        @Override
        public String type() {
            return "maxpool";
        }
    }

    /// Mean of each channel over height and width.
    record GlobalAvgPool() implements Layer {
        @Override
        public String type() {
            return "globalavgpool";
        }
    }

    /// Maximum of each channel over height and width.
    record GlobalMaxPool() implements Layer {
        @Override
        public String type() {
            return "globalmaxpool";
        }
    }

    /// Zeroes single elements while training and scales the kept ones by 1 / (1 - rate).
    record Dropout(double rate) implements Layer {
        public Dropout {
            requireWithin("rate", rate, 0, 0.95);
        }

        @Override
        public String type() {
            return "dropout";
        }
    }

    /// Zeroes whole channels while training and scales the kept ones by 1 / (1 - rate).
    record Dropout2d(double rate) implements Layer {
        public Dropout2d {
            requireWithin("rate", rate, 0, 0.95);
        }

        @Override
        public String type() {
            return "dropout2d";
        }
    }

    /// Fully connected: every output sees every element of the input, flattened as channel, row, column.
    record Dense(int out, boolean bias) implements Layer {
        public Dense {
            requirePositive("out", out);
        }

        @Override
        public String type() {
            return "dense";
        }
    }

    /// Class probabilities; the last layer of every network. In training it is one with the cross-entropy loss.
    record Softmax() implements Layer {
        @Override
        public String type() {
            return "softmax";
        }
    }

    private static void requirePositive(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(key + " is " + value + ", expected at least 1");
        }
    }

    private static void requireWithin(String key, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(key + " is " + value + ", expected " + low + " to " + high);
        }
    }
}
