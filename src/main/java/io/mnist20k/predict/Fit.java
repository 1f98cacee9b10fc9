package io.mnist20k.predict;

import java.util.stream.IntStream;

/// The digit as MNIST has it: fitted into 20×20 pixels without distortion, the centre of its mass in the centre of
/// 28×28.
final class Fit {
    static final int SIDE = 28;

    /// Between paper and ink.
    static final double HALF = 0.5;

    static final double FITTED = 20;

    /// Where MNIST puts the centre of mass, counted in pixels from the first one's centre: its images' mean, measured.
    static final double CENTRE = 14;

    /// Twice the area of a digit's ink over the length of its outline, in pixels of MNIST's training images:
    /// the median, and what one in twenty is below, measured.
    static final double THICKNESS = 1.96;

    static final double LEAST_THICKNESS = 1.28;

    private Fit() {}

    /// @param ink of the digit, and nothing else
    /// @return `[28 * 28]`
    static Plane of(Plane ink) {
        Plane thick = thickened(ink);
        Box box = box(thick);
        double pixel = box.side() / FITTED;
        double sum = 0;
        double sumX = 0;
        double sumY = 0;
        for (int y = box.top(); y < box.bottom(); y++) {
            for (int x = box.left(); x < box.right(); x++) {
                double value = thick.at(x, y);
                sum += value;
                sumX += value * (x + 0.5);
                sumY += value * (y + 0.5);
            }
        }
        double fromX = within(sumX / sum - (CENTRE + 0.5) * pixel, box.left(), box.right(), pixel);
        double fromY = within(sumY / sum - (CENTRE + 0.5) * pixel, box.top(), box.bottom(), pixel);
        var digit = new Plane(SIDE, SIDE);
        for (int row = 0; row < SIDE; row++) {
            for (int column = 0; column < SIDE; column++) {
                double x = fromX + column * pixel;
                double y = fromY + row * pixel;
                digit.values()[row * SIDE + column] = thick.mean(x, y, x + pixel, y + pixel);
            }
        }
        double most = digit.most();
        return digit.map(value -> Math.min(1, value / most));
    }

    private static Box box(Plane ink) {
        int[] pixels = IntStream.range(0, ink.values().length)
                .filter(i -> ink.values()[i] >= HALF)
                .toArray();
        return Box.of(pixels, ink.width());
    }

    /// A pen's line in a large picture would be a breath of grey in 28×28: lines thinner than MNIST's become as thick.
    private static Plane thickened(Plane ink) {
        double pixel = box(ink).side() / FITTED;
        double thickness = thickness(ink);
        int radius = (int) Math.round((THICKNESS * pixel - thickness) / 2);
        return thickness >= LEAST_THICKNESS * pixel ? ink : ink.dilated(radius);
    }

    /// Twice the area of the ink over the length of its outline, in pixels.
    private static double thickness(Plane ink) {
        int area = 0;
        int outline = 0;
        for (int y = 0; y < ink.height(); y++) {
            for (int x = 0; x < ink.width(); x++) {
                if (ink.at(x, y) >= HALF) {
                    area++;
                    outline += (x == 0 || ink.at(x - 1, y) < HALF ? 1 : 0)
                            + (x == ink.width() - 1 || ink.at(x + 1, y) < HALF ? 1 : 0)
                            + (y == 0 || ink.at(x, y - 1) < HALF ? 1 : 0)
                            + (y == ink.height() - 1 || ink.at(x, y + 1) < HALF ? 1 : 0);
                }
            }
        }
        return 2.0 * area / outline;
    }

    /// Where the image begins, so that all of the digit lies in it.
    private static double within(double from, int first, int end, double pixel) {
        return Math.clamp(from, end - SIDE * pixel, first);
    }
}
