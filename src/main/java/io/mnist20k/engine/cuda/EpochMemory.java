package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.PinnedBuffer;
import io.mnist20k.engine.Epoch;
import java.nio.ByteBuffer;

/// What an epoch needs beside images and model, on the device and, at the same offsets, in pinned memory of the host:
/// order and learning rates go there, loss and correct answers of each step come back, without anyone waiting.
final class EpochMemory implements AutoCloseable {
    private static final int POSITION_BYTES = 2 * Integer.BYTES;

    private final Owner owner = new Owner();
    private final DeviceBuffer device;
    private final PinnedBuffer host;
    private final ByteBuffer view;
    private final int samples;
    private final int steps;
    private final long correct;
    private final long position;
    private final long learningRates;
    private final long order;

    /// Room for epochs of up to so many samples and steps.
    EpochMemory(Gpu gpu, int samples, int steps) {
        this.samples = samples;
        this.steps = steps;
        correct = (long) steps * Double.BYTES; // behind the sums of the loss
        position = correct + (long) steps * Integer.BYTES;
        learningRates = position + POSITION_BYTES;
        order = learningRates + (long) steps * Float.BYTES;
        long bytes = order + (long) samples * Integer.BYTES;
        try {
            device = owner.own(new DeviceBuffer(gpu, bytes));
            host = owner.own(new PinnedBuffer(bytes));
            view = host.view();
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    boolean holds(Epoch epoch) {
        return epoch.order().length <= samples && epoch.steps() <= steps;
    }

    long lossSums() {
        return device.address();
    }

    long correct() {
        return device.address() + correct;
    }

    long learningRates() {
        return device.address() + learningRates;
    }

    long order() {
        return device.address() + order;
    }

    /// Queues the copy of everything that an epoch begins with; whatever was queued before it has been done.
    ///
    /// @param memory what holds the `Step`
    /// @param step   offset of its epoch and step
    void send(Epoch epoch, DeviceBuffer memory, long step) {
        view.putInt((int) position, epoch.epoch());
        view.putInt((int) position + Integer.BYTES, epoch.firstStep());
        memory.copyFrom(host, position, step, POSITION_BYTES);
        for (int i = 0; i < epoch.steps(); i++) {
            view.putFloat((int) learningRates + i * Float.BYTES, epoch.learningRates()[i]);
        }
        for (int i = 0; i < epoch.order().length; i++) {
            view.putInt((int) order + i * Integer.BYTES, epoch.order()[i]);
        }
        device.copyFrom(host, learningRates, learningRates, (long) epoch.steps() * Float.BYTES);
        device.copyFrom(host, order, order, (long) epoch.order().length * Integer.BYTES);
    }

    /// Queues the copy of what the steps `from ..< to` gave.
    void fetch(int from, int to) {
        long count = to - (long) from;
        long lossSum = (long) from * Double.BYTES;
        device.copyTo(host, lossSum, lossSum, count * Double.BYTES);
        long answers = correct + (long) from * Integer.BYTES;
        device.copyTo(host, answers, answers, count * Integer.BYTES);
    }

    /// Of a step that was fetched, once the copy is done.
    double lossSum(int step) {
        return view.getDouble(step * Double.BYTES);
    }

    /// Of a step that was fetched, once the copy is done.
    int correct(int step) {
        return view.getInt((int) correct + step * Integer.BYTES);
    }

    @Override
    public void close() {
        owner.close();
    }
}
