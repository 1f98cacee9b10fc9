package io.mnist20k.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Memory of the host that a GPU reads and writes by itself while the program goes on. Its content is
/// undefined at first.
public final class PinnedBuffer extends NativeObject {
    private final Arena lifetime = Arena.ofShared();
    private final MemorySegment memory;

    /// Allocates while a GPU is current.
    ///
    /// @param bytes at least 1
    @SuppressWarnings("restricted")
    public PinnedBuffer(long bytes) {
        super(
                "pinned buffer",
                () -> CudaDriver.memHostAlloc(bytes),
                address -> CudaDriver.memFreeHost(MemorySegment.ofAddress(address)));
        this.memory = MemorySegment.ofAddress(handle()).reinterpret(bytes, lifetime, null);
    }

    public long bytes() {
        return memory.byteSize();
    }

    /// A view of all of it in the machine's byte order. Once the buffer is closed, using the view throws
    /// [IllegalStateException].
    public ByteBuffer view() {
        handle();
        return memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        if (lifetime.scope().isAlive()) {
            lifetime.close();
        }
        super.close();
    }

    MemorySegment slice(long offset, long count) {
        handle();
        return memory.asSlice(offset, count);
    }
}
