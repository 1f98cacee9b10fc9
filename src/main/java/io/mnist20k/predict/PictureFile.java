package io.mnist20k.predict;

import io.mnist20k.JavaMemory;
import io.mnist20k.UserError;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import net.coobird.thumbnailator.Thumbnails;
import net.coobird.thumbnailator.util.exif.ExifFilterUtils;
import net.coobird.thumbnailator.util.exif.ExifUtils;
import net.coobird.thumbnailator.util.exif.Orientation;
import org.jspecify.annotations.Nullable;

/// PNG and JPEG as pixels: upright, no larger than needed, whatever kind of colours they have.
final class PictureFile {
    private static final long MOST_PIXELS = 64_000_000;

    /// A side of more pixels says nothing more about a digit.
    private static final int LONGEST_SIDE = 800;

    private static final short START_OF_IMAGE = (short) 0xFFD8;
    private static final int APPLICATION_SEGMENTS = 0xFFE0;
    private static final short EXIF = (short) 0xFFE1;

    private static final Set<String> KINDS = Set.of("png", "jpeg");

    private PictureFile() {}

    /// Sizes are looked at before anything is decoded, and bounded; of large pictures the decoder leaves rows and
    /// columns out. Nothing goes through files of the system, as it would by default.
    ///
    /// @param subject how an error begins
    /// @throws UserError where it is neither a PNG nor a JPEG, too large, or damaged
    static BufferedImage decode(String subject, byte[] encoded) {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
            ImageReader reader = reader(in);
            if (reader == null) {
                throw new UserError(subject + ": this is neither a PNG nor a JPEG; convert it to one of them");
            }
            reader.setInput(in);
            int longer = Math.max(reader.getWidth(0), reader.getHeight(0));
            if ((long) reader.getWidth(0) * reader.getHeight(0) > MOST_PIXELS) {
                throw new UserError(String.format(
                        Locale.ROOT,
                        "%s: it has %d×%d pixels, more than %,d; make it smaller",
                        subject,
                        reader.getWidth(0),
                        reader.getHeight(0),
                        MOST_PIXELS));
            }
            int every = Math.max(1, longer / (2 * LONGEST_SIDE));
            ImageReadParam param = reader.getDefaultReadParam();
            param.setSourceSubsampling(every, every, 0, 0);
            BufferedImage image = reader.read(0, param);
            Orientation orientation = orientation(encoded);
            reader.dispose();
            return Thumbnails.of(image)
                    .scale(Math.min(1, (double) LONGEST_SIDE / Math.max(image.getWidth(), image.getHeight())))
                    .addFilter(ExifFilterUtils.getFilterForOrientation(orientation))
                    .imageType(BufferedImage.TYPE_INT_ARGB)
                    .asBufferedImage();
        } catch (UserError e) {
            throw e;
        } catch (OutOfMemoryError e) {
            throw tooLarge(subject, e);
        } catch (IOException | RuntimeException e) { // with any of these the platform's decoders meet a broken file
            if (e.getCause() instanceof OutOfMemoryError) {
                throw tooLarge(subject, e);
            }
            throw new UserError(
                    subject + ": it cannot be decoded, since it is damaged or of a rare kind; convert it to PNG", e);
        }
    }

    /// Null where it is of another kind, whatever else the platform could read.
    private static @Nullable ImageReader reader(ImageInputStream in) throws IOException {
        for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
            ImageReader reader = readers.next();
            if (KINDS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        return null;
    }

    /// As a camera noted it in a JPEG, where it can be read; the decoder's own reading of notes refuses many a file.
    private static Orientation orientation(byte[] encoded) {
        try {
            Orientation noted =
                    exif(encoded).map(ExifUtils::getOrientationFromExif).orElse(null);
            return noted == null ? Orientation.TOP_LEFT : noted;
        } catch (RuntimeException e) { // offsets that lead nowhere
            return Orientation.TOP_LEFT;
        }
    }

    /// What the first segment of this kind holds: JPEG is a row of segments, each with its marker and length.
    private static Optional<byte[]> exif(byte[] encoded) {
        ByteBuffer segments = ByteBuffer.wrap(encoded);
        if (encoded.length < 2 || segments.getShort() != START_OF_IMAGE) {
            return Optional.empty();
        }
        while (segments.remaining() >= 4) {
            short marker = segments.getShort();
            int length = Short.toUnsignedInt(segments.getShort()) - 2;
            if ((marker & 0xFFF0) != APPLICATION_SEGMENTS || length < 0 || length > segments.remaining()) {
                return Optional.empty();
            }
            byte[] content = new byte[length];
            segments.get(content);
            if (marker == EXIF && new String(content, StandardCharsets.ISO_8859_1).startsWith("Exif\0\0")) {
                return Optional.of(content);
            }
        }
        return Optional.empty();
    }

    private static UserError tooLarge(String subject, Throwable cause) {
        return new UserError(
                subject + ": it needs more memory than Java may use; make it smaller, or allow more with "
                        + JavaMemory.more(),
                cause);
    }
}
