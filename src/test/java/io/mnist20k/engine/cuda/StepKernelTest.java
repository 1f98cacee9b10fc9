package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.OnCudaDevice;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@OnCudaDevice
final class StepKernelTest {
    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, 8909, 1L << 33})
    void aStepBeginsWithItsNumbers(long before) {
        double beta1 = 0.9;
        double beta2 = 0.999;
        double decay = 0.998;
        DeviceBuffer step = bench.step(before, 12, 2);
        bench.launch("begin_step", 1, 1, step, bench.floats(1, 2, 0.1f, 4), beta1, beta2, decay);
        double t = before + 1.0;
        ByteBuffer struct = KernelBench.struct(step);
        assertEquals(before + 1, struct.getLong());
        assertEquals(12, struct.getInt());
        assertEquals(2, struct.getInt());
        assertEquals(0.1f, struct.getFloat());
        assertNear(1 / (1 - Math.pow(beta1, t)), struct.getFloat());
        assertNear(1 / (1 - Math.pow(beta2, t)), struct.getFloat());
        assertNear(Math.min(decay, (1 + t) / (10 + t)), struct.getFloat());
    }

    @Test
    void withoutMomentsAndAveragesNothingIsCorrectedOrAveraged() {
        DeviceBuffer step = bench.step(5, 0, 0);
        bench.launch("begin_step", 1, 1, step, bench.floats(1), 0.0, 0.0, 0.0);
        ByteBuffer struct = KernelBench.struct(step);
        assertEquals(1, struct.getFloat(20));
        assertEquals(1, struct.getFloat(24));
        assertEquals(0, struct.getFloat(28));
    }

    @Test
    void aStepEndsWithTheNext() {
        DeviceBuffer step = bench.step(5, 3, 8, 0.5f, 1, 2, 3);
        bench.launch("end_step", 1, 1, step);
        ByteBuffer struct = KernelBench.struct(step);
        assertEquals(5, struct.getLong(0));
        assertEquals(3, struct.getInt(8));
        assertEquals(9, struct.getInt(12));
        assertEquals(0.5f, struct.getFloat(16));
    }

    /// The power is good to some units of a double's last place, which a difference from 1 enlarges a thousandfold at
    /// most; so only the rounding to float counts.
    private static void assertNear(double expected, float actual) {
        assertEquals(expected, actual, 0x1.01p-24 * expected);
    }
}
