package io.mnist20k.data;

/// Takes the slant out of an image by moving each of its rows sideways, so that the ink of a stroke stands upright: the
/// classic preparation of MNIST (LeCun, Bottou, Bengio, Haffner: *Gradient-Based Learning Applied to Document
/// Recognition*, 1998, which calls it deslanting).
///
/// With w the value of the pixel at (x, y), and means and sums over all pixels weighted by it,
///
/// ```
/// slope = Σ w (x - x̄) (y - ȳ) / Σ w (y - ȳ)²
/// ```
///
/// and row y of the result shows the source at x + slope · (y - ȳ), interpolated between two pixels, black (0)
/// outside, rounded to whole values. The sums are integers and therefore exact: the same image gives the same bytes
/// anywhere. An image whose ink is all in one row, or that has none, stays as it is.
final class Deskew {
    private final int width;
    private final int height;

    Deskew(int height, int width) {
        this.height = height;
        this.width = width;
    }

    /// @param pixels `[count, height * width]`, read only
    /// @return the same of the images made upright
    byte[] apply(byte[] pixels) {
        byte[] upright = new byte[pixels.length];
        for (int from = 0; from < pixels.length; from += height * width) {
            apply(pixels, upright, from);
        }
        return upright;
    }

    private void apply(byte[] pixels, byte[] upright, int from) {
        long sum = 0;
        long sumX = 0;
        long sumY = 0;
        long sumXY = 0;
        long sumYY = 0;
        for (long y = 0; y < height; y++) {
            int row = from + (int) y * width;
            long ofRow = 0;
            long xOfRow = 0;
            for (int x = 0; x < width; x++) {
                int value = pixels[row + x] & 0xFF;
                ofRow += value;
                xOfRow += (long) value * x;
            }
            sum += ofRow;
            sumX += xOfRow;
            sumY += y * ofRow;
            sumXY += y * xOfRow;
            sumYY += y * y * ofRow;
        }
        long spread = sum * sumYY - sumY * sumY;
        double slope = spread == 0 ? 0 : (double) (sum * sumXY - sumX * sumY) / spread;
        double centre = sum == 0 ? 0 : (double) sumY / sum;
        for (int y = 0; y < height; y++) {
            move(pixels, upright, from + y * width, slope * (y - centre));
        }
    }

    private void move(byte[] pixels, byte[] upright, int row, double distance) {
        int whole = (int) Math.floor(distance);
        double part = distance - whole;
        for (int x = 0; x < width; x++) {
            double left = pixel(pixels, row, x + whole);
            double right = pixel(pixels, row, x + whole + 1);
            upright[row + x] = (byte) (int) (left + part * (right - left) + 0.5);
        }
    }

    private int pixel(byte[] pixels, int row, int x) {
        return x >= 0 && x < width ? pixels[row + x] & 0xFF : 0;
    }
}
