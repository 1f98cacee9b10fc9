package io.mnist20k.model;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/// Whatever happens to a file, reading it gives a sentence or the model that was written, never anything else.
class DamagedModelTest {
    private static final Model MODEL = TinyModel.model();
    private static final byte[] BYTES = MODEL.encode();
    private static final int HEADER_END =
            8 + ByteBuffer.wrap(BYTES).order(ByteOrder.LITTLE_ENDIAN).getInt();

    private static Model decode(byte[] bytes) {
        return Model.of("reading", TensorFile.decode("reading", bytes));
    }

    @Property(tries = 500)
    void cutShort(@ForAll @IntRange(max = 1 << 20) int cut) {
        byte[] less = Arrays.copyOf(BYTES, cut % BYTES.length);
        assertThrows(UserError.class, () -> decode(less));
    }

    @Property(tries = 2000)
    void aByteOfTheHeaderChanged(
            @ForAll @IntRange(max = 1 << 20) int at, @ForAll @IntRange(min = 1, max = 255) int change) {
        byte[] changed = BYTES.clone();
        changed[at % HEADER_END] ^= (byte) change;
        assertSentenceOrModel(changed);
    }

    /// Every change of one bit of every byte of the header.
    @Example
    void aBitOfTheHeaderChanged() {
        for (int bit = 0; bit < HEADER_END * 8; bit++) {
            byte[] changed = BYTES.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertSentenceOrModel(changed);
        }
    }

    @Property(tries = 200)
    void aByteOfTheNumbersChanged(
            @ForAll @IntRange(max = 1 << 20) int at, @ForAll @IntRange(min = 1, max = 255) int change) {
        byte[] changed = BYTES.clone();
        changed[HEADER_END + at % (BYTES.length - HEADER_END)] ^= (byte) change;
        assertThrows(UserError.class, () -> decode(changed));
    }

    @Property(tries = 500)
    void noModelAtAll(@ForAll @Size(max = 64) byte[] bytes) {
        assertThrows(UserError.class, () -> decode(bytes));
    }

    @Property(tries = 500)
    void aHeaderOfAnyText(@ForAll String text) {
        byte[] json = ("{" + text).getBytes(StandardCharsets.UTF_8);
        byte[] file = ByteBuffer.allocate(8 + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
        assertSays(assertThrows(UserError.class, () -> decode(file)), "reading");
    }

    @Example
    void anEmptyTensorOfImmenseSizes() {
        byte[] json = ("{\"w\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647,0],"
                        + "\"data_offsets\":[0,0]}}")
                .getBytes(StandardCharsets.UTF_8);
        byte[] file = ByteBuffer.allocate(8 + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
        assertSays(assertThrows(UserError.class, () -> decode(file)), "too large");
    }

    private static void assertSentenceOrModel(byte[] changed) {
        Model read;
        try {
            read = decode(changed);
        } catch (UserError e) {
            assertSays(e, "reading");
            return;
        }
        assertEquals(MODEL, read);
    }
}
