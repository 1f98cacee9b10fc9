package io.mnist20k.data;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.mnist20k.data.IdxFile.Kind;
import io.mnist20k.files.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdxFileTest {
    private static final Dataset SEVEN = MadeUpDigits.of(7, 1);

    private static IdxFile read(byte[] file, Kind kind) throws IOException {
        return IdxFile.read(new ByteArrayInputStream(file), file.length, kind);
    }

    /// The reason as a person reads it.
    private static String refusal(byte[] file, Kind kind) {
        return Reason.of(assertThrows(IOException.class, () -> read(file, kind)));
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    private static byte[] header(int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length);
        Arrays.stream(numbers).forEach(bytes::putInt);
        return bytes.array();
    }

    /// What the reading thread allocates until the file is refused.
    private static long bytesAllocatedByRefusing(byte[] file, Kind kind) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        refusal(file, kind); // loads classes
        long before = threads.getCurrentThreadAllocatedBytes();
        refusal(file, kind);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void plainAndPackedFilesGiveTheSameBytes() throws IOException {
        byte[] images = MadeUpDigits.images(SEVEN);
        byte[] labels = MadeUpDigits.labels(SEVEN);
        assertArrayEquals(SEVEN.pixels(), read(images, Kind.IMAGES).body());
        assertArrayEquals(
                SEVEN.pixels(), read(MadeUpDigits.gzip(images), Kind.IMAGES).body());
        assertArrayEquals(SEVEN.labels(), read(labels, Kind.LABELS).body());
        assertArrayEquals(
                SEVEN.labels(), read(MadeUpDigits.gzip(labels), Kind.LABELS).body());
    }

    @Test
    void aPackedFileOfTwoMembersIsOneFile() throws IOException {
        byte[] plain = MadeUpDigits.images(SEVEN);
        byte[] first = MadeUpDigits.gzip(Arrays.copyOf(plain, 1000));
        byte[] second = MadeUpDigits.gzip(Arrays.copyOfRange(plain, 1000, plain.length));
        assertArrayEquals(SEVEN.pixels(), read(join(first, second), Kind.IMAGES).body());
    }

    @Test
    void sha256IsOfThePlainFile() throws IOException {
        byte[] oneLabel = {0, 0, 8, 1, 0, 0, 0, 1, 7};
        // printf '\0\0\10\1\0\0\0\1\7' | sha256sum
        assertEquals(
                "c564aa0aa783b8862ae6128a973a6f6b213b9428d39b5c8acfbda3c630d40f1e",
                read(MadeUpDigits.gzip(oneLabel), Kind.LABELS).sha256());
    }

    @Test
    void labelsWhereImagesAreDueAreNamedWithBothMagics() {
        assertSays(refusal(MadeUpDigits.labels(SEVEN), Kind.IMAGES), "0x00000801 (labels)", "0x00000803 (images)");
        assertSays(refusal(MadeUpDigits.images(SEVEN), Kind.LABELS), "0x00000803 (images)", "0x00000801 (labels)");
    }

    @Test
    void aWebPageIsNoIdxFile() {
        byte[] page = "<!DOCTYPE html><html>not found</html>".getBytes(StandardCharsets.US_ASCII);
        assertSays(refusal(page, Kind.LABELS), "0x3c21444f", "not an IDX file", "0x00000801");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 7})
    void aFileThatEndsWithinItsHeaderSaysWhere(int length) {
        byte[] cut = Arrays.copyOf(MadeUpDigits.labels(SEVEN), length);
        assertSays(refusal(cut, Kind.LABELS), "ends after " + length + (length == 1 ? " byte," : " bytes,"), "header");
    }

    @Test
    void aTruncatedFileNamesBothLengths() {
        byte[] images = MadeUpDigits.images(SEVEN);
        byte[] cut = Arrays.copyOf(images, images.length - 1);
        assertSays(refusal(cut, Kind.IMAGES), "5,503", "5,504", "7 images");
        assertSays(refusal(MadeUpDigits.gzip(cut), Kind.IMAGES), "5,503", "5,504", "7 images");
    }

    @Test
    void trailingBytesAreRefused() {
        byte[] images = MadeUpDigits.images(SEVEN);
        byte[] longer = Arrays.copyOf(images, images.length + 1);
        assertSays(refusal(longer, Kind.IMAGES), "5,505", "5,504", "7 images");
        assertSays(refusal(MadeUpDigits.gzip(longer), Kind.IMAGES), "goes on", "5,504", "7 images");
        byte[] packed = MadeUpDigits.gzip(images);
        assertSays(refusal(Arrays.copyOf(packed, packed.length + 3), Kind.IMAGES), "followed by 3 bytes");
    }

    @Test
    void aTruncatedPackedFileIsRefused() {
        byte[] packed = MadeUpDigits.gzip(MadeUpDigits.images(SEVEN));
        assertSays(refusal(Arrays.copyOf(packed, packed.length / 2), Kind.IMAGES), "packed data end too early");
    }

    @Test
    void aPackedFileWhoseChecksumIsWrongIsRefused() {
        byte[] packed = MadeUpDigits.gzip(MadeUpDigits.images(SEVEN));
        packed[packed.length - 8] ^= 1;
        assertSays(refusal(packed, Kind.IMAGES), "packed data are damaged");
    }

    @ParameterizedTest
    @CsvSource({"10, 10", "11, 11", "127, 127", "-128, 128", "-1, 255"})
    void aLabelOutOfRangeIsNamedWithItsIndex(byte label, String printed) {
        byte[] labels = MadeUpDigits.labels(SEVEN);
        labels[8 + 5] = label;
        assertSays(refusal(labels, Kind.LABELS), "label " + printed + " at index 5", "0 to 9");
    }

    @ParameterizedTest
    @CsvSource({"27, 28", "28, 29", "32, 32", "0, 28", "-1, 28"})
    void imagesOfAnotherSizeAreNamedWithIt(int height, int width) {
        byte[] file = join(header(0x803, 1, height, width), new byte[28 * 28]);
        assertSays(refusal(file, Kind.IMAGES), Integer.toUnsignedString(height) + "×" + width, "28×28");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1000001, '1,000,001'", "-1, '4,294,967,295'", "-2147483648, '2,147,483,648'"})
    void aCountOutOfRangeIsPrintedWithoutSign(int count, String printed) {
        assertSays(refusal(header(0x803, count, 28, 28), Kind.IMAGES), printed + " images", "1,000,000");
        assertSays(refusal(header(0x801, count), Kind.LABELS), printed + " labels", "1,000,000");
    }

    @Test
    void aLyingHeaderAllocatesLittle() {
        byte[] file = header(0x803, IdxFile.MOST_ITEMS, 28, 28);
        assertSays(refusal(file, Kind.IMAGES), "16 bytes", "784,000,016", "1,000,000 images");
        assertSays(refusal(MadeUpDigits.gzip(file), Kind.IMAGES), "at most", "784,000,016", "1,000,000 images");
        long plain = bytesAllocatedByRefusing(file, Kind.IMAGES);
        long packed = bytesAllocatedByRefusing(MadeUpDigits.gzip(file), Kind.IMAGES);
        assertTrue(plain < 1 << 20 && packed < 1 << 20, () -> plain + " and " + packed + " bytes");
    }

    @Test
    void aGzipBombAllocatesLittle() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
            out.write(header(0x803, 1, 28, 28));
            byte[] zeros = new byte[1 << 20];
            for (int mebibytes = 0; mebibytes < 100; mebibytes++) {
                out.write(zeros);
            }
        }
        long allocated = bytesAllocatedByRefusing(bomb.toByteArray(), Kind.IMAGES);
        assertTrue(allocated < 2 << 20, () -> allocated + " bytes for a bomb of " + bomb.size());
    }
}
