// The affine distortion of a training image, as io.mnist20k.engine.Distortion draws it: rotation, shear, 1 / scale.
//
// The drawn words are the same bits. The matrix is computed in double and rounded to float; CUDA's sin and cos may
// differ from Java's by two units in the last place of a double, and a compiler may contract to fma. So an entry is
// the same float unless the double lies that close to the middle between two floats, about once in 10^8, and
// then it is the neighbour.

#pragma once

struct Distortion {
    float xx, xy, yx, yy, tx, ty;
};

__device__ inline Distortion drawDistortion(
    const Step& step, unsigned long long seed, int sample, double rotation, double scale, double shear, double shift) {
    unsigned of = stream(AUGMENTATION, 0, step.epoch);
    Words first = philox(seed, 0, static_cast<unsigned>(sample), static_cast<unsigned>(step.step), of);
    Words second = philox(seed, 1, static_cast<unsigned>(sample), static_cast<unsigned>(step.step), of);
    double angle = rotation * symmetric(first.w0);
    double width = 1.0 + scale * symmetric(first.w1);
    double height = 1.0 + scale * symmetric(first.w2);
    double slant = shear * symmetric(first.w3);
    double cosine = cos(angle);
    double sine = sin(angle);
    return {
        static_cast<float>(cosine / width),
        static_cast<float>((cosine * slant - sine) / height),
        static_cast<float>(sine / width),
        static_cast<float>((sine * slant + cosine) / height),
        static_cast<float>(shift * symmetric(second.w0)),
        static_cast<float>(shift * symmetric(second.w1))};
}
