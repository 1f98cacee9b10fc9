package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@OnCudaDevice
final class ConvertKernelTest {
    private static final int HALVES = 1 << 16;

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    @Test
    void everyBf16IsTheFloatOfItsBits() {
        float[] floats = Numbers.array(HALVES, i -> Float.intBitsToFloat(i << 16));
        DeviceBuffer out = bench.empty(4L * HALVES);
        bench.launch("convert_to_f32", 3, 96, out, bench.activations(Precision.BF16, floats), (long) HALVES);
        float[] widened = KernelBench.floats(out);
        for (int i = 0; i < HALVES; i++) {
            float expected = Float.intBitsToFloat(i << 16);
            assertTrue(
                    Float.isNaN(expected)
                            ? Float.isNaN(widened[i])
                            : Float.floatToIntBits(expected) == Float.floatToIntBits(widened[i]),
                    "bits " + i + ": " + widened[i]);
        }
    }

    @Test
    void roundsToTheNearestAndTiesToTheEven() {
        int[] cuts = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
        float[] floats = Numbers.array(HALVES, i -> Float.intBitsToFloat((i << 16) | cuts[(i + i / 256) % 6]));
        DeviceBuffer out = bench.empty(2L * HALVES);
        bench.launch("convert_to_bf16", 2, 64, out, bench.floats(floats), (long) HALVES);
        float[] rounded = KernelBench.activations(Precision.BF16, out);
        for (int i = 0; i < HALVES; i++) {
            float expected = Precision.BF16.round(floats[i]);
            assertEquals(expected, rounded[i], "from bits " + Integer.toHexString(Float.floatToRawIntBits(floats[i])));
        }
    }

    @Test
    void whatIsNotANumberNeverRoundsToInfinity() {
        float[] notNumbers = {
            Float.NaN,
            Float.intBitsToFloat(0x7F800001),
            Float.intBitsToFloat(0xFF80FFFF),
            Float.intBitsToFloat(0x7FFFFFFF)
        };
        DeviceBuffer out = bench.empty(8);
        bench.launch("convert_to_bf16", 1, 32, out, bench.floats(notNumbers), 4L);
        for (float value : KernelBench.activations(Precision.BF16, out)) {
            assertTrue(Float.isNaN(value));
        }
    }

    @Test
    void leavesWhatIsBehindTheCount() {
        DeviceBuffer out = bench.floats(7, 7, 7);
        bench.launch("convert_to_f32", 1, 32, out, bench.activations(Precision.BF16, 1, 2, 3), 2L);
        Numbers.assertSameBits(new float[] {1, 2, 7}, KernelBench.floats(out), "y");
    }
}
