package io.mnist20k.files;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The digest that files, datasets and variants are told apart by (FIPS 180-4).
public final class Sha256 {
    private Sha256() {}

    /// @param parts one after the other, as if they were one
    /// @return 64 digits, lower-case hexadecimal
    public static String of(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
