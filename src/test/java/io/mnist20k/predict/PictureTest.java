package io.mnist20k.predict;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PictureTest {
    private static final int SIDE = 28;

    /// Of 255, how far two images of the same digit may be apart on the mean.
    private static final double ALIKE = 4;

    /// Of photographs, of 255.
    private static final int INK = 50;

    private static final int PAPER = 225;

    @TempDir
    Path folder;

    @Test
    void anImageOfMnistsSizeIsTakenAsItStands() {
        byte[] pixels = new byte[SIDE * SIDE];
        for (int i = 0; i < 255; i++) {
            pixels[5 * SIDE + i + i / 20 * 8] = (byte) (i + 1);
        }
        assertArrayEquals(pixels, digit(Pictures.png(pixels)));
        byte[] negative = pixels.clone();
        for (int i = 0; i < negative.length; i++) {
            negative[i] = (byte) ~pixels[i];
        }
        assertArrayEquals(pixels, digit(Pictures.png(negative)), "dark on light");
    }

    @ParameterizedTest
    @CsvSource({"97, 203, 0.2, -0.1", "640, 480, -0.3, 0.15", "1500, 2500, 0, 0.2"})
    void sizePlaceAndShadeDoNotMatter(int width, int height, double right, double down) {
        byte[] expected = digit(png(seven(400, 400, 0, 0, Color.BLACK, Color.WHITE)));
        assertAlike(expected, digit(png(seven(width, height, right, down, Color.BLACK, Color.WHITE))));
        assertAlike(expected, digit(png(seven(width, height, right, down, Color.WHITE, Color.BLACK))));
        assertAlike(
                expected,
                digit(png(seven(width, height, right, down, new Color(30, 40, 160), new Color(250, 240, 200)))));
        assertAlike(expected, digit(jpeg(seven(width, height, right, down, Color.DARK_GRAY, Color.LIGHT_GRAY))));
    }

    /// Rows and columns are treated alike, at the picture's borders too; the ink of the second touches all four.
    @ParameterizedTest
    @CsvSource({"300, 420, 0.2, 40", "200, 170, 0.3, 90", "500, 450, -0.1, 4"})
    void aTransposedPictureIsTheTransposedDigit(int width, int height, double right, float thickness) {
        BufferedImage picture = seven(width, height, right, 0.1, Color.BLACK, Color.WHITE, thickness);
        var transposed = new BufferedImage(height, width, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                transposed.setRGB(y, x, picture.getRGB(x, y));
            }
        }
        byte[] digit = digit(png(picture));
        byte[] actual = digit(png(transposed));
        for (int i = 0; i < actual.length; i++) {
            assertEquals(digit[i % SIDE * SIDE + i / SIDE] & 0xFF, actual[i] & 0xFF, 1, "pixel " + i);
        }
    }

    /// As ITU-R BT.601 weighs them; what is half transparent, before the white that is behind black pictures.
    @Test
    void coloursAreTheGreyThatTheyLookLike() {
        var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_ARGB);
        int[] inks = {0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFFFFFF00, 0xFFFFFFFF, 0x80000000};
        int[] greys = {76, 150, 29, 226, 255, 127};
        for (int i = 0; i < SIDE * SIDE; i++) {
            image.setRGB(i % SIDE, i / SIDE, 0xFF000000);
        }
        for (int i = 0; i < inks.length; i++) {
            image.setRGB(5 + i, 7, inks[i]);
        }
        byte[] digit = digit(png(image));
        for (int i = 0; i < inks.length; i++) {
            assertEquals(greys[i], digit[7 * SIDE + 5 + i] & 0xFF, Integer.toHexString(inks[i]));
        }
    }

    /// A digit of 13 pixels in height has to be drawn larger, and so is blurred.
    @Test
    void smallerPicturesAreDrawnLarger() {
        byte[] expected = digit(png(seven(400, 400, 0, 0, Color.BLACK, Color.WHITE)));
        assertAlike(expected, digit(png(seven(29, 31, 0, 0, Color.BLACK, Color.WHITE))), 4 * ALIKE);
        assertAlike(expected, digit(png(seven(40, 40, 0, 0, Color.WHITE, Color.BLACK))), 2 * ALIKE);
    }

    @Test
    void theLongerSideHasTwentyPixelsAndTheMassItsCentreInTheMiddle() {
        byte[] digit = digit(png(seven(300, 500, 0.1, -0.2, Color.BLACK, Color.WHITE)));
        int rows = 0;
        double mass = 0;
        double atX = 0;
        double atY = 0;
        for (int y = 0; y < SIDE; y++) {
            boolean ink = false;
            for (int x = 0; x < SIDE; x++) {
                int value = digit[y * SIDE + x] & 0xFF;
                ink |= value > 64;
                mass += value;
                atX += (double) value * x;
                atY += (double) value * y;
            }
            rows += ink ? 1 : 0;
        }
        assertTrue(rows == 20 || rows == 21, rows + " rows");
        assertEquals(14, atX / mass, 0.1);
        assertEquals(14, atY / mass, 0.1);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_BYTE_BINARY,
                BufferedImage.TYPE_BYTE_INDEXED,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR
            })
    void kindsOfPixelsDoNotMatter(int type) {
        BufferedImage source = seven(200, 200, 0, 0, Color.BLACK, Color.WHITE);
        var image = new BufferedImage(200, 200, type);
        Graphics2D graphics = image.createGraphics();
        graphics.drawImage(source, 0, 0, null);
        graphics.dispose();
        assertAlike(digit(png(source)), digit(png(image)));
    }

    @Test
    void whatIsTransparentIsPaper() {
        byte[] expected = digit(png(seven(200, 200, 0, 0, Color.BLACK, Color.WHITE)));
        var nothing = new Color(0, 0, 0, 0);
        assertAlike(expected, digit(png(seven(200, 200, 0, 0, Color.BLACK, nothing))));
        assertAlike(expected, digit(png(seven(200, 200, 0, 0, Color.WHITE, nothing))));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.4, 0.25})
    void lightThatFallsOffDoesNotMatter(double least) {
        assertLooksClean(PAPER, INK, (x, y, shade) -> shade * (least + (1 - least) * (x + y) / 600));
        assertLooksClean(PAPER, INK, (x, y, shade) -> shade * (1 - (1 - least) * y / 300));
    }

    /// Whichever has more of the picture, the light or the shadow.
    @ParameterizedTest
    @ValueSource(ints = {110, 170, 200})
    void theEdgeOfAShadowDoesNotMatter(int at) {
        assertLooksClean(PAPER, INK, (x, y, shade) -> shade * (1 - 0.45 / (1 + Math.exp((x + y / 10.0 - at) / 8))));
    }

    @Test
    void dirtDoesNotMatter() {
        assertLooksClean(PAPER, INK, (x, y, shade) -> x % 70 < 3 && y % 60 < 3 ? INK : shade);
        assertLooksClean(PAPER, INK, (x, y, shade) -> x < 6 && y < 6 && x > 2 && y > 2 ? 0 : shade);
        assertLooksClean(INK, PAPER, (x, y, shade) -> x % 70 < 3 && y % 60 < 3 ? PAPER : shade);
    }

    @Test
    void whatLiesInACornerDoesNotMatter() {
        assertLooksClean(PAPER, INK, (x, y, shade) -> x + y < 60 ? 20 : shade);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 6, 30})
    void aDarkFrameDoesNotMatter(int width) {
        assertLooksClean(
                PAPER, INK, (x, y, shade) -> Math.min(Math.min(x, y), 299 - Math.max(x, y)) < width ? 10 : shade);
    }

    /// The strongest frays the lines, so that they count as thin and become thicker.
    @ParameterizedTest
    @CsvSource({"8, 1", "25, 3.5"})
    void grainHardlyMatters(double deviation, double alike) {
        var random = new Random(7);
        assertLooksClean(200, 70, alike * ALIKE, (x, y, shade) -> shade + random.nextGaussian() * deviation);
    }

    @Test
    void saltAndPepperDoNotMatter() {
        var random = new Random(7);
        assertLooksClean(PAPER, INK, (x, y, shade) -> switch (random.nextInt(200)) {
            case 0 -> 0;
            case 1 -> 255;
            default -> shade;
        });
    }

    private interface Photograph {
        double shade(int x, int y, int shade);
    }

    private static void assertLooksClean(int paper, int ink, Photograph photograph) {
        assertLooksClean(paper, ink, ALIKE, photograph);
    }

    private static void assertLooksClean(int paper, int ink, double most, Photograph photograph) {
        BufferedImage clean = seven(300, 300, 0, 0, new Color(ink, ink, ink), new Color(paper, paper, paper));
        var image = new BufferedImage(300, 300, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 300; y++) {
            for (int x = 0; x < 300; x++) {
                double shade = photograph.shade(x, y, clean.getRGB(x, y) & 0xFF);
                image.getRaster().setSample(x, y, 0, Math.clamp(Math.round(shade), 0, 255));
            }
        }
        assertAlike(digit(png(clean)), digit(png(image)), most);
    }

    /// A hundredth of the sheet's area, under the specks of dirt that are as large as its line is thick.
    @Test
    void aSmallDigitInABigSheetIsFound() {
        byte[] expected = digit(png(seven(100, 100, 0, 0, Color.BLACK, Color.WHITE)));
        var sheet = new BufferedImage(790, 790, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = sheet.createGraphics();
        graphics.setBackground(Color.WHITE);
        graphics.clearRect(0, 0, 790, 790);
        graphics.drawImage(seven(100, 100, 0, 0, Color.BLACK, Color.WHITE), 480, 90, null);
        graphics.setColor(Color.BLACK);
        graphics.fillRect(200, 600, 2, 2);
        graphics.fillRect(700, 30, 2, 2);
        graphics.dispose();
        assertAlike(expected, digit(png(sheet)));
    }

    /// However fat its line is, and where it leaves the picture.
    @ParameterizedTest
    @CsvSource({"40, 1", "80, 1", "80, 30", "100, 2"})
    void aDigitMayTouchTheEdge(float thickness, int from) {
        BufferedImage whole = seven(300, 300, 0, 0, Color.BLACK, Color.WHITE, thickness);
        int left = 150 - 45 - (int) (thickness / 4);
        int top = 150 - 65 - (int) (thickness / 4);
        int width = 90 + (int) (thickness / 2);
        int height = 130 + (int) (thickness / 2);
        assertAlike(digit(png(whole)), digit(png(whole.getSubimage(left, top, width + from, height + from))));
    }

    /// Of three strokes, two lie within and one does not.
    @Test
    void whatTouchesTheEdgeIsNoFrame() {
        BufferedImage whole = bars();
        assertAlike(digit(png(whole)), digit(png(whole.getSubimage(100, 0, 200, 300))));
    }

    private static BufferedImage bars() {
        var image = new BufferedImage(300, 300, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(100, 80, 20, 100);
        graphics.fillRect(150, 80, 20, 100);
        graphics.fillRect(140, 200, 20, 30);
        graphics.dispose();
        return image;
    }

    @Test
    void redOnGreenOfTheSameBrightnessIsInk() {
        byte[] expected = digit(png(seven(300, 300, 0, 0, Color.BLACK, Color.WHITE)));
        assertAlike(expected, digit(png(seven(300, 300, 0, 0, new Color(220, 20, 20), new Color(0, 128, 0)))));
    }

    /// As phones write it: the picture lies on its side, and a note says so.
    @Test
    void aCamerasNoteOfItsRotationIsMinded() {
        BufferedImage upright = seven(200, 300, 0, 0, Color.BLACK, Color.WHITE);
        var lying = new BufferedImage(300, 200, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 300; y++) {
            for (int x = 0; x < 200; x++) {
                lying.setRGB(y, 199 - x, upright.getRGB(x, y));
            }
        }
        byte[] jpeg = jpeg(lying);
        int behindJfif = 4 + ByteBuffer.wrap(jpeg).getShort(4);
        assertAlike(digit(jpeg(upright)), digit(withOrientation(jpeg, 2, 6)));
        assertAlike(digit(jpeg(upright)), digit(withOrientation(jpeg, behindJfif, 6)));
        assertAlike(digit(jpeg), digit(withOrientation(jpeg, behindJfif, 999)));
        byte[] manyMore = withOrientation(jpeg, 2, 6);
        ByteBuffer.wrap(manyMore).putShort(20, (short) 999).putShort(22, (short) 0x0111);
        assertAlike(digit(jpeg), digit(manyMore));
    }

    /// An Exif segment with one entry.
    private static byte[] withOrientation(byte[] jpeg, int at, int orientation) {
        byte[] exif = ByteBuffer.allocate(36)
                .putShort((short) 0xFFE1)
                .putShort((short) 34)
                .put("Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0)
                .putInt(0)
                .array();
        return ByteBuffer.allocate(jpeg.length + exif.length)
                .put(jpeg, 0, at)
                .put(exif)
                .put(jpeg, at, jpeg.length - at)
                .array();
    }

    @Test
    void thinLinesBecomeAsThickAsMnists() {
        double thin = mass(digit(png(seven(600, 600, 0, 0, Color.BLACK, Color.WHITE, 3))));
        double usual = mass(digit(png(seven(600, 600, 0, 0, Color.BLACK, Color.WHITE, 60))));
        assertTrue(thin > usual / 2 && thin < usual * 2, thin + " and " + usual);
    }

    private static double mass(byte[] digit) {
        double mass = 0;
        for (byte value : digit) {
            mass += value & 0xFF;
        }
        return mass;
    }

    @Test
    void anEmptySheetIsRefused() {
        BufferedImage empty = seven(99, 99, 0, 0, Color.WHITE, Color.WHITE);
        assertSays(refused(png(empty)), "nothing is drawn");
        for (int i = 0; i < 99 * 99; i++) {
            int shade = 255 - i % 99 * 2 / 3;
            empty.setRGB(i % 99, i / 99, new Color(shade, shade, shade).getRGB());
        }
        assertSays(refused(png(empty)), "nothing is drawn");
    }

    @Test
    void whatIsNoPictureIsRefused() {
        assertSays(refused("7".getBytes(StandardCharsets.US_ASCII)), "neither a PNG nor a JPEG");
        assertSays(refused(new byte[0]), "neither a PNG nor a JPEG");
        assertSays(
                refused(Pictures.encoded(seven(50, 50, 0, 0, Color.BLACK, Color.WHITE), "gif")),
                "neither a PNG nor a JPEG");
        assertSays(refused(new byte[Picture.MOST_BYTES + 1]), "64 MiB");
        assertSays(assertThrows(UserError.class, () -> Picture.read(folder)), folder.toString(), "not a file");
        assertSays(assertThrows(UserError.class, () -> Picture.read(folder.resolve("7.png"))), "7.png", "no such file");
    }

    /// The header promises, and nothing is allocated for it.
    @Test
    void sizesBeyondAllMemoryAreRefusedByTheHeader() {
        byte[] png = png(seven(50, 50, 0, 0, Color.BLACK, Color.WHITE));
        ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
        assertSays(refused(png), "100000×100000");
    }

    @Test
    void aDamagedPictureIsRefusedOrRead() {
        byte[][] whole = {
            png(seven(60, 60, 0, 0, Color.BLACK, Color.WHITE)), jpeg(seven(60, 60, 0, 0, Color.BLACK, Color.WHITE))
        };
        int refused = 0;
        for (byte[] picture : whole) {
            for (int at = 0; at < picture.length; at += 3) {
                byte[] damaged = picture.clone();
                damaged[at] ^= (byte) (at % 255 + 1);
                refused += isRefused(damaged) ? 1 : 0;
                refused += isRefused(Arrays.copyOf(picture, at)) ? 1 : 0;
            }
        }
        assertTrue(refused > 100, refused + " of them");
    }

    private static boolean isRefused(byte[] picture) {
        try {
            digit(picture);
            return false;
        } catch (UserError e) {
            assertSays(e, "a picture");
            return true;
        }
    }

    @Test
    void aFileIsReadLikeItsBytes() throws IOException {
        byte[] picture = png(seven(80, 120, 0, 0, Color.BLACK, Color.WHITE));
        Path file = Files.write(folder.resolve("with space.png"), picture);
        assertArrayEquals(digit(picture), Picture.read(file).digit());
    }

    private static UserError refused(byte[] picture) {
        return assertThrows(UserError.class, () -> digit(picture));
    }

    private static byte[] digit(byte[] picture) {
        return Picture.of("a picture", picture).digit();
    }

    private static void assertAlike(byte[] expected, byte[] actual) {
        assertAlike(expected, actual, ALIKE);
    }

    private static void assertAlike(byte[] expected, byte[] actual, double most) {
        double apart = 0;
        for (int i = 0; i < expected.length; i++) {
            apart += Math.abs((expected[i] & 0xFF) - (actual[i] & 0xFF));
        }
        apart /= expected.length;
        assertTrue(apart <= most, "apart by " + apart);
    }

    private static BufferedImage seven(int width, int height, double right, double down, Color ink, Color paper) {
        return seven(width, height, right, down, ink, paper, 40);
    }

    /// @param right of the middle, in widths of the digit
    /// @param thickness of the stroke in a digit of 300
    private static BufferedImage seven(
            int width, int height, double right, double down, Color ink, Color paper, float thickness) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setBackground(paper);
        graphics.clearRect(0, 0, width, height);
        double scale = Math.min(width, height) / 600.0;
        graphics.transform(new AffineTransform(
                scale, 0, 0, scale, width / 2.0 + right * 300 * scale, height / 2.0 + down * 300 * scale));
        var seven = new Path2D.Double();
        seven.moveTo(-90, -130);
        seven.lineTo(90, -130);
        seven.lineTo(-40, 130);
        seven.moveTo(-60, 10);
        seven.lineTo(70, 10);
        graphics.setColor(ink);
        graphics.setStroke(new BasicStroke(thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        graphics.draw(seven);
        graphics.dispose();
        return image;
    }

    private static byte[] png(BufferedImage image) {
        return Pictures.encoded(image, "png");
    }

    private static byte[] jpeg(BufferedImage image) {
        var opaque = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = opaque.createGraphics();
        graphics.drawImage(image, 0, 0, null);
        graphics.dispose();
        return Pictures.encoded(opaque, "jpeg");
    }
}
