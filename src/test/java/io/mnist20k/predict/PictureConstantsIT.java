package io.mnist20k.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.RealMnist;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a picture is fitted to, measured anew on MNIST's training images.
final class PictureConstantsIT {
    @Test
    void thicknessAndCentreAreThoseOfTheTrainingImages() {
        Dataset images = RealMnist.split().train();
        double[] thickness = new double[images.count()];
        double[] x = new double[images.count()];
        double[] y = new double[images.count()];
        for (int n = 0; n < images.count(); n++) {
            byte[] pixels = Arrays.copyOfRange(images.pixels(), n * 784, (n + 1) * 784);
            double mass = IntStream.range(0, 784).map(i -> pixels[i] & 0xFF).sum();
            x[n] = IntStream.range(0, 784)
                    .mapToDouble(i -> i % 28 * (pixels[i] & 0xFF) / mass)
                    .sum();
            y[n] = IntStream.range(0, 784)
                    .mapToDouble(i -> Math.floorDiv(i, 28) * (pixels[i] & 0xFF) / mass)
                    .sum();
            double area = IntStream.range(0, 784).filter(i -> pixels[i] < 0).count(); // 128 and more
            // Each pair of neighbours of which one is ink has a piece of outline between; no ink is at the edge.
            double outline = IntStream.range(0, 783)
                            .filter(i -> i % 28 < 27 && (pixels[i] < 0) != (pixels[i + 1] < 0))
                            .count()
                    + IntStream.range(0, 756)
                            .filter(i -> (pixels[i] < 0) != (pixels[i + 28] < 0))
                            .count();
            thickness[n] = 2 * area / outline;
        }
        Arrays.sort(thickness);
        assertEquals(Fit.THICKNESS, thickness[images.count() / 2], 0.01);
        assertEquals(Fit.LEAST_THICKNESS, thickness[images.count() / 20], 0.01);
        assertEquals(Fit.CENTRE, Arrays.stream(x).average().orElseThrow(), 0.01);
        assertEquals(Fit.CENTRE, Arrays.stream(y).average().orElseThrow(), 0.01);
    }
}
