package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.data.Dataset;

/// A dataset on the device, as the bytes it has on the host.
final class DeviceImages implements AutoCloseable {
    private final Dataset dataset;
    private final DeviceBuffer buffer;

    DeviceImages(Gpu gpu, Dataset dataset) {
        this.dataset = dataset;
        buffer = new DeviceBuffer(gpu, (long) dataset.pixels().length + dataset.labels().length);
        try {
            buffer.upload(0, dataset.pixels());
            buffer.upload(dataset.pixels().length, dataset.labels());
        } catch (RuntimeException | Error failure) {
            try {
                buffer.close();
            } catch (RuntimeException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
    }

    boolean areOf(Dataset other) {
        return dataset == other;
    }

    /// `[count, height, width]`
    long pixels() {
        return buffer.address();
    }

    /// `[count]`
    long labels() {
        return buffer.address() + dataset.pixels().length;
    }

    @Override
    public void close() {
        buffer.close();
    }
}
