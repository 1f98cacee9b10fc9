// The shared memory that a block is launched with, beside the arrays that kernels declare.

#pragma once

// Begins at a multiple of 16 bytes; its content is undefined.
__device__ inline float* dynamicShared() {
#ifdef MNIST20K_SOFTWARE_DEVICE
    return static_cast<float*>(software_dynamic_shared());
#else
    extern __shared__ float4 memory[];
    return reinterpret_cast<float*>(memory);
#endif
}

// Gives it out piece by piece. The host adds up the same pieces, each rounded up to 16 bytes.
struct SharedMemory {
    float* next = dynamicShared();

    __device__ float* take(int floats) {
        float* piece = next;
        next += (floats + 3) / 4 * 4;
        return piece;
    }

    // What follows lies behind the pieces of another too, which went on from the same place: those of both share it.
    __device__ void goBehind(const SharedMemory& other) {
        next = next > other.next ? next : other.next;
    }
};

// Launches of some kernels may begin while the launch before them ends. What they do before this call may touch only
// what that launch does not; from here on it is done, and the next may begin in its turn. Only then: so whoever begins early
// finds done all that came before the launch before. Inputs that it wrote are not __restrict__: for such the compiler may
// read before this call what stands behind it.
__device__ inline void awaitLaunchBefore() {
#ifdef MNIST20K_SOFTWARE_DEVICE
    software_await_launch_before();
#elif __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
