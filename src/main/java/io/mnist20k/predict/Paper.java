package io.mnist20k.predict;

import java.util.Arrays;

/// What is paper, which light and shadow make lighter here and darker there, and what is ink.
final class Paper {
    /// Along the picture's longer side, each the mean of what it covers: few, so that the paper's grain is gone; enough
    /// that the edge of a shadow stays where it is.
    private static final int CELLS = 64;

    /// In cells. At the picture's edge a line of a fifth of it is no paper yet, elsewhere one of two fifths; the
    /// fattest of MNIST's digits are drawn with a fourth of their height.
    private static final int RADIUS = 13;

    /// Of the paper's pixels, what has less ink than becomes none.
    private static final double GRAIN = 0.95;

    private Paper() {}

    /// How far each pixel is from the paper around it to white. Dark ink, a negative here, has as much of it in a
    /// shadow as in the light: what paper and ink throw back, the light multiplies.
    ///
    /// @param shades 0 to 1, the ink lighter than the paper
    static Plane ink(Plane shades) {
        Plane paper = paper(shades);
        double cellWidth = (double) shades.width() / paper.width();
        double cellHeight = (double) shades.height() / paper.height();
        var ink = new Plane(shades.width(), shades.height());
        for (int y = 0; y < ink.height(); y++) {
            for (int x = 0; x < ink.width(); x++) {
                double there = between(paper, (x + 0.5) / cellWidth - 0.5, (y + 0.5) / cellHeight - 0.5);
                double most = Math.max(1 - there, Shades.LEAST_CONTRAST); // of paper in the dark, all is noise
                ink.values()[y * ink.width() + x] = Math.max(0, (shades.at(x, y) - there) / most);
            }
        }
        return ink;
    }

    /// A morphological opening (Serra: *Image Analysis and Mathematical Morphology*, 1982): of the squares that a pixel
    /// lies in, each as light as the darkest in it, the lightest. No line fills such a square; a shadow does.
    private static Plane paper(Plane shades) {
        return cells(shades).eroded(RADIUS).dilated(RADIUS);
    }

    private static Plane cells(Plane shades) {
        double cell = Math.max(1, (double) Math.max(shades.width(), shades.height()) / CELLS);
        var cells = new Plane((int) Math.ceil(shades.width() / cell), (int) Math.ceil(shades.height() / cell));
        double width = (double) shades.width() / cells.width();
        double height = (double) shades.height() / cells.height();
        for (int y = 0; y < cells.height(); y++) {
            for (int x = 0; x < cells.width(); x++) {
                cells.values()[y * cells.width() + x] =
                        shades.mean(x * width, y * height, (x + 1) * width, (y + 1) * height);
            }
        }
        return cells;
    }

    /// Bilinear between the centres of cells, and as they are beyond the outermost.
    private static double between(Plane cells, double x, double y) {
        double inX = Math.clamp(x, 0, cells.width() - 1);
        double inY = Math.clamp(y, 0, cells.height() - 1);
        int left = (int) inX;
        int top = (int) inY;
        int right = Math.min(left + 1, cells.width() - 1);
        int bottom = Math.min(top + 1, cells.height() - 1);
        double above = cells.at(left, top) + (inX - left) * (cells.at(right, top) - cells.at(left, top));
        double below = cells.at(left, bottom) + (inX - left) * (cells.at(right, bottom) - cells.at(left, bottom));
        return above + (inY - top) * (below - above);
    }

    /// Without the paper's own shades, and with ink as light as it is on the whole. Between paper and ink lies the
    /// threshold that tells them apart best (Otsu: *A Threshold Selection Method from Gray-Level Histograms*,
    /// 1979).
    static Plane clean(Plane ink) {
        int threshold = threshold(ink.values());
        double[] sorted = ink.values().clone();
        Arrays.sort(sorted);
        int split = 0;
        while (level(sorted[split]) <= threshold) {
            split++;
        }
        double least = sorted[(int) (split * GRAIN)];
        double full = sorted[(split + sorted.length) / 2];
        return ink.map(value -> Math.clamp((value - least) / (full - least), 0, 1));
    }

    /// The highest level of paper.
    private static int threshold(double[] ink) {
        int[] histogram = new int[256];
        double total = 0;
        for (double value : ink) {
            int level = level(value);
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
        return threshold;
    }

    private static int level(double ink) {
        return (int) (ink * 255);
    }
}
