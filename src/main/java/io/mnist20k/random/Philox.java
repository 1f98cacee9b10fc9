package io.mnist20k.random;

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011): a bijection
/// of a 128-bit counter under a 64-bit key whose output passes BigCrush.
///
/// The key is the run's seed. The program lays its counter out as
///
/// | word | holds |
/// | --- | --- |
/// | 0 | element block |
/// | 1 | sample: position in the batch |
/// | 2 | step within the epoch |
/// | 3 | purpose (8 bits), layer (8 bits), epoch (16 bits): [#stream] |
public final class Philox {
    /// Multipliers and key increments of section 3.3 of the paper.
    public static final int M0 = 0xD2511F53;

    public static final int M1 = 0xCD9E8D57;
    public static final int W0 = 0x9E3779B9;
    public static final int W1 = 0xBB67AE85;
    public static final int ROUNDS = 10;

    private static final long LOW = 0xFFFFFFFFL;

    private Philox() {}

    /// The four 32-bit words at one counter.
    ///
    /// @param key the seed; its low half is the paper's first key word
    /// @param out receives the four words
    public static void block(long key, int c0, int c1, int c2, int c3, int[] out) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (M0 & LOW) * (c0 & LOW);
            long p1 = (M1 & LOW) * (c2 & LOW);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /// The last counter word: what the numbers are for, for which layer, in which epoch.
    ///
    /// @param layer index of the layer in the network, 0..255; 0 where no layer is concerned
    /// @param epoch 0..65535
    @SuppressWarnings("EnumOrdinal") // see Purpose
    public static int stream(Purpose purpose, int layer, int epoch) {
        if ((layer & ~0xFF) != 0 || (epoch & ~0xFFFF) != 0) {
            throw new IllegalArgumentException(
                    "layer " + layer + " or epoch " + epoch + " is out of its counter range");
        }
        return purpose.ordinal() << 24 | layer << 16 | epoch;
    }

    /// A word as a number in (0, 1): the middle of its 2^-32 wide cell, so that a logarithm is always finite.
    public static double unit(int word) {
        return ((word & LOW) + 0.5) * 0x1p-32;
    }

    /// A word as a number in (-1, 1).
    public static double symmetric(int word) {
        return 2 * unit(word) - 1;
    }
}
