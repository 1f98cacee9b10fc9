// The device functions for numbers that kernels may call, with the host's mathematics.
#pragma once

struct float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};

inline float2 make_float2(float x, float y) {
    return {x, y};
}

inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}

inline uint2 make_uint2(unsigned x, unsigned y) {
    return {x, y};
}

inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
    return {x, y, z, w};
}

inline int2 make_int2(int x, int y) {
    return {x, y};
}

inline int4 make_int4(int x, int y, int z, int w) {
    return {x, y, z, w};
}

template <class To, class From> To software_bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

inline unsigned __float_as_uint(float value) {
    return software_bits<unsigned>(value);
}

inline int __float_as_int(float value) {
    return software_bits<int>(value);
}

inline float __uint_as_float(unsigned bits) {
    return software_bits<float>(bits);
}

inline float __int_as_float(int bits) {
    return software_bits<float>(bits);
}

inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(static_cast<std::uint64_t>(a) * b >> 32);
}

inline float rsqrtf(float value) {
    return 1.0f / std::sqrt(value);
}

inline double rsqrt(double value) {
    return 1.0 / std::sqrt(value);
}

inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}

inline float __fmul_rn(float a, float b) {
    return a * b;
}

inline float __fadd_rn(float a, float b) {
    return a + b;
}

inline float __fsub_rn(float a, float b) {
    return a - b;
}

inline float __fdiv_rn(float a, float b) {
    return a / b;
}

inline float __fdividef(float a, float b) {
    return a / b;
}

inline float __frcp_rn(float value) {
    return 1.0f / value;
}

inline float __fsqrt_rn(float value) {
    return std::sqrt(value);
}

inline double __dmul_rn(double a, double b) {
    return a * b;
}

inline double __dadd_rn(double a, double b) {
    return a + b;
}

inline double __dsub_rn(double a, double b) {
    return a - b;
}

inline double __ddiv_rn(double a, double b) {
    return a / b;
}

inline double __fma_rn(double a, double b, double c) {
    return std::fma(a, b, c);
}

inline float __expf(float value) {
    return std::exp(value);
}

inline float __logf(float value) {
    return std::log(value);
}

inline float __saturatef(float value) {
    return value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f;
}

inline int __float2int_rd(float value) {
    return static_cast<int>(std::floor(value));
}

inline int __double2int_rd(double value) {
    return static_cast<int>(std::floor(value));
}

inline int __popc(unsigned bits) {
    return __builtin_popcount(bits);
}

template <class Value> Value __ldg(const Value* at) {
    return *at;
}

template <class Value> Value min(Value a, Value b) {
    return b < a ? b : a;
}

template <class Value> Value max(Value a, Value b) {
    return a < b ? b : a;
}
