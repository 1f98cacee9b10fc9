package io.mnist20k.predict;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/// The shades of a picture's pixels, or how much ink they have: 0 to 1.
///
/// @param values `[height * width]`, row-major
record Plane(int width, int height, double[] values) {
    Plane(int width, int height) {
        this(width, height, new double[height * width]);
    }

    double at(int x, int y) {
        return values[y * width + x];
    }

    double least() {
        return Arrays.stream(values).min().orElseThrow();
    }

    double most() {
        return Arrays.stream(values).max().orElseThrow();
    }

    double median() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    double deviation() {
        double mean = Arrays.stream(values).average().orElseThrow();
        return Math.sqrt(Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow());
    }

    Plane map(DoubleUnaryOperator change) {
        return new Plane(width, height, Arrays.stream(values).map(change).toArray());
    }

    /// Of a rectangle, as much of each pixel as lies in it; outside is 0.
    double mean(double left, double top, double right, double bottom) {
        double sum = 0;
        for (int y = Math.max(0, (int) Math.floor(top)); y < Math.min(height, bottom); y++) {
            double inY = Math.min(y + 1, bottom) - Math.max(y, top);
            for (int x = Math.max(0, (int) Math.floor(left)); x < Math.min(width, right); x++) {
                sum += inY * (Math.min(x + 1, right) - Math.max(x, left)) * at(x, y);
            }
        }
        return sum / ((right - left) * (bottom - top));
    }

    /// Each pixel the most of the square around it, of which the picture's border may cut off some.
    Plane dilated(int radius) {
        return mostOfRows(radius).transposed().mostOfRows(radius).transposed();
    }

    /// Each pixel the least of that square.
    Plane eroded(int radius) {
        return map(value -> -value).dilated(radius).map(value -> -value);
    }

    private Plane mostOfRows(int radius) {
        var rows = new Plane(width, height);
        for (int i = 0; i < values.length; i++) {
            int first = i - Math.min(radius, i % width);
            int last = i + Math.min(radius, width - 1 - i % width);
            double most = values[i];
            for (int near = first; near <= last; near++) {
                most = Math.max(most, values[near]);
            }
            rows.values[i] = most;
        }
        return rows;
    }

    private Plane transposed() {
        var transposed = new Plane(height, width);
        for (int i = 0; i < values.length; i++) {
            transposed.values[i % width * height + i / width] = values[i];
        }
        return transposed;
    }
}
