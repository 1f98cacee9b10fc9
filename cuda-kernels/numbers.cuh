// Activations are float or bf16; arithmetic is always float. bf16 is the upper half of a float, handled as bits: the
// toolkit's own type would need headers that NVRTC may not find.

#pragma once

struct bf16 {
    unsigned short bits;
};

__device__ inline float toFloat(float value) {
    return value;
}

__device__ inline float toFloat(bf16 value) {
    return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
}

__device__ inline void store(float* to, float value) {
    *to = value;
}

// Rounds to nearest, ties to even. What is not a number stays not a number: rounding alone could carry its last bits
// up into infinity.
__device__ inline void store(bf16* to, float value) {
    unsigned bits = __float_as_uint(value);
    unsigned rounded = bits + 0x7FFFu + (bits >> 16 & 1u);
    to->bits = static_cast<unsigned short>((value != value ? bits | 0x400000u : rounded) >> 16);
}

// N neighbours that one instruction loads or stores: their address is a multiple of their bytes.
template <typename T, int N>
struct alignas(N * sizeof(T)) Pack {
    T values[N];
};

template <int N>
struct Floats {
    float values[N];
};

template <int N, typename T>
__device__ inline Floats<N> load(const T* from) {
    Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(from);
    Floats<N> result;
#pragma unroll
    for (int i = 0; i < N; i++) {
        result.values[i] = toFloat(pack.values[i]);
    }
    return result;
}

template <int N, typename T>
__device__ inline void store(T* to, const Floats<N>& floats) {
    Pack<T, N> pack;
#pragma unroll
    for (int i = 0; i < N; i++) {
        store(&pack.values[i], floats.values[i]);
    }
    *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

// max(x, 0), but what is not a number stays not a number, unlike with fmaxf.
__device__ inline float rectified(float x) {
    return x <= 0.0f ? 0.0f : x;
}
