package io.mnist20k.engine.reference;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Distortion;
import io.mnist20k.engine.Training;

/// Images as the network sees them.
record Images(Dataset dataset, Normalization normalization) {
    private static final double CENTRE = 13.5;

    /// @return `[samples, pixels]`, the images `from ..< from + samples` as they are
    double[] plain(int from, int samples) {
        double[] x = new double[samples * pixels()];
        for (int n = 0; n < samples; n++) {
            write(from + n, Distortion.IDENTITY, x, n * pixels());
        }
        return x;
    }

    /// @param indices of the images in the dataset, in the order of the batch
    /// @return        `[indices.length, pixels]`, each image distorted as the step draws it
    double[] distorted(int[] indices, Training training, int epoch, int step) {
        double[] x = new double[indices.length * pixels()];
        for (int n = 0; n < indices.length; n++) {
            var distortion = Distortion.draw(training.augmentation(), training.seed(), epoch, step, n);
            write(indices[n], distortion, x, n * pixels());
        }
        return x;
    }

    private int pixels() {
        return dataset.height() * dataset.width();
    }

    void write(int index, Distortion distortion, double[] x, int from) {
        for (int row = 0; row < dataset.height(); row++) {
            for (int column = 0; column < dataset.width(); column++) {
                double right = column - CENTRE;
                double down = row - CENTRE;
                double sx = distortion.xx() * right + distortion.xy() * down + CENTRE + distortion.tx();
                double sy = distortion.yx() * right + distortion.yy() * down + CENTRE + distortion.ty();
                double value = sample(index, sx, sy);
                x[from + row * dataset.width() + column] =
                        (value / 255 - normalization.mean()) / normalization.deviation();
            }
        }
    }

    /// Bilinear, 0..255.
    private double sample(int index, double sx, double sy) {
        int x0 = (int) Math.floor(sx);
        int y0 = (int) Math.floor(sy);
        double fx = sx - x0;
        double fy = sy - y0;
        return (1 - fy) * ((1 - fx) * pixel(index, y0, x0) + fx * pixel(index, y0, x0 + 1))
                + fy * ((1 - fx) * pixel(index, y0 + 1, x0) + fx * pixel(index, y0 + 1, x0 + 1));
    }

    private int pixel(int index, int row, int column) {
        if (row < 0 || row >= dataset.height() || column < 0 || column >= dataset.width()) {
            return 0;
        }
        return dataset.pixels()[(index * dataset.height() + row) * dataset.width() + column] & 0xFF;
    }
}
