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
};

__device__ inline void prefetchLine([[maybe_unused]] const float* at) {
#ifndef MNIST20K_SOFTWARE_DEVICE
    asm volatile("prefetch.global.L1 [%0];" ::"l"(at));
#endif
}

// Fetches global memory into the multiprocessor's cache, long before it is read. All threads take part.
__device__ inline void prefetch(const float* from, int floats) {
    constexpr int LINE_FLOATS = 32;
    int stride = static_cast<int>(blockDim.x) * LINE_FLOATS;
    for (int i = static_cast<int>(threadIdx.x) * LINE_FLOATS; i < floats; i += stride) {
        prefetchLine(from + i);
    }
}

// Launches of some kernels may begin while the launch before them ends. What they do before this call may read only
// what is older than that launch; from here on that is done, and the next may begin in its turn.
__device__ inline void awaitLaunchBefore() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
