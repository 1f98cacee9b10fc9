package io.mnist20k.engine;

/// A piece of a session's one allocation. Made and placed by a [MemoryPlan].
public final class Region {
    private final long bytes;
    private int first = Integer.MAX_VALUE;
    private int last = -1;
    private long offset = -1;
    private long base;

    Region(long bytes) {
        this.bytes = bytes;
    }

    /// Says that the content matters at this time; it has to last from the first such time to the last.
    public void touch(int time) {
        first = Math.min(first, time);
        last = Math.max(last, time);
    }

    public boolean isTouched() {
        return last >= 0;
    }

    boolean livesBeside(Region other) {
        return first <= other.last && other.first <= last;
    }

    void place(long offset) {
        this.offset = offset;
    }

    void locate(long base) {
        this.base = base;
    }

    public long bytes() {
        return bytes;
    }

    /// Of the first byte within the allocation.
    public long offset() {
        if (offset < 0) {
            throw new IllegalStateException("a region of " + bytes + " bytes has no place");
        }
        return offset;
    }

    /// Of the first byte, where the allocation has [an address][MemoryPlan#locate].
    public long address() {
        return base + offset();
    }
}
