// Between float and bf16, rounding to nearest, ties to even.

#pragma once

// Grid-stride.
extern "C" __global__ void convert_to_bf16(
    bf16* __restrict__ y,         // [count]
    const float* __restrict__ x,  // [count]
    long long count) {
    long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
        store(&y[i], x[i]);
    }
}

// Grid-stride.
extern "C" __global__ void convert_to_f32(
    float* __restrict__ y,       // [count]
    const bf16* __restrict__ x,  // [count]
    long long count) {
    long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
        y[i] = toFloat(x[i]);
    }
}
