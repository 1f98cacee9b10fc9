// A unit is a convolution (stride 1, 3x3 or 1x1, no bias) and the batch normalisation, ReLU, max pooling by stride =
// window and dropout behind it. Its kernels keep a whole image in the shared memory of one block of threads, so that a
// unit is one launch forward and one backward, and nothing but raw outputs of convolutions and gradients goes through
// global memory. What a launch cannot know, the sums over the batch, is left by every block as its image's share and
// added up by every block of the launch behind it, in a fixed order.
//
// Activations between units are [samples, groups, pixels, 4] floats: four channels lie side by side, so that one
// instruction moves them, and those that fill up the last group are 0.
//
// Grid of unit_forward, unit_backward and their likes for the first unit: one block an image; blocks of UNIT_THREADS.
// Limits: planes * pixels * pixels below 2^32; a group of channels a warp, so at most 64 channels; padding below the
// kernel's side; slices 4 or 8.

#pragma once

constexpr int GROUP = 4;
constexpr int UNIT_THREADS = 512;

__device__ inline int groupsOf(int channels) {
    return (channels + GROUP - 1) / GROUP;
}

// Divides by one number many times, which has no instruction: n / d = n * ceil(2^32 / d) / 2^32 where n * d < 2^32.
struct Divisor {
    int divisor;
    unsigned reciprocal;

    __device__ explicit Divisor(int divisor)
        : divisor(divisor), reciprocal(0xFFFFFFFFu / static_cast<unsigned>(divisor) + 1u) {}

    __device__ int quotient(int n) const {
        return divisor == 1 ? n : static_cast<int>(__umulhi(static_cast<unsigned>(n), reciprocal));
    }
};

// Calls operation(plane, row, column) for every pixel, neighbouring threads of the block having neighbouring ones.
template <typename Operation>
__device__ inline void forEachPixel(int planes, int height, int width, Operation operation) {
    Divisor pixels(height * width);
    Divisor columns(width);
    for (int i = static_cast<int>(threadIdx.x); i < planes * pixels.divisor; i += static_cast<int>(blockDim.x)) {
        int plane = pixels.quotient(i);
        int p = i - plane * pixels.divisor;
        int row = columns.quotient(p);
        operation(plane, row, p - row * width);
    }
}

// Planes in shared memory with a border of zeros, IN channels side by side. The border at the end of a row is that at
// the beginning of the next, and the border below a plane that above the next. Rows are an odd number of pixels apart:
// threads that read one column of neighbouring rows meet different banks.
struct Planes {
    static constexpr int SLACK_PIXELS = 10;
    float* memory;
    int border, rowPixels, planePixels;

    __device__ Planes(SharedMemory& shared, int planes, int channelsBeside, int height, int width, int border)
        : border(border), rowPixels((width + border) | 1), planePixels((height + border) * rowPixels) {
        memory = shared.take(pixels(planes) * channelsBeside);
    }

    // A tile at the right edge reads beyond its row, and in the last row beyond the plane.
    __device__ int pixels(int planes) const {
        return planes * planePixels + border * (rowPixels + 1) + SLACK_PIXELS;
    }

    // Counted from the border's corner.
    template <int IN>
    __device__ float* at(int plane, int row, int column) const {
        return memory + (plane * planePixels + row * rowPixels + column) * IN;
    }

    template <int IN>
    __device__ void clear(int planes) const {
        int count = (pixels(planes) * IN + 3) / 4;
        for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
            store(memory + i * 4, Floats<4>{});
        }
    }
};

// What an image's pixels of one channel are: their mean and the sum of their squared distances from it.
struct alignas(8) Moments {
    float mean, squares;
};

// Sums over an image's pixels of one channel: of the gradients behind the normalisation, and of their products with
// x - mu.
struct alignas(8) GradientSums {
    float gradients, products;
};

// What normalises the four channels of a group.
struct GroupNormal {
    Floats<GROUP> means, scales, shifts;

    // Always this fma, as Normal.
    __device__ float of(int i, float x) const {
        return fmaf(x - means.values[i], scales.values[i], shifts.values[i]);
    }
};

// What normalises each of a unit's channels, in shared memory.
struct Normals {
    float *means, *scales, *shifts;  // [channels, filled up to whole groups by 0]

    __device__ Normals(SharedMemory& shared, int channels)
        : means(shared.take(groupsOf(channels) * GROUP)),
          scales(shared.take(groupsOf(channels) * GROUP)),
          shifts(shared.take(groupsOf(channels) * GROUP)) {}

    __device__ void set(int c, const Normal& normal) const {
        means[c] = normal.mean;
        scales[c] = normal.scale;
        shifts[c] = normal.shift;
    }

    __device__ GroupNormal of(int group) const {
        return {load<GROUP>(means + group * GROUP), load<GROUP>(scales + group * GROUP),
                load<GROUP>(shifts + group * GROUP)};
    }
};

// Lanes that add up something together. With eight, all channels have their turn at once, and a sum takes three steps.
constexpr int TEAM = 8;

__device__ inline int teamLane() {
    return static_cast<int>(threadIdx.x) % TEAM;
}

// The sum over a team, in every lane. All lanes of the warp take part.
template <typename Number>
__device__ inline Number teamSum(Number value) {
#pragma unroll
    for (int distance = TEAM / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(0xFFFFFFFFu, value, distance);
    }
    return value;
}

// Adds up eight numbers for every group of channels over its pixels: operation(group, p, own) adds those of a pixel to
// its own. Every warp takes part of a group's pixels; there are at least as many warps as groups. All threads take
// part, and have met when it returns.
constexpr int PIXEL_SUMS = 2 * GROUP;

template <typename Operation>
__device__ inline void sumOverPixels(
    float* sums,  // [warps, PIXEL_SUMS]  shared, out
    int groups, int pixels, Operation operation) {
    int parts = static_cast<int>(blockDim.x) / WARP / groups;
    int warp = static_cast<int>(threadIdx.x) / WARP;
    if (warp < parts * groups) {
        float own[PIXEL_SUMS] = {};
        for (int p = warp / groups * WARP + static_cast<int>(threadIdx.x) % WARP; p < pixels; p += parts * WARP) {
            operation(warp % groups, p, own);
        }
        static_assert(shareOf<WARP, PIXEL_SUMS>() == 1);
        int at = shareOut<WARP, PIXEL_SUMS>(own);
        if (at >= 0) {
            sums[warp * PIXEL_SUMS + at] = own[0];
        }
    }
    __syncthreads();
}

// The number `which` of a group, of all its pixels.
__device__ inline double pixelSum(const float* sums, int groups, int group, int which) {
    double sum = 0.0;
    for (int part = 0; part < static_cast<int>(blockDim.x) / WARP / groups; part++) {
        sum += sums[(part * groups + group) * PIXEL_SUMS + which];
    }
    return sum;
}

// Calls operation(i) with a team, for i below count and for those above it that keep its warp together.
template <typename Operation>
__device__ inline void forEachTeam(int count, Operation operation) {
    constexpr int TEAMS = WARP / TEAM;
    int whole = (count + TEAMS - 1) / TEAMS * TEAMS;
    for (int i = static_cast<int>(threadIdx.x) / TEAM; i < whole; i += static_cast<int>(blockDim.x) / TEAM) {
        operation(i);
    }
}

// The same for channels, and for those that fill up the last group too.
template <typename Operation>
__device__ inline void forEachChannel(int channels, Operation operation) {
    static_assert(GROUP % (WARP / TEAM) == 0, "a whole group keeps its warps together");
    forEachTeam(groupsOf(channels) * GROUP, operation);
}

// The threads that forEachChannel leaves without work, or all where it leaves none: what waits for memory while others
// add up over the batch.
struct Idle {
    int thread, threads;  // below 0: this one has work

    __device__ explicit Idle(int channels) {
        int busy = groupsOf(channels) * GROUP * TEAM;
        int first = busy < static_cast<int>(blockDim.x) ? busy : 0;
        thread = static_cast<int>(threadIdx.x) - first;
        threads = static_cast<int>(blockDim.x) - first;
    }
};

// The first largest normalised element of a window, in four channels side by side.
struct Winners {
    Floats<GROUP> values, raw;
    int at[GROUP];  // number within the window

    __device__ Winners(const float* corner, int rowFloats, int pool, const GroupNormal& normal)
        : raw(load<GROUP>(corner)) {
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            values.values[i] = normal.of(i, raw.values[i]);
            at[i] = 0;
        }
        int column = 0;
#pragma unroll 1
        for (int k = 1; k < pool * pool; k++) {
            corner += GROUP;
            if (++column == pool) {
                column = 0;
                corner += rowFloats - pool * GROUP;
            }
            auto next = load<GROUP>(corner);
#pragma unroll
            for (int i = 0; i < GROUP; i++) {
                float value = normal.of(i, next.values[i]);
                if (value > values.values[i]) {
                    raw.values[i] = next.values[i];
                    values.values[i] = value;
                    at[i] = k;
                }
            }
        }
    }
};

// A unit's raw output, of one image, and what becomes of it.
struct UnitTail {
    const float* x;  // [groups, height * width, 4]
    Normals normals;
    int channels, height, width, pool;

    __device__ int outHeight() const {
        return height / pool;
    }

    __device__ int outWidth() const {
        return width / pool;
    }

    __device__ const float* corner(int group, int row, int column) const {
        return x + ((group * height + row * pool) * width + column * pool) * GROUP;
    }

    __device__ Winners winners(int group, int row, int column) const {
        return Winners(corner(group, row, column), width * GROUP, pool, normals.of(group));
    }
};

// Which elements of one image the dropout keeps, in shared memory, drawn once for all that ask.
struct Kept {
    unsigned char* bits;  // bit e % 8 of byte e / 8 is that of element e, or byte c that of channel c
    bool draws, dropsChannels;
    float scale;

    __device__ Kept(SharedMemory& shared, const DropoutMask& mask, float scale, int channels, int pixels)
        : draws(mask.threshold > 0), dropsChannels(mask.dropsChannels), scale(scale) {
        int whole = groupsOf(channels) * GROUP;
        int count = !draws ? 0 : dropsChannels ? whole : (whole * pixels + 7) / 8;
        bits = reinterpret_cast<unsigned char*>(shared.take((count + 3) / 4));
        for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
            bits[i] = static_cast<unsigned char>(mask.kept(static_cast<int>(blockIdx.x), i, i * 8));
        }
    }

    __device__ bool of(int channel, int element) const {
        return !draws || ((dropsChannels ? bits[channel] : bits[element / 8] >> element % 8) & 1) != 0;
    }
};

// The unit's output into shared memory.
__device__ inline void activate(const Planes& planes, const UnitTail& tail, const Kept& kept) {
    int pixels = tail.outHeight() * tail.outWidth();
    forEachPixel(groupsOf(tail.channels), tail.outHeight(), tail.outWidth(), [&](int group, int row, int column) {
        Winners winners = tail.winners(group, row, column);
        int p = row * tail.outWidth() + column;
        Floats<GROUP> out;
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            int c = group * GROUP + i;
            bool keeps = c < tail.channels && kept.of(c, c * pixels + p);
            out.values[i] = keeps ? rectified(winners.values.values[i]) * kept.scale : 0.0f;
        }
        store(planes.at<GROUP>(group, row + planes.border, column + planes.border), out);
    });
}

// Weights, arranged by arrange_weights, into shared memory.
__device__ inline void stageWeights(float* staged, const Idle& idle, const float* arranged, int count) {
#pragma unroll 4
    for (int i = idle.thread; i >= 0 && i < count / GROUP; i += idle.threads) {
        store(staged + i * GROUP, load<GROUP>(arranged + i * GROUP));
    }
}

// How a correlation is shared out: pixels that a thread computes side by side, 2, 6 or 9 (1x1: 2), and into how many
// shares of its input.
struct Tiling {
    int tile, shares;
};

// sums[o][t] += sum over channels and taps of four outputs at TILE neighbouring pixels. A pixel's values, loaded once,
// serve every tap of a row, and a weight serves TILE pixels: three of four instructions multiply.
template <int IN, int KERNEL, int TILE>
__device__ inline void correlate(
    float (&sums)[GROUP][TILE], const float* plane, int planeFloats, int rowFloats,
    const float* weights,  // [KERNEL, KERNEL, IN, 4] for each group, weightFloats apart
    int weightFloats, int inGroups) {
    for (int group = 0; group < inGroups; group++) {
#pragma unroll 1  // the loop is to fit into the cache of instructions
        for (int ky = 0; ky < KERNEL; ky++) {
            Floats<IN> row[TILE + KERNEL - 1];
#pragma unroll
            for (int t = 0; t < TILE + KERNEL - 1; t++) {
                row[t] = load<IN>(plane + ky * rowFloats + t * IN);
            }
#pragma unroll
            for (int kx = 0; kx < KERNEL; kx++) {
#pragma unroll
                for (int i = 0; i < IN; i++) {
                    auto four = load<GROUP>(weights + ((ky * KERNEL + kx) * IN + i) * GROUP);
#pragma unroll
                    for (int t = 0; t < TILE; t++) {
#pragma unroll
                        for (int o = 0; o < GROUP; o++) {
                            sums[o][t] = fmaf(four.values[o], row[t + kx].values[i], sums[o][t]);
                        }
                    }
                }
            }
        }
        plane += planeFloats;
        weights += weightFloats;
    }
}

// Calls sink(share, group, row, column, four) with the outputs of one tile after the other. Where an image has fewer
// tiles than a block has threads, `shares` equal parts of the block have a share of the input's groups each, and their
// outputs are still to be added up.
template <int IN, int KERNEL, int TILE, typename Sink>
__device__ inline void correlateTiles(
    const Planes& planes, int inGroups, const float* weights, int outGroups, int height, int width, int shares,
    Sink sink) {
    constexpr int WEIGHTS = KERNEL * KERNEL * IN * GROUP;
    int tiles = (width + TILE - 1) / TILE;
    Divisor perGroup(tiles * height);
    Divisor rows(height);
    int threads = static_cast<int>(blockDim.x) / shares;
    int share = static_cast<int>(threadIdx.x) / threads;
    for (int item = static_cast<int>(threadIdx.x) % threads; item < outGroups * perGroup.divisor; item += threads) {
        int group = perGroup.quotient(item);
        int within = item - group * perGroup.divisor;
        int tile = rows.quotient(within);
        int row = within - tile * height;
        float sums[GROUP][TILE] = {};
        correlate<IN, KERNEL, TILE>(
            sums, planes.at<IN>(share, row, tile * TILE), shares * planes.planePixels * IN, planes.rowPixels * IN,
            weights + (group * inGroups + share) * WEIGHTS, shares * WEIGHTS, (inGroups - share + shares - 1) / shares);
#pragma unroll
        for (int t = 0; t < TILE; t++) {
            if (tile * TILE + t < width) {
                Floats<GROUP> four{sums[0][t], sums[1][t], sums[2][t], sums[3][t]};
                sink(share, group, row, tile * TILE + t, four);
            }
        }
    }
}

// The same by the shape that it is asked for.
template <int IN, typename Sink>
__device__ inline void correlateTiles(
    int kernel, const Tiling& tiling, const Planes& planes, int inGroups, const float* weights, int outGroups,
    int height, int width, Sink sink) {
    int shares = tiling.shares;
    if (kernel == 1) {
        correlateTiles<IN, 1, 2>(planes, inGroups, weights, outGroups, height, width, shares, sink);
    } else if (tiling.tile == 2) {
        correlateTiles<IN, 3, 2>(planes, inGroups, weights, outGroups, height, width, shares, sink);
    } else if (tiling.tile == 6) {
        correlateTiles<IN, 3, 6>(planes, inGroups, weights, outGroups, height, width, shares, sink);
    } else {
        correlateTiles<IN, 3, 9>(planes, inGroups, weights, outGroups, height, width, shares, sink);
    }
}

// The outputs of a correlation in shared memory, a copy for every share of the input.
struct Outputs {
    float* memory;  // [shares, groups, height * width, 4]
    int groups, height, width, shares;

    __device__ Outputs(SharedMemory& shared, int groups, int height, int width, int shares)
        : memory(shared.take(shares * groups * height * width * GROUP)),
          groups(groups),
          height(height),
          width(width),
          shares(shares) {}

    __device__ void put(int share, int group, int row, int column, const Floats<GROUP>& four) const {
        store(memory + (((share * groups + group) * height + row) * width + column) * GROUP, four);
    }

    __device__ Floats<GROUP> of(int group, int p) const {
        const float* at = memory + (group * height * width + p) * GROUP;
        auto sum = load<GROUP>(at);
#pragma unroll 1
        for (int share = 1; share < shares; share++) {
            at += groups * height * width * GROUP;
            auto more = load<GROUP>(at);
#pragma unroll
            for (int i = 0; i < GROUP; i++) {
                sum.values[i] += more.values[i];
            }
        }
        return sum;
    }
};
