package io.mnist20k.predict;

import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// A picture of one digit, of any size, dark on light or light on dark, from a screen, a scanner or a camera, and the
/// image that MNIST would have made of it (LeCun, Cortes, Burges: *The MNIST database*): its ink white on black, fitted
/// into 20×20 pixels without distortion, the centre of its mass in the centre of 28×28.
///
/// [Shades] makes colours grey and the ink light, [Paper] takes the paper and its shadows away, [Strokes] the dirt, and
/// [Fit] makes the rest as large and as thick as MNIST's digits.
public final class Picture {
    /// More than a camera's picture has, less than would fill the memory.
    static final int MOST_BYTES = 64 << 20;

    private final Plane digit;

    private Picture(Plane digit) {
        this.digit = digit;
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
        Plane shades = Shades.lightOnDark(subject, PictureFile.decode(subject, encoded));
        boolean asItStands = shades.width() == Fit.SIDE && shades.height() == Fit.SIDE;
        return new Picture(asItStands ? shades : fitted(subject, shades));
    }

    private static Plane fitted(String subject, Plane shades) {
        Plane ink = Paper.ink(shades);
        if (ink.most() < Shades.LEAST_CONTRAST) {
            throw empty(subject);
        }
        return Fit.of(Strokes.digit(Paper.clean(ink)));
    }

    static UserError empty(String subject) {
        return new UserError(
                subject + ": it is all of one shade, so nothing is drawn on it; give a picture of a digit");
    }

    /// As a network sees it. A picture of 28×28 pixels is taken as it stands, but for its ink being white.
    ///
    /// @return `[28 * 28]`, row-major, 0 (background) to 255 without sign
    public byte[] digit() {
        byte[] pixels = new byte[Fit.SIDE * Fit.SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.round(255 * digit.values()[i]);
        }
        return pixels;
    }
}
