// Units backward. With g the gradient at a normalisation's output, which ReLU, pooling and dropout let through and the
// launch before left behind the pooling:
//
//   dz = gamma / sqrt(var + epsilon) (g - dShift / N - z^ dScale / N)      as batch_norm_backward
//   dW = correlation of the unit's input with dz, this image's share       summed over images by sum_samples
//   the gradient at its input = correlation of dz with the flipped weights, and through the dropout and the ReLU of
//   the unit before, that one's g

// What becomes of a gradient in each channel, in shared memory.
struct Slopes {
    float *meanGradients, *slopes;  // [channels, filled up to whole groups by 0]

    __device__ Slopes(SharedMemory& shared, int channels)
        : meanGradients(shared.take(groupsOf(channels) * GROUP)), slopes(shared.take(groupsOf(channels) * GROUP)) {}

    __device__ Slope of(int c) const {
        return {meanGradients[c], slopes[c]};
    }
};

// What a unit normalised with, and what becomes of its gradients. Block 0 writes those of scale and shift.
__device__ inline void prepareSlopes(
    const Normals& normals, const Slopes& slopes, float* dScale, float* dShift,
    const GradientSums* sums,  // [channels, samples]
    const float* saved, const float* scale, const float* shift, int channels, int samples, int pixels) {
    forEachChannel(channels, [&](int c) {
        bool fillsUp = c >= channels;
        double gradients = 0.0, products = 0.0;
#pragma unroll 8
        for (int n = teamLane(); n < samples; n += TEAM) {
            GradientSums image = sums[static_cast<long long>(fillsUp ? 0 : c) * samples + n];
            gradients += image.gradients;
            products += image.products;
        }
        gradients = teamSum(gradients);
        products = teamSum(products);
        if (teamLane() == 0 && fillsUp) {
            normals.set(c, {0.0f, 0.0f, 0.0f});
            slopes.meanGradients[c] = 0.0f;
            slopes.slopes[c] = 0.0f;
        } else if (teamLane() == 0) {
            Normal normal = savedNormal(saved, scale, shift, c, channels);
            double share = 1.0 / (static_cast<double>(samples) * pixels);
            double inverse = saved[channels + c];
            double product = products * inverse;
            normals.set(c, normal);
            slopes.meanGradients[c] = static_cast<float>(gradients * share);
            slopes.slopes[c] = static_cast<float>(-normal.scale * inverse * product * share);
            if (blockIdx.x == 0) {
                dScale[c] = static_cast<float>(product);
                dShift[c] = static_cast<float>(gradients);
            }
        }
    });
}

// dz into shared memory.
__device__ inline void spreadGradients(
    const Planes& planes, const UnitTail& tail, const Slopes& slopes,
    const float* g) {  // [groups, outHeight * outWidth, 4]
    int groups = groupsOf(tail.channels);
    int outHeight = tail.outHeight();
    int outWidth = tail.outWidth();
    auto put = [&](int group, int row, int column, const Floats<GROUP>& gradients, const Floats<GROUP>& raw) {
        Floats<GROUP> dz;
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            int c = group * GROUP + i;
            dz.values[i] = slopes.of(c).of(gradients.values[i], raw.values[i], tail.normals.of(c));
        }
        store(planes.at<GROUP>(group, row + planes.border, column + planes.border), dz);
    };
    forEachPixel(groups, outHeight, outWidth, [&](int group, int row, int column) {
        auto gradients = load<GROUP>(g + ((group * outHeight + row) * outWidth + column) * GROUP);
        const float* corner = tail.corner(group, row, column);
        if (tail.pool == 1) {
            put(group, row, column, gradients, load<GROUP>(corner));
            return;
        }
        Winners winners = tail.winners(group, row, column);
        for (int k = 0; k < tail.pool * tail.pool; k++) {
            int down = k / tail.pool;
            int right = k % tail.pool;
            Floats<GROUP> own;
#pragma unroll
            for (int i = 0; i < GROUP; i++) {
                own.values[i] = winners.at[i] == k ? gradients.values[i] : 0.0f;
            }
            put(group, row * tail.pool + down, column * tail.pool + right, own,
                load<GROUP>(corner + (down * tail.width + right) * GROUP));
        }
    });
    if (outHeight * tail.pool < tail.height || outWidth * tail.pool < tail.width) {
        forEachPixel(groups, tail.height, tail.width, [&](int group, int row, int column) {
            if (row >= outHeight * tail.pool || column >= outWidth * tail.pool) {
                put(group, row, column, Floats<GROUP>{},
                    load<GROUP>(tail.x + ((group * tail.height + row) * tail.width + column) * GROUP));
            }
        });
    }
}

// Takes the gradient at the unit's input through the dropout and the ReLU of the unit before, and adds up what its
// normalisation will ask.
struct InputSink {
    float* g;               // [groups, outHeight * outWidth, 4]  out, of the unit before
    float* tileSums;        // [tiles, 2, 4]  shared
    const UnitTail& tail;   // of the unit before
    const Planes& outputs;  // its output
    float keptScale;
    float gradients[GROUP], products[GROUP];

    __device__ void begin(int, int) {
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            gradients[i] = products[i] = 0.0f;
        }
    }

    __device__ void put(int group, int row, int column, const Floats<GROUP>& dOutput) {
        auto output = load<GROUP>(outputs.at<GROUP>(group, row + outputs.border, column + outputs.border));
        Winners winners = tail.winners(group, row, column);
        Floats<GROUP> through;
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            float gradient = output.values[i] > 0.0f ? dOutput.values[i] * keptScale : 0.0f;
            through.values[i] = gradient;
            gradients[i] += gradient;
            products[i] = fmaf(winners.raw[i] - tail.normals.means[group * GROUP + i], gradient, products[i]);
        }
        store(g + ((group * tail.outHeight() + row) * tail.outWidth() + column) * GROUP, through);
    }

    __device__ void end(int item, int) {
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            tileSums[item * 2 * GROUP + i] = gradients[i];
            tileSums[(item * 2 + 1) * GROUP + i] = products[i];
        }
    }
};

// The sums of this image out of those of its tiles, a team a channel.
__device__ inline void leaveGradientSums(
    GradientSums* sums,     // [channels, samples]  out
    const float* tileSums,  // [groups, tiles, 2, 4]
    int channels, int tiles) {
    forEachChannel(channels, [&](int c) {
        float gradients = 0.0f, products = 0.0f;
        for (int tile = teamLane(); tile < tiles; tile += TEAM) {
            const float* of = tileSums + (c / GROUP * tiles + tile) * 2 * GROUP;
            gradients += of[c % GROUP];
            products += of[GROUP + c % GROUP];
        }
        gradients = teamSum(gradients);
        products = teamSum(products);
        if (teamLane() == 0 && c < channels) {
            sums[static_cast<long long>(c) * gridDim.x + blockIdx.x] = {gradients, products};
        }
    });
}

// The gradient of the weights, this image's share: SLICES lanes share the rows of four output and IN input channels at
// one row of taps, so that a thread multiplies 12 IN times for two loads.
template <int IN, int KERNEL, int SLICES>
__device__ inline void correlateWeights(
    float* dWeights,  // [channels, inChannels, KERNEL, KERNEL]  shared, out
    const Planes& dz, const Planes& inputs, int channels, int inChannels, int height, int width) {
    constexpr int COUNT = KERNEL * GROUP * IN;
    int inGroups = (inChannels + IN - 1) / IN;
    int items = groupsOf(channels) * inGroups * KERNEL * SLICES;
    int slice = static_cast<int>(threadIdx.x) % SLICES;
    for (int item = static_cast<int>(threadIdx.x); item / WARP * WARP < items; item += static_cast<int>(blockDim.x)) {
        int ky = item / SLICES % KERNEL;
        int inGroup = item / (SLICES * KERNEL) % inGroups;
        int group = item / (SLICES * KERNEL) / inGroups;
        float sums[COUNT] = {};
        for (int row = item < items ? slice : height; row < height; row += SLICES) {
            const float* gradient = dz.at<GROUP>(group, row + dz.border, dz.border);
            const float* input = inputs.at<IN>(inGroup, row + ky, 0);
            Floats<IN> window[KERNEL];
#pragma unroll
            for (int kx = 1; kx < KERNEL; kx++) {
                window[kx] = load<IN>(input + (kx - 1) * IN);
            }
#pragma unroll 3
            for (int column = 0; column < width; column++) {
#pragma unroll
                for (int kx = 1; kx < KERNEL; kx++) {
                    window[kx - 1] = window[kx];
                }
                window[KERNEL - 1] = load<IN>(input + (column + KERNEL - 1) * IN);
                auto four = load<GROUP>(gradient + column * GROUP);
#pragma unroll
                for (int kx = 0; kx < KERNEL; kx++) {
#pragma unroll
                    for (int o = 0; o < GROUP; o++) {
#pragma unroll
                        for (int i = 0; i < IN; i++) {
                            float& sum = sums[(kx * GROUP + o) * IN + i];
                            sum = fmaf(four.values[o], window[kx].values[i], sum);
                        }
                    }
                }
            }
        }
        int first = shareOut<SLICES, COUNT>(sums);
        if (first < 0 || item >= items) {
            continue;
        }
#pragma unroll
        for (int k = 0; k < shareOf<SLICES, COUNT>(); k++) {
            int at = first + k;
            int o = group * GROUP + at / IN % GROUP;
            int i = inGroup * IN + at % IN;
            if (o < channels && i < inChannels) {
                dWeights[((o * inChannels + i) * KERNEL + ky) * KERNEL + at / (GROUP * IN)] = sums[k];
            }
        }
    }
}

template <int IN>
__device__ inline void correlateWeights(
    int kernel, int slices, float* dWeights, const Planes& dz, const Planes& inputs, int channels, int inChannels,
    int height, int width) {
    if (kernel == 3 && slices == 8) {
        correlateWeights<IN, 3, 8>(dWeights, dz, inputs, channels, inChannels, height, width);
    } else if (kernel == 3) {
        correlateWeights<IN, 3, 4>(dWeights, dz, inputs, channels, inChannels, height, width);
    } else if (slices == 8) {
        correlateWeights<IN, 1, 8>(dWeights, dz, inputs, channels, inChannels, height, width);
    } else {
        correlateWeights<IN, 1, 4>(dWeights, dz, inputs, channels, inChannels, height, width);
    }
}

// The shares of this image go where sum_samples finds them. All threads take part.
__device__ inline void leaveWeights(float* shares, int stride, const float* dWeights, int count) {
    __syncthreads();
    float* target = shares + static_cast<long long>(blockIdx.x) * stride;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
        target[i] = dWeights[i];
    }
}

// The first unit, whose input nobody trains.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) first_unit_backward(
    float* __restrict__ shares,           // [samples, stride]   out: the gradient of the weights, by image
    float* __restrict__ dScale,           // [channels]          out
    float* __restrict__ dShift,           // [channels]          out
    const float* __restrict__ g,          // [samples, groups, height / pool * (width / pool), 4]
    const GradientSums* __restrict__ sums,  // [channels, samples]
    const float* __restrict__ z,          // [samples, groups, height * width, 4]  raw
    const float* __restrict__ saved, const float* __restrict__ scale, const float* __restrict__ shift,
    const float* __restrict__ x,          // [samples, inHeight, inWidth]  the input
    int stride, int samples, int channels, int height, int width, int pool, int kernel, int padding, int slices) {
    SharedMemory shared;
    int inHeight = height + kernel - 1 - 2 * padding;
    int inWidth = width + kernel - 1 - 2 * padding;
    int groups = groupsOf(channels);
    Normals normals(shared, channels);
    Slopes slopes(shared, channels);
    Planes inputs(shared, 1, 1, inHeight, inWidth, padding);
    Planes dz(shared, groups, GROUP, height, width, 0);
    int count = channels * kernel * kernel;
    float* dWeights = shared.take(count);
    prepareSlopes(normals, slopes, dScale, dShift, sums, saved, scale, shift, channels, samples, height * width);
    if (padding > 0) {
        inputs.clear<1>(1);
    }
    __syncthreads();
    int n = static_cast<int>(blockIdx.x);
    const float* image = x + static_cast<long long>(n) * inHeight * inWidth;
    forEachPixel(1, inHeight, inWidth, [&](int, int row, int column) {
        *inputs.at<1>(0, row + padding, column + padding) = image[row * inWidth + column];
    });
    UnitTail tail{z + static_cast<long long>(n) * groups * height * width * GROUP, normals, channels, height, width, pool};
    int pooled = tail.outHeight() * tail.outWidth();
    spreadGradients(dz, tail, slopes, g + static_cast<long long>(n) * groups * pooled * GROUP);
    __syncthreads();
    correlateWeights<1>(kernel, slices, dWeights, dz, inputs, channels, 1, height, width);
    leaveWeights(shares, stride, dWeights, count);
}

// Every other unit. What is called before is of the unit before it.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) unit_backward(
    float* __restrict__ shares,             // [samples, stride]   out: the gradient of the weights, by image
    float* __restrict__ dScale,             // [channels]          out
    float* __restrict__ dShift,             // [channels]          out
    float* __restrict__ gBefore,            // [samples, inGroups, inputPixels, 4]  out
    GradientSums* __restrict__ sumsBefore,  // [inChannels, samples]                out
    const float* __restrict__ g,            // [samples, groups, height / pool * (width / pool), 4]
    const GradientSums* __restrict__ sums,  // [channels, samples]
    const float* __restrict__ z,            // [samples, groups, height * width, 4]  raw
    const float* __restrict__ saved, const float* __restrict__ scale, const float* __restrict__ shift,
    const float* __restrict__ zBefore,      // [samples, inGroups, heightBefore * widthBefore, 4]  raw
    const float* __restrict__ savedBefore, const float* __restrict__ scaleBefore,
    const float* __restrict__ shiftBefore,
    int inChannels, int heightBefore, int widthBefore, int poolBefore,
    const Step* __restrict__ step,          // not read where threshold is 0
    unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // of the dropout before
    const float* __restrict__ weights,      // [channels, inChannels, kernel, kernel]
    int stride, int samples, int channels, int height, int width, int pool, int kernel, int padding, int tile,
    int slices) {
    SharedMemory shared;
    int inHeight = heightBefore / poolBefore;
    int inWidth = widthBefore / poolBefore;
    int groups = groupsOf(channels);
    int inGroups = groupsOf(inChannels);
    int taps = kernel * kernel;
    float* staged = shared.take(groups * inGroups * taps * GROUP * GROUP);
    Normals normals(shared, channels);
    Slopes slopes(shared, channels);
    Normals normalsBefore(shared, inChannels);
    Planes inputs(shared, inGroups, GROUP, inHeight, inWidth, padding);
    Planes dz(shared, groups, GROUP, height, width, kernel - 1 - padding);
    Kept kept(
        shared, DropoutMask(step, seed, layer, threshold, dropsChannels), keptScale, inChannels, inHeight * inWidth);
    int tiles = (inWidth + tile - 1) / tile * inHeight;
    float* tileSums = shared.take(inGroups * tiles * 2 * GROUP);
    int count = channels * inChannels * taps;
    float* dWeights = shared.take(count);
    stageWeights<GROUP>(staged, Idle(channels), weights, inChannels, channels, taps, taps, inChannels * taps, true);
    prepareSlopes(normals, slopes, dScale, dShift, sums, saved, scale, shift, channels, samples, height * width);
    for (int c = static_cast<int>(threadIdx.x); c < inGroups * GROUP; c += static_cast<int>(blockDim.x)) {
        normalsBefore.set(
            c, c < inChannels ? savedNormal(savedBefore, scaleBefore, shiftBefore, c, inChannels)
                              : Normal{0.0f, 0.0f, 0.0f});
    }
    if (padding > 0) {
        inputs.clear<GROUP>(inGroups);
    }
    if (dz.border > 0) {
        dz.clear<GROUP>(groups);
    }
    __syncthreads();
    long long n = blockIdx.x;
    UnitTail before{
        zBefore + n * inGroups * heightBefore * widthBefore * GROUP, normalsBefore, inChannels, heightBefore,
        widthBefore, poolBefore};
    activate(inputs, before, kept);
    UnitTail tail{z + n * groups * height * width * GROUP, normals, channels, height, width, pool};
    spreadGradients(dz, tail, slopes, g + n * groups * tail.outHeight() * tail.outWidth() * GROUP);
    __syncthreads();
    InputSink sink{gBefore + n * inGroups * inHeight * inWidth * GROUP, tileSums, before, inputs, keptScale, {}, {}};
    correlateTiles<GROUP>(kernel, tile, dz, groups, staged, inGroups, inHeight, inWidth, sink);
    correlateWeights<GROUP>(kernel, slices, dWeights, dz, inputs, channels, inChannels, height, width);
    leaveWeights(shares, stride, dWeights, count);
    leaveGradientSums(sumsBefore, tileSums, inChannels, tiles);
}
