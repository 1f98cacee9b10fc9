package io.mnist20k.engine.cuda;

/// The types that activations have on the device.
enum Precision {
    F32("_f32", 4, 0x1p-24),
    BF16("_bf16", 2, 0x1p-8);

    /// What the names of its kernels end in.
    final String suffix;

    final int bytes;

    /// The largest relative error of rounding to it.
    final double rounding;

    Precision(String suffix, int bytes, double rounding) {
        this.suffix = suffix;
        this.bytes = bytes;
        this.rounding = rounding;
    }

    /// The nearest number that it has, the even one of two.
    float round(float value) {
        return this == F32 ? value : Float.intBitsToFloat(bits(value) << 16);
    }

    /// The upper half of a float, rounded; written down apart from the kernels: by looking at what is cut off.
    static int bits(float value) {
        int raw = Float.floatToRawIntBits(value);
        int upper = raw >>> 16;
        if (Float.isNaN(value)) {
            return upper | 0x40;
        }
        int cut = raw & 0xFFFF;
        boolean up = cut > 0x8000 || (cut == 0x8000 && (upper & 1) == 1);
        return up ? upper + 1 : upper;
    }
}
