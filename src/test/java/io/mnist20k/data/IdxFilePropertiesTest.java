package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.data.IdxFile.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class IdxFilePropertiesTest {
    private static byte[] bytes(Kind kind, int count, long seed) {
        Dataset dataset = MadeUpDigits.of(count, seed);
        return kind == Kind.IMAGES ? MadeUpDigits.images(dataset) : MadeUpDigits.labels(dataset);
    }

    private static IdxFile read(byte[] file, Kind kind) throws IOException {
        return IdxFile.read(new ByteArrayInputStream(file), file.length, kind);
    }

    private static byte[] written(IdxFile file) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        file.write(out);
        return out.toByteArray();
    }

    @Property(tries = 100)
    void writingWhatWasReadGivesTheSameFile(
            @ForAll Kind kind, @ForAll @IntRange(min = 1, max = 40) int count, @ForAll long seed) throws IOException {
        byte[] plain = bytes(kind, count, seed);
        IdxFile read = read(plain, kind);
        assertEquals(count, read.count());
        assertArrayEquals(plain, written(read));
        assertArrayEquals(plain, written(read(MadeUpDigits.gzip(plain), kind)));
    }

    @Property(tries = 300)
    void noTruncatedFileIsAccepted(
            @ForAll Kind kind,
            @ForAll boolean packed,
            @ForAll @IntRange(min = 1, max = 5) int count,
            @ForAll @IntRange(min = 0, max = 1 << 20) int where) {
        byte[] plain = bytes(kind, count, 3);
        byte[] file = packed ? MadeUpDigits.gzip(plain) : plain;
        byte[] cut = Arrays.copyOf(file, where % file.length);
        assertThrows(IOException.class, () -> read(cut, kind));
    }

    @Property(tries = 300)
    void noOtherByteInAPlainHeaderIsAccepted(
            @ForAll Kind kind,
            @ForAll @IntRange(min = 1, max = 300) int count,
            @ForAll @IntRange(min = 0, max = 15) int where,
            @ForAll @IntRange(min = 1, max = 255) int flipped) {
        byte[] file = bytes(kind, count, 4);
        file[where % kind.headerBytes] ^= (byte) flipped;
        assertThrows(IOException.class, () -> read(file, kind));
    }

    @Property(tries = 1000)
    void anotherByteInAPackedFileIsRefusedOrHarmless(
            @ForAll Kind kind,
            @ForAll @IntRange(min = 0, max = 1 << 20) int where,
            @ForAll @IntRange(min = 1, max = 255) int flipped)
            throws IOException {
        byte[] plain = bytes(kind, 3, 5);
        byte[] file = MadeUpDigits.gzip(plain);
        file[where % file.length] ^= (byte) flipped;
        IdxFile read;
        try {
            read = read(file, kind);
        } catch (IOException refused) {
            return;
        }
        assertArrayEquals(plain, written(read));
    }
}
