package io.mnist20k.predict;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// Colours as shades of grey, dark ink on light paper as its negative.
final class Shades {
    /// Of the range from black to white; less is paper, and the noise of a camera.
    static final double LEAST_CONTRAST = 0.1;

    /// Blue or yellow ink on white paper stays below this, as it looks; red on a green that is as light is far above.
    private static final double MORE_CONTRAST = 3;

    /// Of the picture's edge, what a dark frame takes at least.
    private static final double FRAME = 0.9;

    private Shades() {}

    /// @param subject how an error begins
    /// @return 0 to 1, the ink lighter than the paper
    /// @throws io.mnist20k.UserError where all is of one shade
    static Plane lightOnDark(String subject, BufferedImage image) {
        Plane grey = grey(image);
        double paper = paper(grey);
        double darkest = grey.least();
        double lightest = grey.most();
        if (Math.max(paper - darkest, lightest - paper) < LEAST_CONTRAST) {
            throw Picture.empty(subject);
        }
        // Ratios, since the paper's shade goes down with the light, and that of dark ink with it.
        boolean inkIsDark = light(paper) / light(darkest) >= light(lightest) / light(paper);
        return inkIsDark ? grey.map(shade -> 1 - shade) : grey;
    }

    /// Ratios of shades near black would be all noise.
    private static double light(double shade) {
        return Math.max(shade, LEAST_CONTRAST);
    }

    /// As bright as the colours look; but where red, green or blue alone tells far more apart, it alone.
    private static Plane grey(BufferedImage image) {
        int[] colours = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        Plane luma = shades(image, colours, Shades::luma);
        double least = MORE_CONTRAST * luma.deviation();
        return IntStream.of(16, 8, 0)
                .mapToObj(bits -> shades(image, colours, colour -> (colour >> bits & 0xFF) / 255.0))
                .filter(shades -> shades.deviation() > least)
                .max(Comparator.comparingDouble(Plane::deviation))
                .orElse(luma);
    }

    /// What is transparent becomes light where what is not is dark, and the other way round.
    private static Plane shades(BufferedImage image, int[] colours, IntToDoubleFunction shade) {
        double opaque = 0;
        double light = 0;
        for (int colour : colours) {
            opaque += alpha(colour);
            light += alpha(colour) * shade.applyAsDouble(colour);
        }
        double behind = light * 2 < opaque ? 1 : 0;
        double[] shades = Arrays.stream(colours)
                .mapToDouble(colour -> alpha(colour) * shade.applyAsDouble(colour) + (1 - alpha(colour)) * behind)
                .toArray();
        return new Plane(image.getWidth(), image.getHeight(), shades);
    }

    private static double alpha(int colour) {
        return (colour >>> 24) / 255.0;
    }

    /// ITU-R BT.601.
    private static double luma(int colour) {
        return (0.299 * (colour >> 16 & 0xFF) + 0.587 * (colour >> 8 & 0xFF) + 0.114 * (colour & 0xFF)) / 255;
    }

    /// The edge's median, since most of it is paper even where a digit fills the picture; the whole picture's where a
    /// dark frame, or table, lies all around a light sheet.
    private static double paper(Plane grey) {
        double[] edge = edge(grey);
        Arrays.sort(edge);
        double middle = (grey.least() + grey.most()) / 2;
        double whole = grey.median();
        boolean framed = edge[(int) (edge.length * FRAME)] < middle && whole > middle;
        return framed ? whole : edge[edge.length / 2];
    }

    private static double[] edge(Plane grey) {
        var edge = DoubleStream.builder();
        for (int x = 0; x < grey.width(); x++) {
            edge.add(grey.at(x, 0)).add(grey.at(x, grey.height() - 1));
        }
        for (int y = 0; y < grey.height(); y++) {
            edge.add(grey.at(0, y)).add(grey.at(grey.width() - 1, y));
        }
        return edge.build().toArray();
    }
}
