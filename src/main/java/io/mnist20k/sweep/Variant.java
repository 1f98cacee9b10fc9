package io.mnist20k.sweep;

import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.RunSettings;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What all seeds of one row of a sweep have in common: recipe, images and kind of device.
///
/// @param recipe its name
/// @param device `cuda`, `cpu` or `reference`
/// @param digest 16 hexadecimal digits over everything but the seed that decides the result
record Variant(String recipe, String device, String digest) {
    private static final int DIGEST_BYTES = 8;

    /// @param images SHA-256 of the images and labels to train and to validate on
    static Variant of(RunSettings settings, String images, String device) {
        String all = RecipeWriter.toToml(settings.recipe()) + "\n" + images + "\n" + device;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
            return new Variant(settings.recipe().name(), device, HexFormat.of().formatHex(digest, 0, DIGEST_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /// Where a seed's run lies below the sweep's folder; no other run has the same.
    String folder(long seed) {
        return recipe.replaceAll("[^A-Za-z0-9._-]+", "-") + "-" + digest + "/seed-" + seed;
    }
}
