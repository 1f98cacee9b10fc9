// What batch normalisation is to one channel, and what may follow it in the same pass.

#pragma once

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

template <typename T>
__device__ inline Winner firstLargest(const T* plane, int corner, int pool, int width, const Normal& normal) {
    float raw = toFloat(plane[corner]);
    Winner best{normal.of(raw), raw, corner};
    for (int row = 0; row < pool; row++) {
        for (int column = 0; column < pool; column++) {
            int at = corner + row * width + column;
            raw = toFloat(plane[at]);
            float value = normal.of(raw);
            if (value > best.value) {
                best = {value, raw, at};
            }
        }
    }
    return best;
}

// ReLU and dropout behind the normalisation (and behind the pooling, with which both commute). A mask is that of the
// pooled elements.
struct Tail {
    bool relu;
    float keptScale;
    bool dropsChannels;
    DropoutMask mask;

    // @param element index within the pooled sample
    __device__ float forward(float value, int channel, int element) {
        float passed = relu ? rectified(value) : value;
        return keeps(channel, element) ? passed * keptScale : 0.0f;
    }

    // The gradient at the normalisation's output.
    __device__ float backward(float gradient, float value, int channel, int element) {
        bool passes = !relu || value > 0.0f;
        return passes && keeps(channel, element) ? gradient * keptScale : 0.0f;
    }

  private:
    __device__ bool keeps(int channel, int element) {
        return mask.keeps(static_cast<unsigned>(dropsChannels ? channel : element));
    }
};
