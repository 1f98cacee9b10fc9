package io.mnist20k.model.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;

/// The graph of an ONNX file as it grows: nodes in the order in which they compute, and the constants that they
/// read. Field numbers are those of `onnx.proto3`.
final class Graph {
    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    private final Message message = new Message();
    private int unnamed;

    /// What a node is told beside its inputs.
    ///
    /// @param message an `AttributeProto`
    record Attribute(Message message) {
        static Attribute of(String name, long value) {
            return new Attribute(new Message().text(1, name).integer(3, value).integer(20, 2));
        }

        static Attribute of(String name, float value) {
            return new Attribute(new Message().text(1, name).real(2, value).integer(20, 1));
        }

        static Attribute of(String name, String value) {
            return new Attribute(new Message().text(1, name).text(4, value).integer(20, 3));
        }

        static Attribute of(String name, List<Integer> values) {
            var message = new Message().text(1, name);
            values.forEach(value -> message.integer(8, value));
            return new Attribute(message.integer(20, 7));
        }
    }

    /// @return the name of its only output, the operator's with a number
    String node(String operator, List<String> inputs, Attribute... attributes) {
        return node(operator, inputs, operator.toLowerCase(Locale.ROOT) + "_" + unnamed++, attributes);
    }

    /// @param output its name, and that of the node
    /// @return the output
    String node(String operator, List<String> inputs, String output, Attribute... attributes) {
        var node = new Message();
        inputs.forEach(input -> node.text(1, input));
        node.text(2, output).text(3, output).text(4, operator);
        for (Attribute attribute : attributes) {
            node.message(5, attribute.message);
        }
        message.message(1, node);
        return output;
    }

    /// @return its name
    String constant(String name, List<Integer> shape, float... values) {
        var data = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return constant(name, shape, FLOAT, data.array());
    }

    /// @return its name
    String integers(String name, long... values) {
        var data = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(values);
        return constant(name, List.of(values.length), INT64, data.array());
    }

    private String constant(String name, List<Integer> shape, int type, byte[] data) {
        var tensor = new Message();
        shape.forEach(size -> tensor.integer(1, size));
        message.message(5, tensor.integer(2, type).text(8, name).bytes(9, data));
        return name;
    }

    /// @param sizes behind that of the batch, which is any
    void input(String name, List<Integer> sizes) {
        message.message(11, value(name, sizes));
    }

    /// @param sizes behind that of the batch
    void output(String name, List<Integer> sizes) {
        message.message(12, value(name, sizes));
    }

    private static Message value(String name, List<Integer> sizes) {
        var shape = new Message().message(1, new Message().text(2, "batch"));
        sizes.forEach(size -> shape.message(1, new Message().integer(1, size)));
        var tensor = new Message().integer(1, FLOAT).message(2, shape);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    Message named(String name) {
        return message.text(2, name);
    }
}
