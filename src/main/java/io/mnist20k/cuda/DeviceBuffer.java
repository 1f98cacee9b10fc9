package io.mnist20k.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory of a GPU. Its content is undefined at first. Copies are queued like everything else; those to and
/// from plain arrays wait until they are done, those to and from a [PinnedBuffer] do not.
public final class DeviceBuffer extends NativeObject {
    private final Gpu gpu;
    private final long bytes;

    /// @param bytes at least 1
    /// @throws CudaException where the GPU has not as much left, with how much it has
    public DeviceBuffer(Gpu gpu, long bytes) {
        super("device buffer", () -> CudaDriver.memAlloc(bytes), CudaDriver::memFree);
        this.gpu = gpu;
        this.bytes = bytes;
    }

    /// The device address of the first byte, aligned to 256 bytes at least.
    ///
    /// @throws IllegalStateException where the buffer is closed
    public long address() {
        return handle();
    }

    public long bytes() {
        return bytes;
    }

    /// Fills all of it with zero bytes.
    public void clear() {
        clear(0, bytes);
    }

    /// Fills `count` bytes from `offset` on with zero bytes.
    public void clear(long offset, long count) {
        CudaDriver.memsetD8Async(at(offset, count), (byte) 0, count, gpu.stream());
    }

    /// Copies `count` bytes to `offset` of this buffer. The pinned bytes must stay as they are until the copy
    /// is done.
    public void copyFrom(PinnedBuffer source, long sourceOffset, long offset, long count) {
        CudaDriver.memcpyHtoDAsync(at(offset, count), source.slice(sourceOffset, count), count, gpu.stream());
    }

    /// Copies `count` bytes from `offset` of this buffer. The pinned bytes are there after [Gpu#synchronize].
    public void copyTo(PinnedBuffer target, long targetOffset, long offset, long count) {
        CudaDriver.memcpyDtoHAsync(target.slice(targetOffset, count), at(offset, count), count, gpu.stream());
    }

    /// Copies `count` bytes to `offset` of this buffer from another, or from elsewhere in this one without
    /// overlap.
    public void copyFrom(DeviceBuffer source, long sourceOffset, long offset, long count) {
        CudaDriver.memcpyDtoDAsync(at(offset, count), source.at(sourceOffset, count), count, gpu.stream());
    }

    /// Copies a whole array to the byte `offset` of this buffer, and waits.
    public void upload(long offset, byte[] source) {
        upload(offset, MemorySegment.ofArray(source));
    }

    /// Copies a whole array to the byte `offset` of this buffer, and waits.
    public void upload(long offset, int[] source) {
        upload(offset, MemorySegment.ofArray(source));
    }

    /// Copies a whole array to the byte `offset` of this buffer, and waits.
    public void upload(long offset, long[] source) {
        upload(offset, MemorySegment.ofArray(source));
    }

    /// Copies a whole array to the byte `offset` of this buffer, and waits.
    public void upload(long offset, float[] source) {
        upload(offset, MemorySegment.ofArray(source));
    }

    /// Fills a whole array from the byte `offset` of this buffer, after everything queued so far.
    public void download(long offset, byte[] target) {
        download(offset, MemorySegment.ofArray(target));
    }

    /// Fills a whole array from the byte `offset` of this buffer, after everything queued so far.
    public void download(long offset, int[] target) {
        download(offset, MemorySegment.ofArray(target));
    }

    /// Fills a whole array from the byte `offset` of this buffer, after everything queued so far.
    public void download(long offset, long[] target) {
        download(offset, MemorySegment.ofArray(target));
    }

    /// Fills a whole array from the byte `offset` of this buffer, after everything queued so far.
    public void download(long offset, float[] target) {
        download(offset, MemorySegment.ofArray(target));
    }

    /// Fills a whole array from the byte `offset` of this buffer, after everything queued so far.
    public void download(long offset, double[] target) {
        download(offset, MemorySegment.ofArray(target));
    }

    private void upload(long offset, MemorySegment source) {
        long count = source.byteSize();
        long to = at(offset, count);
        if (count == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(count).copyFrom(source);
            CudaDriver.memcpyHtoDAsync(to, copy, count, gpu.stream());
            gpu.synchronize();
        }
    }

    private void download(long offset, MemorySegment target) {
        long count = target.byteSize();
        long from = at(offset, count);
        if (count == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(count);
            CudaDriver.memcpyDtoHAsync(copy, from, count, gpu.stream());
            gpu.synchronize();
            target.copyFrom(copy);
        }
    }

    private long at(long offset, long count) {
        if (offset < 0 || count < 0 || offset > bytes - count) {
            throw new IndexOutOfBoundsException(
                    count + " bytes at offset " + offset + " of a device buffer of " + bytes + " bytes");
        }
        return address() + offset;
    }
}
