// Sums over a block in an order that depends on nothing but the block's size.

#pragma once

constexpr int WARP = 32;

// The sum over a warp, in every lane. All lanes take part.
template <typename Number>
__device__ inline Number warpSum(Number value) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(0xFFFFFFFFu, value, distance);
    }
    return value;
}

// Sums that travel together, so that a block meets once for both.
struct Pair {
    double first, second;
};

// Both sums over a block, in thread 0 only: Numbers within a warp, doubles from there. blockDim.x is a multiple of 32.
// All threads take part, once in a kernel: there is no barrier behind the reading, so a second call could overwrite
// what thread 0 has not read yet.
template <typename Number>
__device__ inline Pair blockSum(Number first, Number second) {
    __shared__ Number firsts[WARP];
    __shared__ Number seconds[WARP];
    first = warpSum(first);
    second = warpSum(second);
    if (threadIdx.x % WARP == 0) {
        firsts[threadIdx.x / WARP] = first;
        seconds[threadIdx.x / WARP] = second;
    }
    __syncthreads();
    Pair sum{0.0, 0.0};
    if (threadIdx.x == 0) {
        for (unsigned warp = 0; warp < blockDim.x / WARP; warp++) {
            sum.first += firsts[warp];
            sum.second += seconds[warp];
        }
    }
    return sum;
}

// Adds up what the blocks of one channel found, in every lane of the calling warp.
__device__ inline Pair sliceSum(
    const Pair* sums,  // [slices]
    int slices) {
    Pair sum{0.0, 0.0};
    for (int slice = static_cast<int>(threadIdx.x % WARP); slice < slices; slice += WARP) {
        sum.first += sums[slice].first;
        sum.second += sums[slice].second;
    }
    return {warpSum(sum.first), warpSum(sum.second)};
}
