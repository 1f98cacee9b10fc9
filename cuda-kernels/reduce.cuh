// Sums over lanes and blocks in an order that depends on nothing but the block's size.

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

// Adds up sums over LANES neighbouring lanes so that each ends with a share of the sums, in halves: a lane gives away
// one half and gets its partner's of the other. Returns the first of the lane's share, which stands at the front, or -1
// where a partner has the same.
template <int LANES, int COUNT>
__device__ inline int shareOut(float* sums) {
    if constexpr (LANES == 1) {
        return 0;
    } else {
        constexpr int DISTANCE = LANES / 2;
        bool upper = (threadIdx.x & DISTANCE) != 0;
        if constexpr (COUNT % 2 == 0) {
            constexpr int HALF = COUNT / 2;
#pragma unroll
            for (int i = 0; i < HALF; i++) {
                float given = upper ? sums[i] : sums[i + HALF];
                float own = upper ? sums[i + HALF] : sums[i];
                sums[i] = own + __shfl_xor_sync(0xFFFFFFFFu, given, DISTANCE);
            }
            int first = shareOut<LANES / 2, HALF>(sums);
            return first < 0 ? first : first + (upper ? HALF : 0);
        } else {
#pragma unroll
            for (int i = 0; i < COUNT; i++) {
                sums[i] += __shfl_xor_sync(0xFFFFFFFFu, sums[i], DISTANCE);
            }
            int first = shareOut<LANES / 2, COUNT>(sums);
            return upper ? -1 : first;
        }
    }
}

template <int LANES, int COUNT>
__device__ constexpr int shareOf() {
    if constexpr (LANES == 1) {
        return COUNT;
    } else {
        return shareOf<LANES / 2, COUNT % 2 == 0 ? COUNT / 2 : COUNT>();
    }
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
