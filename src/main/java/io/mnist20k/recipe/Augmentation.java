package io.mnist20k.recipe;

import static io.mnist20k.recipe.OutOfRangeException.requireWithin;

/// Random affine distortion of training images; each range is symmetric about "nothing", each draw uniform.
///
/// @param rotation degrees, 0..180
/// @param scale    largest relative change of width and of height, drawn independently, 0..0.9
/// @param shear    largest horizontal displacement per pixel of height, 0..2
/// @param shift    pixels in each direction, 0..28
public record Augmentation(double rotation, double scale, double shear, double shift) {
    public static final Augmentation NONE = new Augmentation(0, 0, 0, 0);

    /// @throws IllegalArgumentException naming the key, its value and its range
    public Augmentation {
        requireWithin("rotation", rotation, 0, 180);
        requireWithin("scale", scale, 0, 0.9);
        requireWithin("shear", shear, 0, 2);
        requireWithin("shift", shift, 0, 28);
    }
}
