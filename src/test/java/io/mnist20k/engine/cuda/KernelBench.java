package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.KernelModule;
import io.mnist20k.cuda.LaunchShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;

/// A device with this program's kernels, to run one of them alone. Buffers live as long as the bench.
final class KernelBench implements AutoCloseable {
    /// Of `struct Step`.
    private static final int STEP_BYTES = 32;

    private final Gpu gpu;
    private final KernelModule module;
    private final Deque<DeviceBuffer> buffers = new ArrayDeque<>();

    KernelBench() {
        gpu = new Gpu(0);
        module = KernelImage.load(gpu);
    }

    /// What a block can have of shared memory.
    int sharedBytes() {
        return gpu.description().sharedBytes();
    }

    /// Launches a kernel of one dimension and waits for it.
    void launch(String kernel, int grid, int block, Object... parameters) {
        launch(kernel, new LaunchShape(grid, 1, block), parameters);
    }

    void launch(String kernel, LaunchShape shape, Object... parameters) {
        module.kernel(kernel).prepare(shape, parameters).launch();
        gpu.synchronize();
    }

    DeviceBuffer empty(long bytes) {
        var buffer = new DeviceBuffer(gpu, bytes);
        buffers.push(buffer);
        return buffer;
    }

    DeviceBuffer bytes(byte... values) {
        DeviceBuffer buffer = empty(values.length);
        buffer.upload(0, values);
        return buffer;
    }

    DeviceBuffer ints(int... values) {
        DeviceBuffer buffer = empty(4L * values.length);
        buffer.upload(0, values);
        return buffer;
    }

    DeviceBuffer floats(float... values) {
        DeviceBuffer buffer = empty(4L * values.length);
        buffer.upload(0, values);
        return buffer;
    }

    /// Numbers that the precision has; others are rounded.
    DeviceBuffer activations(Precision precision, float... values) {
        if (precision == Precision.F32) {
            return floats(values);
        }
        ByteBuffer bits = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bits.putShort((short) Precision.bits(value));
        }
        return bytes(bits.array());
    }

    /// A run at the beginning of its step `step`, of no learning rate yet.
    DeviceBuffer step(long updates, int epoch, int step) {
        return step(updates, epoch, step, 0, 0, 0, 0);
    }

    /// A run within a step.
    DeviceBuffer step(
            long updates,
            int epoch,
            int step,
            float learningRate,
            float correction1,
            float correction2,
            float averaging) {
        ByteBuffer struct = ByteBuffer.allocate(STEP_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        struct.putLong(updates).putInt(epoch).putInt(step);
        struct.putFloat(learningRate)
                .putFloat(correction1)
                .putFloat(correction2)
                .putFloat(averaging);
        return bytes(struct.array());
    }

    static byte[] bytes(DeviceBuffer buffer) {
        byte[] values = new byte[Math.toIntExact(buffer.bytes())];
        buffer.download(0, values);
        return values;
    }

    static ByteBuffer struct(DeviceBuffer buffer) {
        return ByteBuffer.wrap(bytes(buffer)).order(ByteOrder.LITTLE_ENDIAN);
    }

    static float[] floats(DeviceBuffer buffer) {
        float[] values = new float[Math.toIntExact(buffer.bytes() / 4)];
        buffer.download(0, values);
        return values;
    }

    static float[] activations(Precision precision, DeviceBuffer buffer) {
        if (precision == Precision.F32) {
            return floats(buffer);
        }
        ByteBuffer bits = struct(buffer);
        float[] values = new float[bits.remaining() / 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(bits.getShort() << 16);
        }
        return values;
    }

    @Override
    public void close() {
        buffers.forEach(DeviceBuffer::close);
        module.close();
        gpu.close();
    }
}
