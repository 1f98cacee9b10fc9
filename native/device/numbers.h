// bfloat16 and TF32 as the libraries round to them.
#pragma once

#include <cstdint>
#include <cstring>

namespace software {

inline float fromBfloat16(std::uint16_t bits) {
    std::uint32_t word = static_cast<std::uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

// To the nearest, ties to even; what is not a number stays not a number.
inline std::uint16_t toBfloat16(float value) {
    std::uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    if (value != value) return static_cast<std::uint16_t>(word >> 16 | 0x40);
    return static_cast<std::uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

// A float as a tensor core takes it: 10 bits of fraction, to the nearest, ties away from zero.
inline float toTf32(float value) {
    std::uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    if ((word & 0x7F800000) != 0x7F800000) word = (word + 0x1000) & ~std::uint32_t{0x1FFF};
    std::memcpy(&value, &word, sizeof value);
    return value;
}

} // namespace software
