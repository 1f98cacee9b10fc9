package io.mnist20k.engine;

import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Augmentation;

/// The affine distortion of one training image: output pixel (x, y) shows the source at
///
/// ```
/// sx = xx (x - c) + xy (y - c) + c + tx        c = 13.5, the centre of 28 pixels
/// sy = yx (x - c) + yy (y - c) + c + ty
/// ```
///
/// sampled bilinearly, with black (0) outside. The matrix is rotation · shear · 1/scale.
public record Distortion(float xx, float xy, float yx, float yy, float tx, float ty) {
    /// What [Augmentation#NONE] draws.
    public static final Distortion IDENTITY = new Distortion(1, 0, 0, 1, 0, 0);

    /// The distortion of one sample.
    ///
    /// @param sample position in the batch
    public static Distortion draw(Augmentation ranges, long seed, int epoch, int step, int sample) {
        if (ranges.equals(Augmentation.NONE)) {
            return IDENTITY;
        }
        int stream = Philox.stream(Purpose.AUGMENTATION, 0, epoch);
        int[] words = new int[4];
        Philox.block(seed, 0, sample, step, stream, words);
        double angle = Math.toRadians(ranges.rotation()) * Philox.symmetric(words[0]);
        double width = 1 + ranges.scale() * Philox.symmetric(words[1]);
        double height = 1 + ranges.scale() * Philox.symmetric(words[2]);
        double shear = ranges.shear() * Philox.symmetric(words[3]);
        Philox.block(seed, 1, sample, step, stream, words);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        return new Distortion(
                (float) (cos / width),
                (float) ((cos * shear - sin) / height),
                (float) (sin / width),
                (float) ((sin * shear + cos) / height),
                (float) (ranges.shift() * Philox.symmetric(words[0])),
                (float) (ranges.shift() * Philox.symmetric(words[1])));
    }
}
