package io.mnist20k.data;

import java.util.Arrays;

/// Grey images of 28×28 pixels and their labels, ten classes. Immutable by agreement: the arrays are shared and
/// not copied, since they are large and every device only reads them; nobody writes to them.
public final class Dataset {
    private static final int HEIGHT = 28;
    private static final int WIDTH = 28;
    private static final int CLASSES = 10;

    private final byte[] pixels;
    private final byte[] labels;

    /// @param pixels `[count, height * width]`, row-major, each a number of 0 (background) to 255 without sign;
    ///       kept, not copied
    /// @param labels `[count]`, each in [0, classes); kept, not copied
    /// @throws IllegalArgumentException where there is no image, a length does not fit or a label is out of
    ///       range
    public Dataset(byte[] pixels, byte[] labels) {
        if (labels.length == 0 || pixels.length != (long) labels.length * HEIGHT * WIDTH) {
            throw new IllegalArgumentException(labels.length + " labels and " + pixels.length
                    + " pixels; expected at least one label and " + HEIGHT * WIDTH + " pixels for each");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= CLASSES) {
                throw new IllegalArgumentException(
                        "label " + (labels[i] & 0xFF) + " at index " + i + "; expected 0 to 9");
            }
        }
        this.pixels = pixels;
        this.labels = labels;
    }

    /// Number of images, at least 1.
    public int count() {
        return labels.length;
    }

    public int height() {
        return HEIGHT;
    }

    public int width() {
        return WIDTH;
    }

    public int classes() {
        return CLASSES;
    }

    /// `[count, height * width]`, row-major, uint8. Shared: read, never write.
    public byte[] pixels() {
        return pixels;
    }

    /// `[count]`, each in [0, classes). Shared: read, never write.
    public byte[] labels() {
        return labels;
    }

    /// The first images, or this whole dataset where it has no more.
    ///
    /// @param most at least 1
    public Dataset first(int most) {
        return most < count() ? slice(0, most) : this;
    }

    /// A copy of the images `from ..< to`.
    ///
    /// @throws IllegalArgumentException where there are none, or fewer than that
    public Dataset slice(int from, int to) {
        if (from < 0 || to > count() || from >= to) {
            throw new IllegalArgumentException("images " + from + " to " + to + " of " + count());
        }
        int area = HEIGHT * WIDTH;
        return new Dataset(Arrays.copyOfRange(pixels, from * area, to * area), Arrays.copyOfRange(labels, from, to));
    }

    /// A copy of these images with the others behind them.
    ///
    /// @throws IllegalArgumentException where no array holds so many
    Dataset and(Dataset others) {
        requireArray((long) count() + others.count());
        byte[] allPixels = Arrays.copyOf(pixels, pixels.length + others.pixels.length);
        byte[] allLabels = Arrays.copyOf(labels, labels.length + others.labels.length);
        System.arraycopy(others.pixels, 0, allPixels, pixels.length, others.pixels.length);
        System.arraycopy(others.labels, 0, allLabels, labels.length, others.labels.length);
        return new Dataset(allPixels, allLabels);
    }

    private static void requireArray(long count) {
        int most = Integer.MAX_VALUE / (HEIGHT * WIDTH);
        if (count > most) {
            throw new IllegalArgumentException(count + " images; an array holds the pixels of " + most);
        }
    }

    /// A copy of the images at `indices`, in that order.
    ///
    /// @throws IllegalArgumentException where there are none, no array holds so many, or there is no such image
    public Dataset select(int[] indices) {
        requireArray(indices.length);
        int area = HEIGHT * WIDTH;
        byte[] selectedPixels = new byte[indices.length * area];
        byte[] selectedLabels = new byte[indices.length];
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= count()) {
                throw new IllegalArgumentException("image " + indices[i] + " of " + count());
            }
            System.arraycopy(pixels, indices[i] * area, selectedPixels, i * area, area);
            selectedLabels[i] = labels[indices[i]];
        }
        return new Dataset(selectedPixels, selectedLabels);
    }

    /// A copy of these images without their slant; `docs/OPERATIONS.md` has the formula.
    public Dataset deskewed() {
        return new Dataset(new Deskew(HEIGHT, WIDTH).apply(pixels), labels);
    }

    /// Mean and deviation of this dataset's pixels; computed anew at each call, in one pass.
    public Normalization normalization() {
        return Normalization.of(pixels);
    }

    /// @return `[classes]`, how many images each class has
    public int[] classCounts() {
        int[] counts = new int[CLASSES];
        for (byte label : labels) {
            counts[label]++;
        }
        return counts;
    }

    @Override
    public String toString() {
        return count() + " images of " + HEIGHT + "×" + WIDTH;
    }
}
