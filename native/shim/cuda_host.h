// CUDA C++ for the host compiler: force-included before a kernel source, so that the same file that nvcc compiles runs on
// the software device. Shared memory is a thread-local array (a block runs on one thread of the host, its threads as
// fibers); what the threads of a block do together goes through the software_ functions of libcuda.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define MNIST20K_SOFTWARE_DEVICE 1

#include "../device/lane.h"

#ifndef SOFTWARE_LIST_KERNELS // the pass that lists the kernels leaves these two words to be found
#ifdef __SANITIZE_THREAD__
// GCC does not report what a function that it calls gives back straight into memory; inlined, it is a write like others.
#define __global__ [[gnu::flatten]]
#else
#define __global__
#endif
#define __launch_bounds__(...)
#endif
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __shared__ static thread_local

#define threadIdx software_lane.threadIdx
#define blockIdx software_lane.blockIdx
#define blockDim software_lane.blockDim
#define gridDim software_lane.gridDim
constexpr int warpSize = 32;

// The only thing that orders what the threads of a block do with memory: neither __syncwarp nor fences are here, since no
// kernel has a use for them.
inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    software_barrier(file, line);
}

inline void __trap(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    software_trap("__trap", file, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
    return software_ballot(mask, predicate != 0, file, line);
}

inline int __any_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return software_ballot(mask, predicate != 0, file, line) != 0;
}

inline int __all_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return software_ballot(mask, predicate == 0, file, line) == 0;
}

namespace software_shim {

inline int lane() {
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    return static_cast<int>(thread % 32);
}

template <class Value> Value exchange(unsigned mask, Value value, int lane, const char* file, int line) {
    static_assert(sizeof(Value) <= 8, "a shuffle moves at most 8 bytes");
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = software_exchange(mask, bits, lane, file, line);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

} // namespace software_shim

#define SOFTWARE_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()

// Where the source lane would lie outside its segment of `width` lanes, a thread gets its own value, as on a GPU.
template <class Value> Value __shfl_sync(unsigned mask, Value value, int source, int width = 32, SOFTWARE_HERE) {
    int segment = software_shim::lane() / width * width;
    return software_shim::exchange(mask, value, segment + (source & (width - 1)), file, line);
}

template <class Value> Value __shfl_down_sync(unsigned mask, Value value, unsigned delta, int width = 32, SOFTWARE_HERE) {
    int lane = software_shim::lane(), source = lane + static_cast<int>(delta);
    return software_shim::exchange(mask, value, source / width == lane / width ? source : lane, file, line);
}

template <class Value> Value __shfl_up_sync(unsigned mask, Value value, unsigned delta, int width = 32, SOFTWARE_HERE) {
    int lane = software_shim::lane(), source = lane - static_cast<int>(delta);
    return software_shim::exchange(mask, value, source >= lane / width * width ? source : lane, file, line);
}

template <class Value> Value __shfl_xor_sync(unsigned mask, Value value, int laneMask, int width = 32, SOFTWARE_HERE) {
    int lane = software_shim::lane(), source = lane ^ laneMask;
    return software_shim::exchange(mask, value, source / width <= lane / width ? source : lane, file, line);
}

#undef SOFTWARE_HERE

// Atomics on whole numbers; there are none on floats, whose sums would depend on the order.
inline int atomicAdd(int* at, int value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

inline unsigned atomicAdd(unsigned* at, unsigned value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

inline unsigned long long atomicAdd(unsigned long long* at, unsigned long long value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

#include "cuda_host_math.h"
