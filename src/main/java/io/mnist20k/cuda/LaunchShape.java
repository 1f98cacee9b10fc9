package io.mnist20k.cuda;

/// What a kernel is launched with.
///
/// @param gridX       blocks, the faster index
/// @param gridY       blocks
/// @param block       threads of a block
/// @param sharedBytes of shared memory that a block has beside what the kernel declares
/// @param overlaps    whether blocks may begin while the launch before ends, for which the kernel waits itself
public record LaunchShape(int gridX, int gridY, int block, int sharedBytes, boolean overlaps) {
    public LaunchShape(int gridX, int gridY, int block) {
        this(gridX, gridY, block, 0, false);
    }

    @Override
    public String toString() {
        String shared = sharedBytes == 0 ? "" : ", " + sharedBytes + " bytes of shared memory";
        return "grid " + gridX + "x" + gridY + ", block " + block + shared;
    }
}
