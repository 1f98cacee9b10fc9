package io.mnist20k.bench;

import io.mnist20k.engine.Work;

/// What a piece of a training step takes.
///
/// @param nanos of one thread, an image
public record LayerTime(Work work, double nanos) {
    /// Operations a second of one thread, two a multiply-add.
    public double nominalFlops() {
        return nanos > 0 ? 2 * work.multiplyAdds() / nanos * 1e9 : 0;
    }

    /// Bytes a second of one thread, if no more were moved than have to be.
    public double bytesPerSecond() {
        return nanos > 0 ? work.bytes() / nanos * 1e9 : 0;
    }
}
