// What batch normalisation is to one channel, and what may follow it in the same pass.

#pragma once

constexpr int NEIGHBOURS = 4;  // what a thread loads and stores at once where it can

// y = scale (x - mean) + shift. Always this fma: backward finds out what ReLU and pooling let through by computing y
// again, and has to get the same bits.
struct Normal {
    float mean, scale, shift;

    __device__ float of(float x) const {
        return fmaf(x - mean, scale, shift);
    }
};

// The first largest normalised element of a pooling window.
struct Winner {
    float value;
    float raw;
    int at;  // index within the plane
};

// The pooling behind a normalisation, by stride = side. SIDE is the side where it is known when compiling, so that a
// window's loads are under way together, and else 0. N outputs are computed at once.
template <int N_, int SIDE>
struct Pooling {
    static constexpr int N = N_;
    static constexpr int UNROLLED = SIDE > 0 ? SIDE : 1;

    int side, height, width;  // of the input

    __device__ Pooling(int pool, int height, int width) : side(SIDE > 0 ? SIDE : pool), height(height), width(width) {}

    __device__ int outWidth() const {
        return width / side;
    }

    __device__ int outPixels() const {
        return height / side * outWidth();
    }

    // Index within the plane where the window of output p begins.
    __device__ int corner(int p) const {
        return (p / outWidth() * width + p % outWidth()) * side;
    }

    template <typename T>
    __device__ Winner winner(const T* plane, int p, const Normal& normal) const {
        int first = corner(p);
        float raw = toFloat(plane[first]);
        Winner best{normal.of(raw), raw, first};
#pragma unroll UNROLLED
        for (int row = 0; row < side; row++) {
#pragma unroll UNROLLED
            for (int column = 0; column < side; column++) {
                int at = first + row * width + column;
                raw = toFloat(plane[at]);
                float value = normal.of(raw);
                if (value > best.value) {
                    best = {value, raw, at};
                }
            }
        }
        return best;
    }

    // The elements of x that the outputs from ..< from + N are made of.
    template <typename T>
    __device__ Floats<N> winners(const T* plane, int from, const Normal& normal) const {
        if constexpr (SIDE == 1) {
            return load<N>(plane + from);
        } else {
            Floats<N> raw;
#pragma unroll
            for (int i = 0; i < N; i++) {
                raw.values[i] = winner(plane, from + i, normal).raw;
            }
            return raw;
        }
    }
};

// Calls operation(pooling) with what fits the shape. Several outputs at once where every plane is a multiple of them.
template <typename Operation>
__device__ inline void withPooling(int pool, int height, int width, Operation operation) {
    bool whole = height / pool * (width / pool) % NEIGHBOURS == 0;
    if (pool == 1 && whole) {
        operation(Pooling<NEIGHBOURS, 1>(pool, height, width));
    } else if (pool == 1) {
        operation(Pooling<1, 1>(pool, height, width));
    } else if (pool == 2 && whole) {
        operation(Pooling<NEIGHBOURS, 2>(pool, height, width));
    } else {
        operation(Pooling<1, 0>(pool, height, width));
    }
}

// ReLU and dropout behind the normalisation (and behind the pooling, with which ReLU commutes). A mask is that of the
// pooled elements.
struct Tail {
    bool relu;
    float keptScale;
    DropoutMask mask;

    __device__ float forward(float value, bool kept) const {
        return kept ? (relu ? rectified(value) : value) * keptScale : 0.0f;
    }

    // The gradient at the normalisation's output, whose value there is given.
    __device__ float backward(float gradient, float value, bool kept) const {
        return kept && (!relu || value > 0.0f) ? gradient * keptScale : 0.0f;
    }
};
