// How threads share out work.

#pragma once

// Shares out rows of pieces among the threads with the same blockIdx.y: calls operation(row, piece), neighbouring
// threads having neighbouring pieces. It divides once and then walks, since a division costs more than what most
// kernels do with an element.
template <typename Operation>
__device__ inline void forEachPiece(int rows, int pieces, Operation operation) {
    int stride = static_cast<int>(gridDim.x * blockDim.x);
    int first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    int row = first / pieces;
    int piece = first % pieces;
    int rowStride = stride / pieces;
    int pieceStride = stride % pieces;
    while (row < rows) {
        operation(row, piece);
        row += rowStride;
        piece += pieceStride;
        if (piece >= pieces) {
            piece -= pieces;
            row++;
        }
    }
}

// Calls operation(plane) with whole warps. blockDim.x is a multiple of 32.
template <typename Operation>
__device__ inline void forEachPlane(int planes, Operation operation) {
    int warps = static_cast<int>(gridDim.x * blockDim.x) / WARP;
    for (int plane = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) / WARP; plane < planes; plane += warps) {
        operation(plane);
    }
}
