package io.mnist20k.predict;

import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A picture of one digit, of any size, dark on light or light on dark, from a screen, a scanner or a camera, and the
/// image that MNIST would have made of it (LeCun, Cortes, Burges: *The MNIST database*): its ink white on black, fitted
/// into 20×20 pixels without distortion, the centre of its mass in the centre of 28×28.
///
/// What is paper and what is ink, the picture's edge decides, where most is paper.
public final class Picture {
    /// More than a camera's picture has, less than would fill the memory.
    static final int MOST_BYTES = 64 << 20;

    private static final int SIDE = 28;
    private static final double FITTED = 20;

    /// Where MNIST puts the centre of mass, counted in pixels from the first one's centre: its images' mean, measured.
    static final double CENTRE = 14;

    /// Twice the area of a digit's ink over the length of its outline, in pixels of MNIST's training images:
    /// the median, and what one in twenty is below, measured.
    static final double THICKNESS = 1.96;

    static final double LEAST_THICKNESS = 1.28;

    /// Between paper and ink.
    private static final double HALF = 0.5;

    /// Of the range from black to white; less is paper, and the noise of a camera.
    private static final double LEAST_CONTRAST = 0.1;

    private final int width;
    private final int height;
    /// `[height * width]`, 0 black to 1 white; the ink is lighter than the paper.
    private final double[] lightOnDark;

    private final double paper;

    private Picture(String subject, int width, int height, double[] grey) {
        this.width = width;
        this.height = height;
        double edge = median(edge(grey));
        double darkest = Arrays.stream(grey).min().orElseThrow();
        double lightest = Arrays.stream(grey).max().orElseThrow();
        if (Math.max(edge - darkest, lightest - edge) < LEAST_CONTRAST) {
            throw new UserError(
                    subject + ": it is all of one shade, so nothing is drawn on it; give a picture of a digit");
        }
        boolean inkIsDark = edge - darkest > lightest - edge;
        paper = inkIsDark ? 1 - edge : edge;
        lightOnDark = inkIsDark ? Arrays.stream(grey).map(shade -> 1 - shade).toArray() : grey;
    }

    /// @throws UserError where there is no such file, or it holds no picture of anything
    public static Picture read(Path path) {
        String subject = "reading the picture " + path;
        Reason.notAFile(path).ifPresent(reason -> {
            throw new UserError(subject + ": " + reason + "; give the path of a PNG or JPEG");
        });
        try (InputStream in = Files.newInputStream(path)) {
            return of(subject, in.readNBytes(MOST_BYTES + 1));
        } catch (IOException e) {
            throw new UserError(subject + ": " + Reason.of(e) + "; make it readable or give another", e);
        }
    }

    /// @param subject how an error begins
    /// @param encoded a PNG or JPEG
    /// @throws UserError where they are none, or hold no picture of anything
    public static Picture of(String subject, byte[] encoded) {
        if (encoded.length > MOST_BYTES) {
            throw new UserError(
                    subject + ": it has more than " + (MOST_BYTES >> 20) + " MiB; make it smaller or give another");
        }
        BufferedImage image = PictureFile.decode(subject, encoded);
        return new Picture(subject, image.getWidth(), image.getHeight(), grey(image));
    }

    /// `[height * width]`, 0 black to 1 white. What is transparent becomes light where what is not is dark, and the
    /// other way round.
    private static double[] grey(BufferedImage image) {
        int[] colours = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        double opaque = 0;
        double light = 0;
        for (int colour : colours) {
            opaque += alpha(colour);
            light += alpha(colour) * luma(colour);
        }
        double behind = light * 2 < opaque ? 1 : 0;
        return Arrays.stream(colours)
                .mapToDouble(colour -> alpha(colour) * luma(colour) + (1 - alpha(colour)) * behind)
                .toArray();
    }

    private static double alpha(int colour) {
        return (colour >>> 24) / 255.0;
    }

    /// ITU-R BT.601.
    private static double luma(int colour) {
        return (0.299 * (colour >> 16 & 0xFF) + 0.587 * (colour >> 8 & 0xFF) + 0.114 * (colour & 0xFF)) / 255;
    }

    private double[] edge(double[] grey) {
        double[] edge = new double[2 * (width + height)];
        for (int x = 0; x < width; x++) {
            edge[2 * x] = grey[x];
            edge[2 * x + 1] = grey[(height - 1) * width + x];
        }
        for (int y = 0; y < height; y++) {
            edge[2 * width + 2 * y] = grey[y * width];
            edge[2 * width + 2 * y + 1] = grey[y * width + width - 1];
        }
        return edge;
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /// As a network sees it. A picture of 28×28 pixels is taken as it stands, but for its ink being white.
    ///
    /// @return `[28 * 28]`, row-major, 0 (background) to 255 without sign
    public byte[] digit() {
        double[] digit = width == SIDE && height == SIDE ? lightOnDark : fitted();
        byte[] pixels = new byte[SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.round(255 * digit[i]);
        }
        return pixels;
    }

    private double[] fitted() {
        double[] clean = thickened(clean());
        Box box = Box.of(clean, width);
        double pixel = box.side() / FITTED;
        double sum = 0;
        double sumX = 0;
        double sumY = 0;
        for (int y = box.top; y < box.bottom; y++) {
            for (int x = box.left; x < box.right; x++) {
                double value = clean[y * width + x];
                sum += value;
                sumX += value * (x + 0.5);
                sumY += value * (y + 0.5);
            }
        }
        double fromX = within(sumX / sum - (CENTRE + 0.5) * pixel, box.left, box.right, pixel);
        double fromY = within(sumY / sum - (CENTRE + 0.5) * pixel, box.top, box.bottom, pixel);
        double[] digit = new double[SIDE * SIDE];
        for (int row = 0; row < SIDE; row++) {
            for (int column = 0; column < SIDE; column++) {
                digit[row * SIDE + column] = mean(clean, fromX + column * pixel, fromY + row * pixel, pixel);
            }
        }
        double most = Arrays.stream(digit).max().orElseThrow();
        return Arrays.stream(digit).map(value -> Math.min(1, value / most)).toArray();
    }

    /// What holds all ink; ends are exclusive.
    private record Box(int left, int top, int right, int bottom) {
        static Box of(double[] ink, int width) {
            int left = width;
            int right = 0;
            int top = ink.length / width;
            int bottom = 0;
            for (int i = 0; i < ink.length; i++) {
                if (ink[i] >= HALF) {
                    left = Math.min(left, i % width);
                    right = Math.max(right, i % width + 1);
                    top = Math.min(top, i / width);
                    bottom = Math.max(bottom, i / width + 1);
                }
            }
            return new Box(left, top, right, bottom);
        }

        int side() {
            return Math.max(right - left, bottom - top);
        }
    }

    /// A pen's line in a large picture would be a breath of grey in 28×28: lines thinner than MNIST's become as thick.
    private double[] thickened(double[] clean) {
        double pixel = Box.of(clean, width).side() / FITTED;
        double thickness = thickness(clean);
        int radius = (int) Math.round((THICKNESS * pixel - thickness) / 2);
        if (thickness >= LEAST_THICKNESS * pixel || radius == 0) {
            return clean;
        }
        double[] rows = new double[clean.length];
        double[] thick = new double[clean.length];
        for (int i = 0; i < clean.length; i++) {
            int first = Math.max(i % width - radius, 0) - i % width;
            int last = Math.min(i % width + radius, width - 1) - i % width;
            for (int d = first; d <= last; d++) {
                rows[i] = Math.max(rows[i], clean[i + d]);
            }
        }
        for (int i = 0; i < clean.length; i++) {
            int first = Math.max(i / width - radius, 0) - i / width;
            int last = Math.min(i / width + radius, height - 1) - i / width;
            for (int d = first; d <= last; d++) {
                thick[i] = Math.max(thick[i], rows[i + d * width]);
            }
        }
        return thick;
    }

    /// Twice the area of the ink over the length of its outline, in pixels.
    private double thickness(double[] clean) {
        int area = 0;
        int outline = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (clean[y * width + x] >= HALF) {
                    area++;
                    outline += (x == 0 || clean[y * width + x - 1] < HALF ? 1 : 0)
                            + (x == width - 1 || clean[y * width + x + 1] < HALF ? 1 : 0)
                            + (y == 0 || clean[(y - 1) * width + x] < HALF ? 1 : 0)
                            + (y == height - 1 || clean[(y + 1) * width + x] < HALF ? 1 : 0);
                }
            }
        }
        return 2.0 * area / outline;
    }

    /// Where the image begins, so that all of the digit lies in it.
    private static double within(double from, int first, int end, double pixel) {
        return Math.clamp(from, end - SIDE * pixel, first);
    }

    /// Without the paper's own shades, and with ink as light as it is on the whole. Between paper and ink lies the
    /// threshold that tells them apart best (Otsu: *A Threshold Selection Method from Gray-Level Histograms*,
    /// 1979).
    private double[] clean() {
        double[] ink = ink();
        double threshold = threshold(ink);
        double[] sorted = ink.clone();
        Arrays.sort(sorted);
        int split = 0;
        while (sorted[split] < threshold) {
            split++;
        }
        double least = sorted[(int) (split * 0.95)];
        double full = sorted[(split + sorted.length) / 2];
        return Arrays.stream(ink)
                .map(value -> Math.clamp((value - least) / (full - least), 0, 1))
                .toArray();
    }

    /// How far each pixel is from the paper towards the lightest, 0 to 1.
    private double[] ink() {
        double lightest = Arrays.stream(lightOnDark).max().orElseThrow();
        return Arrays.stream(lightOnDark)
                .map(shade -> Math.max(0, (shade - paper) / (lightest - paper)))
                .toArray();
    }

    private static double threshold(double[] ink) {
        int[] histogram = new int[256];
        double total = 0;
        for (double value : ink) {
            int level = (int) (value * 255);
            histogram[level]++;
            total += level;
        }
        double best = -1;
        int threshold = 0;
        double below = 0;
        double sumBelow = 0;
        for (int level = 0; level < 255; level++) {
            below += histogram[level];
            sumBelow += (double) level * histogram[level];
            double above = ink.length - below;
            if (below > 0 && above > 0) {
                double distance = sumBelow / below - (total - sumBelow) / above;
                double between = below * above * distance * distance;
                if (between > best) {
                    best = between;
                    threshold = level;
                }
            }
        }
        return (threshold + 1) / 255.0;
    }

    /// Of a square, as much of each pixel as lies in it; outside is paper.
    private double mean(double[] values, double fromX, double fromY, double side) {
        double sum = 0;
        for (int y = Math.max(0, (int) Math.floor(fromY)); y < Math.min(height, fromY + side); y++) {
            double inY = Math.min(y + 1, fromY + side) - Math.max(y, fromY);
            for (int x = Math.max(0, (int) Math.floor(fromX)); x < Math.min(width, fromX + side); x++) {
                sum += inY * (Math.min(x + 1, fromX + side) - Math.max(x, fromX)) * values[y * width + x];
            }
        }
        return sum / (side * side);
    }
}
