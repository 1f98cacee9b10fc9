package io.mnist20k.bench;

import io.mnist20k.data.Dataset;
import io.mnist20k.random.Philox;

/// Images of noise, with labels. To the engines they are as much work as digits.
final class MadeUpImages {
    private static final long SEED = 20_000;
    private static final int PIXELS = 28 * 28;
    private static final int CLASSES = 10;
    private static final int BYTES_A_BLOCK = 4 * Integer.BYTES;

    private MadeUpImages() {}

    static Dataset of(int count) {
        byte[] pixels = new byte[count * PIXELS];
        byte[] labels = new byte[count];
        int[] words = new int[4];
        for (int i = 0; i < pixels.length; i++) {
            int within = i % BYTES_A_BLOCK;
            if (within == 0) {
                Philox.block(SEED, i / BYTES_A_BLOCK, 0, 0, 0, words);
            }
            pixels[i] = (byte) (words[within / Integer.BYTES] >>> (within % Integer.BYTES * Byte.SIZE));
        }
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % CLASSES);
        }
        return new Dataset(pixels, labels);
    }
}
