package io.mnist20k.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;

/// Small datasets for tests that need no real digits: each class is a bright square at a place of its own, moved
/// by up to a pixel, over noise. A network learns them within a few steps.
public final class MadeUpDigits {
    private MadeUpDigits() {}

    public static Dataset of(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] pixels = new byte[count * 28 * 28];
        byte[] labels = new byte[count];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) random.nextInt(64);
        }
        for (int image = 0; image < count; image++) {
            int label = random.nextInt(10);
            labels[image] = (byte) label;
            int top = 2 + label / 5 * 14 + random.nextInt(-1, 2);
            int left = 2 + label % 5 * 5 + random.nextInt(-1, 2);
            for (int y = top; y < top + 8; y++) {
                for (int x = left; x < left + 4; x++) {
                    pixels[(image * 28 + y) * 28 + x] = (byte) random.nextInt(192, 256);
                }
            }
        }
        return new Dataset(pixels, labels);
    }

    /// Writes the four files, plain, as `--data` takes them.
    public static Path write(Path folder, Dataset train, Dataset test) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve("train-images-idx3-ubyte"), images(train));
            Files.write(folder.resolve("train-labels-idx1-ubyte"), labels(train));
            Files.write(folder.resolve("t10k-images-idx3-ubyte"), images(test));
            Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels(test));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The bytes of an IDX file of images.
    public static byte[] images(Dataset dataset) {
        return ByteBuffer.allocate(16 + dataset.pixels().length)
                .putInt(0x803)
                .putInt(dataset.count())
                .putInt(28)
                .putInt(28)
                .put(dataset.pixels())
                .array();
    }

    /// The bytes of an IDX file of labels.
    public static byte[] labels(Dataset dataset) {
        return ByteBuffer.allocate(8 + dataset.count())
                .putInt(0x801)
                .putInt(dataset.count())
                .put(dataset.labels())
                .array();
    }

    public static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
