package io.mnist20k.predict;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/// Pictures as files hold them.
public final class Pictures {
    private static final int SIDE = 28;

    private Pictures() {}

    /// @param pixels `[28 * 28]`, as of a dataset
    public static byte[] png(byte[] pixels) {
        var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < pixels.length; i++) {
            image.getRaster().setSample(i % SIDE, i / SIDE, 0, pixels[i] & 0xFF);
        }
        return encoded(image, "png");
    }

    /// @param format png or jpeg
    public static byte[] encoded(BufferedImage image, String format) {
        var out = new ByteArrayOutputStream();
        try {
            assertTrue(ImageIO.write(image, format, out), format);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
