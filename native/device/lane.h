// What the kernels, through the shim, and the device have in common: threadIdx and its like, and what threads do together.
#pragma once

#include <cstdint>

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
};

struct software_lane_t {
    uint3 threadIdx, blockIdx;
    dim3 blockDim, gridDim;
};

extern "C" {
extern __thread software_lane_t software_lane;
// Waits for all threads of the block, which must all come to this very place.
void software_barrier(const char* file, int line);
// Waits for the lanes of the warp in mask, and gives what `lane` of them brought; all bits set where it is not one of them.
std::uint64_t software_exchange(unsigned mask, std::uint64_t value, int lane, const char* file, int line);
// Waits likewise, and gives the bits of those lanes that brought a value other than 0.
unsigned software_ballot(unsigned mask, bool value, const char* file, int line);
// Says that this thread waits until the launch before is done, which the kernel's own may overlap.
void software_await_launch_before();
// The shared memory of the size that the block was launched with.
void* software_dynamic_shared();
[[noreturn]] void software_trap(const char* what, const char* file, int line);
}
