package io.mnist20k.engine;

/// What a machine does at most, measured: no computation gets above the lower of its multiply-adds at `flops` and its
/// bytes at the bandwidth of where they lie (Williams, Waterman, Patterson: *Roofline*, CACM 52/4, 2009).
///
/// @param flops       single-precision operations a second, two a multiply-add, on registers
/// @param cacheBytes  a second, read and written, within the cores' own caches
/// @param memoryBytes the same through more memory than caches usually hold
public record Roofline(double flops, double cacheBytes, double memoryBytes) {
    /// An [Engine] that can measure it for the threads that it computes on.
    public interface Source {
        /// Takes a second.
        Roofline roofline();
    }
}
