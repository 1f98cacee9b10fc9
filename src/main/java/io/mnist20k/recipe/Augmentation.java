package io.mnist20k.recipe;

/// Random affine distortion of training images; each range is symmetric about "nothing", each draw uniform.
///
/// @param rotation degrees, 0..180
/// @param scale    largest relative change of width and of height, drawn independently, 0..0.9
/// @param shear    largest horizontal displacement per pixel of height, 0..2
/// @param shift    pixels in each direction, 0..28
public record Augmentation(double rotation, double scale, double shear, double shift) {
    public static final Augmentation NONE = new Augmentation(0, 0, 0, 0);
}
