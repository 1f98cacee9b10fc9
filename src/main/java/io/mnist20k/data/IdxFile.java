package io.mnist20k.data;

import io.mnist20k.Units;
import io.mnist20k.files.Sha256;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/// A file of MNIST's IDX format, plain or packed by gzip: a magic number, the count and any further dimensions,
/// each a big-endian 32-bit number, and then the bytes. (Format: the section *File formats for the MNIST
/// database* of LeCun, Cortes, Burges: *The MNIST database of handwritten digits*.)
///
/// Failures are [IOException]s whose messages name what was found and expected, but not the file.
final class IdxFile {
    /// More is refused: it bounds what a lying header can make us allocate.
    static final int MOST_ITEMS = 1_000_000;

    private static final int SIDE = 28;
    private static final int CLASSES = 10;
    private static final int GZIP_MAGIC = 0x1F8B;

    private static final int PIECE_BYTES = 1 << 16;

    /// Deflate cannot shrink by more (zlib's *Technical Details*, "Maximum Compression Factor").
    private static final long MOST_SHRINKING = 1032;

    enum Kind {
        LABELS("labels", 0x00000801, 8, 1),
        IMAGES("images", 0x00000803, 16, SIDE * SIDE);

        final String noun;
        final int magic;
        final int headerBytes;
        final int itemBytes;

        Kind(String noun, int magic, int headerBytes, int itemBytes) {
            this.noun = noun;
            this.magic = magic;
            this.headerBytes = headerBytes;
            this.itemBytes = itemBytes;
        }
    }

    private final Kind kind;
    private final byte[] body;

    private IdxFile(Kind kind, byte[] body) {
        this.kind = kind;
        this.body = body;
    }

    static IdxFile read(Path file, Kind kind) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, Files.size(file), kind);
        }
    }

    /// @param in    plain or packed; which, its first two bytes tell, since tools rename and unpack as they like
    /// @param bytes how many there are in it
    static IdxFile read(InputStream in, long bytes, Kind kind) throws IOException {
        BufferedInputStream start = new BufferedInputStream(in);
        start.mark(2);
        int firstTwo = start.read() << 8 | start.read();
        start.reset();
        if (firstTwo != GZIP_MAGIC) {
            return readPlain(start, bytes, bytes, kind);
        }
        if (bytes > bytes(kind, MOST_ITEMS)) {
            throw new IOException(
                    "the packed file has " + Units.counted(bytes, "byte") + ", more than the largest dataset takes");
        }
        try (WholeGzip plain = new WholeGzip(start.readAllBytes())) {
            IdxFile file = readPlain(plain, 0, bytes * MOST_SHRINKING, kind);
            if (plain.trailingBytes() > 0) {
                throw new IOException(
                        "the packed data are followed by " + Units.counted(plain.trailingBytes(), "byte"));
            }
            return file;
        }
    }

    /// @param leastBytes how many bytes `in` has at least
    /// @param mostBytes  how many bytes `in` can have at most; no more than that is allocated
    private static IdxFile readPlain(InputStream in, long leastBytes, long mostBytes, Kind kind) throws IOException {
        ByteBuffer header = ByteBuffer.wrap(in.readNBytes(kind.headerBytes));
        if (header.remaining() >= Integer.BYTES) {
            requireMagic(header.getInt(), kind);
        }
        if (header.limit() < kind.headerBytes) {
            throw new IOException("it ends after " + Units.counted(header.limit(), "byte") + ", within its header");
        }
        int count = header.getInt();
        if (count < 1 || count > MOST_ITEMS) {
            throw new IOException("its header announces " + Units.count(Integer.toUnsignedLong(count)) + " " + kind.noun
                    + ", expected 1 to " + Units.count(MOST_ITEMS));
        }
        if (kind == Kind.IMAGES) {
            requireSide(header.getInt(), header.getInt());
        }
        long announced = bytes(kind, count);
        String expected = ", expected " + Units.count(announced) + " for its " + Units.count(count) + " " + kind.noun;
        if (leastBytes > announced || mostBytes < announced) {
            String most = leastBytes == mostBytes ? "" : "at most ";
            throw new IOException("it has " + most + Units.counted(mostBytes, "byte") + expected);
        }
        byte[] body = new byte[count * kind.itemBytes];
        int read = readPieces(in, body);
        if (read < body.length) {
            throw new IOException("it ends after " + Units.counted(kind.headerBytes + read, "byte") + expected);
        }
        if (in.read() != -1) {
            throw new IOException("it goes on after " + Units.counted(announced, "byte") + expected);
        }
        if (kind == Kind.LABELS) {
            requireClasses(body);
        }
        return new IdxFile(kind, body);
    }

    /// Asked for all at once, the channel under a file's stream takes as much memory again, outside the heap, and
    /// keeps it.
    ///
    /// @return how many bytes there were, all of them or too few
    private static int readPieces(InputStream in, byte[] body) throws IOException {
        int read = 0;
        while (read < body.length) {
            int piece = in.readNBytes(body, read, Math.min(PIECE_BYTES, body.length - read));
            if (piece == 0) {
                break;
            }
            read += piece;
        }
        return read;
    }

    private static void requireMagic(int magic, Kind kind) throws IOException {
        if (magic != kind.magic) {
            String found = "not an IDX file of bytes";
            for (Kind other : Kind.values()) {
                if (other.magic == magic) {
                    found = other.noun;
                }
            }
            throw new IOException(String.format(
                    Locale.ROOT, "magic is 0x%08x (%s), expected 0x%08x (%s)", magic, found, kind.magic, kind.noun));
        }
    }

    private static void requireSide(int height, int width) throws IOException {
        if (height != SIDE || width != SIDE) {
            throw new IOException("its images are " + Integer.toUnsignedString(height) + "×"
                    + Integer.toUnsignedString(width) + " pixels, expected 28×28");
        }
    }

    private static void requireClasses(byte[] labels) throws IOException {
        for (int i = 0; i < labels.length; i++) {
            int label = labels[i] & 0xFF;
            if (label >= CLASSES) {
                throw new IOException("label " + label + " at index " + i + ", expected 0 to 9");
            }
        }
    }

    private static long bytes(Kind kind, int count) {
        return kind.headerBytes + (long) count * kind.itemBytes;
    }

    int count() {
        return body.length / kind.itemBytes;
    }

    /// `[count]` labels, each in [0, 10), or `[count, 28 * 28]` pixels. Not copied.
    byte[] body() {
        return body;
    }

    /// Writes the plain file, byte for byte as it was read.
    void write(OutputStream out) throws IOException {
        out.write(header());
        out.write(body);
    }

    /// Of the plain file, as [Sha256] gives it.
    String sha256() {
        return Sha256.of(header(), body);
    }

    private byte[] header() {
        ByteBuffer header =
                ByteBuffer.allocate(kind.headerBytes).putInt(kind.magic).putInt(count());
        if (kind == Kind.IMAGES) {
            header.putInt(SIDE).putInt(SIDE);
        }
        return header.array();
    }

    /// A gzip stream that sees its whole file at once and so can tell what follows the packed data, which
    /// [GZIPInputStream] silently ignores.
    private static final class WholeGzip extends GZIPInputStream {
        private static final int TRAILER_BYTES = 8;

        WholeGzip(byte[] file) throws IOException {
            super(new ByteArrayInputStream(file), file.length);
        }

        /// Meaningful at the end of the stream.
        int trailingBytes() {
            return inf.getRemaining() - TRAILER_BYTES;
        }
    }
}
