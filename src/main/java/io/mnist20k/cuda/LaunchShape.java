package io.mnist20k.cuda;

/// How many threads a kernel is launched with.
///
/// @param gridX  blocks, the faster index
/// @param gridY  blocks
/// @param blockX threads of a block, the faster index
/// @param blockY threads of a block
public record LaunchShape(int gridX, int gridY, int blockX, int blockY) {
    @Override
    public String toString() {
        return "grid " + gridX + "x" + gridY + ", block " + blockX + "x" + blockY;
    }
}
