package io.mnist20k.check;

import io.mnist20k.cuda.Cublas;
import io.mnist20k.cuda.CublasHandle;
import io.mnist20k.cuda.CudaEvent;
import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;

/// What a card does at best, measured: cuBLAS on square matrices, and a copy within its memory.
///
/// @param fp32Flops operations a second in single precision, two for a multiply-add
/// @param tf32Flops the same on tensor cores, factors rounded to TF32
/// @param bf16Flops the same with factors in bfloat16
/// @param bytes     a second, those read and those written
record Ceilings(double fp32Flops, double tf32Flops, double bf16Flops, double bytes) {
    private static final int ROUNDS = 5;

    /// Its multiples are spread evenly, and in no order, over any interval that they are folded into.
    private static final double GOLDEN_RATIO = 1.618033988749895;

    /// @param side  of the matrices
    /// @param bytes of the copy
    static Ceilings measure(Gpu gpu, int side, long bytes) {
        try (var factors = new DeviceBuffer(gpu, 2L * side * side * Float.BYTES);
                var product = new DeviceBuffer(gpu, (long) side * side * Float.BYTES);
                var from = new DeviceBuffer(gpu, bytes);
                var to = new DeviceBuffer(gpu, bytes)) {
            fill(factors);
            from.clear();
            double operations = 2.0 * side * side * side;
            return new Ceilings(
                    operations / product(gpu, side, DataType.FLOAT, false, factors, product),
                    operations / product(gpu, side, DataType.FLOAT, true, factors, product),
                    operations / product(gpu, side, DataType.BFLOAT16, false, factors, product),
                    2.0 * bytes / fastest(gpu, () -> to.copyFrom(from, 0, 0, bytes)));
        }
    }

    /// With numbers below 1, in single precision and in bfloat16 alike: by zeros a card is kept less busy, and may run
    /// faster.
    private static void fill(DeviceBuffer factors) {
        float[] some = new float[(int) Math.min(factors.bytes() / Float.BYTES, 1 << 16)];
        for (int i = 0; i < some.length; i++) {
            float spread = (float) (i * GOLDEN_RATIO % 2) - 1;
            int half = Float.floatToIntBits(spread) >>> 16;
            some[i] = Float.intBitsToFloat(half << 16 | half);
        }
        factors.upload(0, some);
        for (long filled = 4L * some.length; filled < factors.bytes(); filled *= 2) {
            factors.copyFrom(factors, 0, filled, Math.min(filled, factors.bytes() - filled));
        }
    }

    private static double product(
            Gpu gpu, int side, DataType type, boolean tf32, DeviceBuffer factors, DeviceBuffer product) {
        try (var cublas = new CublasHandle(gpu, tf32)) {
            long a = factors.address();
            long b = a + (long) side * side * Float.BYTES;
            return fastest(
                    gpu,
                    () -> Cublas.gemmEx(
                            cublas,
                            Cublas.Operation.NONE,
                            Cublas.Operation.NONE,
                            side,
                            side,
                            side,
                            type,
                            a,
                            side,
                            b,
                            side,
                            DataType.FLOAT,
                            product.address(),
                            side));
        }
    }

    /// Seconds of the fastest of some rounds, the first of which only warms up.
    private static double fastest(Gpu gpu, Runnable work) {
        try (var start = new CudaEvent(gpu);
                var end = new CudaEvent(gpu)) {
            double fastest = Double.POSITIVE_INFINITY;
            for (int round = 0; round <= ROUNDS; round++) {
                start.record();
                work.run();
                end.record();
                end.synchronize();
                if (round > 0) {
                    fastest = Math.min(fastest, end.millisecondsSince(start) * 1e-3);
                }
            }
            return fastest;
        }
    }
}
