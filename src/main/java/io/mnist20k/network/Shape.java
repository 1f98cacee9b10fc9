package io.mnist20k.network;

/// What one sample looks like between two layers.
public record Shape(int channels, int height, int width) {
    /// An MNIST image.
    public static final Shape IMAGE = new Shape(1, 28, 28);

    public int pixels() {
        return Math.multiplyExact(height, width);
    }

    public int elements() {
        return Math.multiplyExact(channels, pixels());
    }

    @Override
    public String toString() {
        return channels + "×" + height + "×" + width;
    }
}
