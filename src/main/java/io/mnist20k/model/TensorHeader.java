package io.mnist20k.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The header of a safetensors file, believed only as far as the file's own length bears it out.
final class TensorHeader {
    /// The header of a network of a thousand layers fits into a tenth of it.
    static final int MOST_HEADER_BYTES = 1 << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private TensorHeader() {}

    /// What is wrong with a file, as the middle of a sentence.
    static final class Damage extends Exception {
        private static final long serialVersionUID = 1L;

        Damage(String found) {
            super(found);
        }

        Damage(String found, Exception cause) {
            super(found, cause);
        }
    }

    /// Where a tensor's elements stand.
    ///
    /// @param begin bytes from the first element of the first tensor
    record Region(List<Integer> shape, int elements, long begin) {
        long end() {
            return begin + (long) elements * Float.BYTES;
        }
    }

    /// @param metadata receives what stands under `__metadata__`
    /// @param regions  receives the tensors, which fill the rest of the file without gaps
    /// @return the bytes after the header
    static ByteBuffer parse(byte[] bytes, Map<String, String> metadata, Map<String, Region> regions) throws Damage {
        if (bytes.length < 8) {
            throw new Damage("it has " + bytes.length + " of the 8 bytes of a safetensors header's length");
        }
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MOST_HEADER_BYTES || bytes.length == 8 || bytes[8] != '{') {
            throw new Damage(
                    "it does not begin as a safetensors file of at most " + MOST_HEADER_BYTES + " header bytes does");
        }
        if (length > bytes.length - 8) {
            throw new Damage("its header should have " + length + " bytes and only " + (bytes.length - 8) + " follow");
        }
        int dataBytes = bytes.length - 8 - (int) length;
        for (var property :
                tree(new String(bytes, 8, (int) length, StandardCharsets.UTF_8)).properties()) {
            if (property.getKey().equals(TensorFile.METADATA)) {
                addMetadata(property.getValue(), metadata);
            } else {
                regions.put(property.getKey(), region(property.getKey(), property.getValue(), dataBytes));
            }
        }
        requireNoGaps(regions, dataBytes);
        return ByteBuffer.wrap(bytes, 8 + (int) length, dataBytes).slice();
    }

    private static JsonNode tree(String header) throws Damage {
        try {
            JsonNode tree = JSON.readTree(header);
            if (!tree.isObject()) {
                throw new Damage("its header is not a JSON object");
            }
            return tree;
        } catch (JacksonException e) {
            throw new Damage("its header is not JSON, or has a key twice", e);
        }
    }

    private static void addMetadata(JsonNode node, Map<String, String> metadata) throws Damage {
        if (!node.isObject()) {
            throw new Damage("its " + TensorFile.METADATA + " are not a JSON object");
        }
        for (var property : node.properties()) {
            if (!property.getValue().isString()) {
                throw new Damage("its metadata's " + property.getKey() + " is not text");
            }
            metadata.put(property.getKey(), property.getValue().stringValue());
        }
    }

    private static Region region(String name, JsonNode node, int dataBytes) throws Damage {
        if (!node.path("dtype").isString() || !node.path("dtype").stringValue().equals("F32")) {
            throw new Damage("its tensor " + name + " has the type " + node.path("dtype") + ", expected F32");
        }
        List<Long> shape = naturals(name, "shape", node.path("shape"));
        List<Long> offsets = naturals(name, "data_offsets", node.path("data_offsets"));
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1) || offsets.get(1) > dataBytes) {
            throw new Damage("its tensor " + name + " should be at the bytes " + offsets + " of " + dataBytes);
        }
        // A size of 0 makes an empty tensor, but of none other: its other sizes are bounded as well.
        long elements = 1;
        for (long size : shape) {
            elements *= Math.max(size, 1);
            if (elements > Integer.MAX_VALUE) {
                throw new Damage("its tensor " + name + " of shape " + shape + " is too large");
            }
        }
        elements = shape.contains(0L) ? 0 : elements;
        if (elements * Float.BYTES != offsets.get(1) - offsets.get(0)) {
            throw new Damage("its tensor " + name + " of shape " + shape + " does not take the bytes " + offsets);
        }
        return new Region(shape.stream().map(Math::toIntExact).toList(), (int) elements, offsets.get(0));
    }

    private static List<Long> naturals(String name, String key, JsonNode node) throws Damage {
        var values = new ArrayList<Long>();
        if (!node.isArray()) {
            throw new Damage("its tensor " + name + " has no list of numbers as " + key);
        }
        for (JsonNode value : node) {
            if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
                throw new Damage("its tensor " + name + " has " + value + " in its " + key);
            }
            values.add((long) value.intValue());
        }
        return values;
    }

    private static void requireNoGaps(Map<String, Region> regions, int dataBytes) throws Damage {
        var inOrder = new ArrayList<>(regions.entrySet());
        inOrder.sort(Comparator.comparingLong(
                        (Map.Entry<String, Region> e) -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        long reached = 0;
        for (var entry : inOrder) {
            if (entry.getValue().begin() != reached) {
                throw new Damage("its tensor " + entry.getKey() + " begins at byte "
                        + entry.getValue().begin() + ", expected " + reached + ", where the one before it ends");
            }
            reached = entry.getValue().end();
        }
        if (reached != dataBytes) {
            throw new Damage("its tensors end at byte " + reached + " of " + dataBytes);
        }
    }
}
