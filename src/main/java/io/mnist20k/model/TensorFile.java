package io.mnist20k.model;

import io.mnist20k.UserError;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.files.Reason;
import io.mnist20k.files.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/// A safetensors file (format of `safetensors` 0.4, README, section "Format") whose tensors are all F32:
///
/// ```
/// 8 bytes   length n of the header, unsigned little-endian
/// n bytes   JSON: "__metadata__" → text by name, tensor name → dtype, shape, data_offsets; padded with spaces
/// the rest  the tensors' elements, row-major, little-endian, without gaps
/// ```
///
/// The same content always makes the same bytes: names are sorted and nothing tells the time. The metadata carry a
/// SHA-256 of everything else under the key [#DIGEST], and a file without it, or with another, is refused: a file
/// that was read is the file that was written.
///
/// @param metadata without the digest, which belongs to the file and not to its content
/// @param tensors  by name
public record TensorFile(SortedMap<String, String> metadata, SortedMap<String, Entry> tensors) {
    static final String METADATA = "__metadata__";
    static final String DIGEST = "sha256";

    /// Of a file, read or written: 64 million numbers, below what would exhaust a memory.
    static final int MOST_BYTES = 256 << 20;

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String NO_DIGEST = "0".repeat(64);

    public TensorFile {
        metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
        tensors = Collections.unmodifiableSortedMap(new TreeMap<>(tensors));
    }

    /// @param values row-major, as many as the shape holds
    public record Entry(List<Integer> shape, float[] values) {
        public Entry {
            shape = List.copyOf(shape);
            if (values.length != shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact)) {
                throw new IllegalArgumentException(values.length + " values for the shape " + shape);
            }
        }

        /// A vector.
        public static Entry of(float[] values) {
            return new Entry(List.of(values.length), values);
        }
    }

    /// @throws UserError where the file cannot be written, or would be too large to be read
    public void write(Path path) {
        long bytes = tensors.values().stream()
                .mapToLong(entry -> (long) entry.values().length * Float.BYTES)
                .sum();
        if (bytes > MOST_BYTES - TensorHeader.MOST_HEADER_BYTES - 8) {
            throw new UserError("writing " + path + ": it would have " + (bytes >> 20)
                    + " MiB, and this program reads at most " + (MOST_BYTES >> 20) + " MiB; use a smaller network");
        }
        AtomicFile.write(path, encode());
    }

    /// @param what the sentence's subject where reading fails, such as "the model"
    /// @throws UserError where the file cannot be read or is not what [#write] wrote
    public static TensorFile read(String what, Path path) {
        String subject = "reading " + what + " " + path;
        Reason.notAFile(path).ifPresent(reason -> {
            throw new UserError(subject + ": " + reason + "; give the path of one that training wrote");
        });
        try (InputStream in = Files.newInputStream(path)) {
            if (Files.size(path) > MOST_BYTES) {
                throw new UserError(subject + ": it is larger than " + (MOST_BYTES >> 20)
                        + " MiB, which training never writes; give the path of a file that it wrote");
            }
            byte[] bytes = in.readNBytes(MOST_BYTES);
            return decode(subject, bytes);
        } catch (IOException e) {
            throw new UserError(subject + ": " + Reason.of(e) + "; make it readable or give another", e);
        }
    }

    byte[] encode() {
        return encode(digest());
    }

    /// @throws UserError beginning with the subject
    static TensorFile decode(String subject, byte[] bytes) {
        try {
            Map<String, TensorHeader.Region> regions = new LinkedHashMap<>();
            SortedMap<String, String> metadata = new TreeMap<>();
            ByteBuffer data = TensorHeader.parse(bytes, metadata, regions).order(ByteOrder.LITTLE_ENDIAN);
            SortedMap<String, Entry> tensors = new TreeMap<>();
            regions.forEach((name, region) -> {
                float[] values = new float[region.elements()];
                data.slice((int) region.begin(), values.length * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer()
                        .get(values);
                tensors.put(name, new Entry(region.shape(), values));
            });
            String digest = metadata.remove(DIGEST);
            if (digest == null) {
                throw new TensorHeader.Damage(
                        "its metadata have no " + DIGEST + ", which every file of this program has");
            }
            var file = new TensorFile(metadata, tensors);
            if (!digest.equals(file.digest())) {
                throw new TensorHeader.Damage("its content does not match the SHA-256 that it was written with");
            }
            return file;
        } catch (TensorHeader.Damage e) {
            String found = String.valueOf(e.getMessage()).replaceAll("\\p{Cntrl}", "?"); // names may hold anything
            throw new UserError(
                    subject + ": " + found
                            + "; it is damaged or was not written by this program, so copy or train it again",
                    e);
        }
    }

    private String digest() {
        return Sha256.of(encode(NO_DIGEST));
    }

    private byte[] encode(String digest) {
        var allMetadata = new TreeMap<>(metadata);
        allMetadata.put(DIGEST, digest);
        var header = new LinkedHashMap<String, Object>();
        header.put(METADATA, allMetadata);
        int offset = 0;
        for (var tensor : tensors.entrySet()) {
            int end = Math.addExact(offset, Math.multiplyExact(tensor.getValue().values().length, Float.BYTES));
            var description = new LinkedHashMap<String, Object>();
            description.put("dtype", "F32");
            description.put("shape", tensor.getValue().shape());
            description.put("data_offsets", List.of(offset, end));
            header.put(tensor.getKey(), description);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        int padded = Math.ceilDiv(json.length, 8) * 8; // so that the elements are aligned in a mapped file
        var out = ByteBuffer.allocate(Math.addExact(8 + padded, offset)).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(padded).put(json);
        while (out.position() < 8 + padded) {
            out.put((byte) ' ');
        }
        for (Entry entry : tensors.values()) {
            for (float value : entry.values()) {
                out.putFloat(value);
            }
        }
        return out.array();
    }
}
