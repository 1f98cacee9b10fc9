package io.mnist20k.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Where everything of a session lies within one allocation. Regions whose times do not meet may share bytes: the
/// gradient of a late layer takes the place of what an early one no longer needs.
public final class MemoryPlan {
    /// What cuBLAS asks of a workspace, the most that anything asks; a multiple of every cache line.
    private static final long ALIGNMENT = 256;

    private final List<Region> regions = new ArrayList<>();
    private final int end;
    private long bytes = 1;

    /// @param end the last time of a step, counted from 0
    public MemoryPlan(int end) {
        this.end = end;
    }

    /// A region that holds something at the times it is [touched][Region#touch], and has no place without one.
    public Region passing(long bytes) {
        var region = new Region(bytes);
        regions.add(region);
        return region;
    }

    /// A region that holds something from step to step.
    public Region lasting(long bytes) {
        Region region = passing(bytes);
        region.touch(0);
        region.touch(end);
        return region;
    }

    /// Gives every region its place, the largest first, each as low as it can.
    public void layOut() {
        var placed = new ArrayList<Region>();
        for (Region region : regions.stream()
                .filter(Region::isTouched)
                .sorted(Comparator.comparingLong(Region::bytes).reversed())
                .toList()) {
            region.place(lowestGap(region, placed));
            placed.add(region);
            bytes = Math.max(bytes, region.offset() + region.bytes());
        }
    }

    private static long lowestGap(Region region, List<Region> placed) {
        long offset = 0;
        for (Region other : placed.stream()
                .filter(region::livesBeside)
                .sorted(Comparator.comparingLong(Region::offset))
                .toList()) {
            if (offset + region.bytes() <= other.offset()) {
                break;
            }
            offset = Math.max(offset, aligned(other.offset() + other.bytes()));
        }
        return offset;
    }

    /// That all regions take together.
    public long bytes() {
        return bytes;
    }

    /// Says where the allocation begins.
    public void locate(long base) {
        regions.forEach(region -> region.locate(base));
    }

    private static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }
}
