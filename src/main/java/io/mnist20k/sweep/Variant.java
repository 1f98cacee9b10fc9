package io.mnist20k.sweep;

import io.mnist20k.files.Sha256;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.RunSettings;
import java.nio.charset.StandardCharsets;

/// What all seeds of one row of a sweep have in common: recipe, images and kind of device.
///
/// @param recipe its name
/// @param device `cuda`, `cpu` or `reference`
/// @param digest 16 hexadecimal digits over everything but the seed that decides the result
record Variant(String recipe, String device, String digest) {
    private static final int DIGITS = 16;

    /// @param images SHA-256 of the images and labels to train and to validate on
    static Variant of(RunSettings settings, String images, String device) {
        String all = RecipeWriter.toToml(settings.recipe()) + "\n" + images + "\n" + device;
        return new Variant(
                settings.recipe().name(),
                device,
                Sha256.of(all.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS));
    }

    /// Where a seed's run lies below the sweep's folder; no other run has the same.
    String folder(long seed) {
        return recipe.replaceAll("[^A-Za-z0-9._-]+", "-") + "-" + digest + "/seed-" + seed;
    }
}
