package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import org.jspecify.annotations.Nullable;

/// Memory that convolutions calculate in, one after the other, as large as the one that needs most. It grows while
/// operations are laid out and moves then, so its address is asked for at every launch.
final class Workspace implements AutoCloseable {
    private final Gpu gpu;
    private @Nullable DeviceBuffer buffer;

    Workspace(Gpu gpu) {
        this.gpu = gpu;
    }

    void require(long bytes) {
        if (bytes > bytes()) {
            close();
            buffer = new DeviceBuffer(gpu, bytes);
        }
    }

    long bytes() {
        return buffer == null ? 0 : buffer.bytes();
    }

    /// 0 where nobody needs any.
    long address() {
        return buffer == null ? 0 : buffer.address();
    }

    @Override
    public void close() {
        if (buffer != null) {
            DeviceBuffer closed = buffer;
            buffer = null;
            closed.close();
        }
    }
}
