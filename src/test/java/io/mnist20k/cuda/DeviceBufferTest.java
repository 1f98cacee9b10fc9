package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@OnCudaDevice
final class DeviceBufferTest {
    private final Random random = new Random(20_260_101);
    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = new Gpu(0);
    }

    @AfterEach
    void nothingIsLeft() {
        gpu.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 255, 4096, 65_537})
    void bytesComeBackFromTheDevice(int count) {
        byte[] sent = bytes(count);
        byte[] received = new byte[count];
        try (DeviceBuffer buffer = new DeviceBuffer(gpu, count)) {
            buffer.upload(0, sent);
            buffer.download(0, received);
        }
        assertArrayEquals(sent, received);
    }

    @Test
    void everyTypeOfArrayComesBack() {
        try (DeviceBuffer buffer = new DeviceBuffer(gpu, 100)) {
            int[] ints = {1, -2, Integer.MIN_VALUE};
            long[] longs = {1, -2, Long.MIN_VALUE};
            float[] floats = {1.5f, -0.0f, Float.MIN_VALUE};
            buffer.upload(4, ints);
            buffer.upload(16, longs);
            buffer.upload(40, floats);
            int[] sameInts = new int[3];
            long[] sameLongs = new long[3];
            float[] sameFloats = new float[3];
            buffer.download(4, sameInts);
            buffer.download(16, sameLongs);
            buffer.download(40, sameFloats);
            assertArrayEquals(ints, sameInts);
            assertArrayEquals(longs, sameLongs);
            assertArrayEquals(floats, sameFloats);
            buffer.upload(56, new long[] {Double.doubleToRawLongBits(Math.PI)});
            double[] doubles = new double[1];
            buffer.download(56, doubles);
            assertEquals(Math.PI, doubles[0]);
        }
    }

    @Test
    void copiesStayWithinTheirOffsets() {
        byte[] sent = bytes(13);
        byte[] received = new byte[31];
        byte[] expected = new byte[31];
        System.arraycopy(sent, 3, expected, 5, 7);
        try (DeviceBuffer from = new DeviceBuffer(gpu, 13);
                DeviceBuffer to = new DeviceBuffer(gpu, 31)) {
            from.upload(0, sent);
            to.clear();
            to.copyFrom(from, 3, 5, 7);
            to.download(0, received);
        }
        assertArrayEquals(expected, received);
    }

    @Test
    void pinnedMemoryIsSentAndReceivedInOrder() {
        try (DeviceBuffer buffer = new DeviceBuffer(gpu, 24);
                PinnedBuffer pinned = new PinnedBuffer(24)) {
            ByteBuffer view = pinned.view();
            view.asIntBuffer().put(new int[] {1, 2, 3, 4, 5, 6});
            buffer.copyFrom(pinned, 8, 0, 12);
            buffer.copyTo(pinned, 0, 4, 8);
            gpu.synchronize();
            int[] found = new int[6];
            view.asIntBuffer().get(found);
            assertArrayEquals(new int[] {4, 5, 3, 4, 5, 6}, found);
        }
    }

    @Test
    void copiesPastTheEndAreRefusedBeforeTheyAreMade() {
        try (DeviceBuffer buffer = new DeviceBuffer(gpu, 16);
                PinnedBuffer pinned = new PinnedBuffer(8)) {
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.upload(1, new byte[16]));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.upload(-1, new byte[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.download(12, new long[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.copyFrom(buffer, 9, 0, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.copyFrom(pinned, 1, 0, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> buffer.copyTo(pinned, 0, Long.MAX_VALUE, 8));
        }
    }

    @Test
    void emptyArraysAreCopiedWithoutACall() {
        try (DeviceBuffer buffer = new DeviceBuffer(gpu, 1)) {
            buffer.upload(1, new byte[0]);
            buffer.download(0, new float[0]);
        }
    }

    @Test
    void closedBufferCannotBeUsed() {
        DeviceBuffer buffer = new DeviceBuffer(gpu, 16);
        buffer.close();
        for (Consumer<DeviceBuffer> use : uses()) {
            String message = messageOf(assertThrows(IllegalStateException.class, () -> use.accept(buffer)));
            assertTrue(message.contains("device buffer") && message.contains("closed"), message);
        }
    }

    @Test
    void closedPinnedBufferCannotBeUsed() {
        PinnedBuffer pinned = new PinnedBuffer(16);
        ByteBuffer view = pinned.view();
        pinned.close();
        pinned.close();
        assertThrows(IllegalStateException.class, pinned::view);
        assertThrows(IllegalStateException.class, () -> view.get(0));
    }

    @Test
    void closingTwiceFreesOnce() {
        DeviceBuffer buffer = new DeviceBuffer(gpu, 16);
        assertEquals(1, NativeObject.live().get("device buffer"));
        buffer.close();
        buffer.close();
        assertEquals(null, NativeObject.live().get("device buffer"));
    }

    @Test
    void tooMuchMemoryIsSaidInBytes() {
        long tooMuch = 1L << 50;
        CudaException failure = assertThrows(CudaException.class, () -> new DeviceBuffer(gpu, tooMuch));
        String message = failure.getMessage();
        assertEquals(CUresult.CUDA_ERROR_OUT_OF_MEMORY, failure.status());
        assertTrue(message.contains(Long.toString(tooMuch)), message);
        assertTrue(message.contains("CUDA_ERROR_OUT_OF_MEMORY"), message);
        assertTrue(message.matches(".*\\d+ bytes of \\d+ are free.*"), message);
    }

    @Test
    void otherThreadMustMakeTheGpuCurrent() throws InterruptedException {
        Thread[] unprepared = {null};
        CudaException[] failure = {null};
        unprepared[0] = Thread.ofPlatform().name("unprepared").start(() -> {
            failure[0] = assertThrows(CudaException.class, () -> new DeviceBuffer(gpu, 1));
            gpu.makeCurrent();
            new DeviceBuffer(gpu, 1).close();
        });
        unprepared[0].join();
        assertEquals(CUresult.CUDA_ERROR_INVALID_CONTEXT, failure[0].status());
        assertTrue(failure[0].getMessage().contains("unprepared"), failure[0].getMessage());
    }

    private static Iterable<Consumer<DeviceBuffer>> uses() {
        return List.of(
                DeviceBuffer::address,
                DeviceBuffer::clear,
                buffer -> buffer.upload(0, new byte[16]),
                buffer -> buffer.download(0, new float[1]),
                buffer -> buffer.copyFrom(buffer, 0, 8, 8));
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String messageOf(Exception exception) {
        return Objects.requireNonNull(exception.getMessage());
    }
}
