// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011), the bits of
// io.mnist20k.random.Philox: a function of key and counter, no state. The key is the run's seed; the counter is
// (element block, sample, step, stream).

#pragma once

enum Purpose { AUGMENTATION = 3, DROPOUT = 4 };  // ordinals of io.mnist20k.random.Purpose

struct Words {
    unsigned w0, w1, w2, w3;
};

__device__ inline Words philox(
    unsigned long long key, unsigned c0, unsigned c1, unsigned c2, unsigned c3) {
    unsigned k0 = static_cast<unsigned>(key);
    unsigned k1 = static_cast<unsigned>(key >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
        unsigned long long p0 = 0xD2511F53ull * c0;
        unsigned long long p1 = 0xCD9E8D57ull * c2;
        c0 = static_cast<unsigned>(p1 >> 32) ^ c1 ^ k0;
        c1 = static_cast<unsigned>(p1);
        c2 = static_cast<unsigned>(p0 >> 32) ^ c3 ^ k1;
        c3 = static_cast<unsigned>(p0);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {c0, c1, c2, c3};
}

// The last counter word.
__device__ inline unsigned stream(Purpose purpose, int layer, int epoch) {
    return static_cast<unsigned>(purpose) << 24 | static_cast<unsigned>(layer) << 16 | static_cast<unsigned>(epoch);
}

// A word as a number in (-1, 1). Exact, so that it does not matter what a compiler contracts.
__device__ inline double symmetric(unsigned word) {
    return 2.0 * ((word + 0.5) * 0x1p-32) - 1.0;
}
