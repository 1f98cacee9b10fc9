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
};

// What a unit normalised with, and what becomes of its gradients. Block 0 writes those of scale and shift.
__device__ inline void prepareSlopes(
    const Normals& normals, const Slopes& slopes, float* dScale, float* dShift,
    const GradientSums* sums,  // [channels, entries]
    const float* saved, const float* scale, const float* shift, int channels, int entries,
    double perPixel) {
    forEachChannel(channels, [&](int c) {
        bool fillsUp = c >= channels;
        // Read before the sums, not behind them: memory takes as long as they do.
        Normal normal = fillsUp ? Normal{0.0f, 0.0f, 0.0f} : savedNormal(saved, scale, shift, c, channels);
        double inverse = fillsUp ? 0.0 : saved[channels + c];
        float imageGradients = 0.0f, imageProducts = 0.0f;
#pragma unroll 16
        for (int n = teamLane(); n < entries; n += TEAM) {
            GradientSums image = sums[static_cast<long long>(fillsUp ? 0 : c) * entries + n];
            imageGradients += image.gradients;
            imageProducts += image.products;
        }
        double gradients = teamSum(static_cast<double>(imageGradients));
        double products = teamSum(static_cast<double>(imageProducts));
        if (teamLane() == 0) {
            double product = products * inverse;
            normals.set(c, normal);
            slopes.meanGradients[c] = fillsUp ? 0.0f : static_cast<float>(gradients * perPixel);
            slopes.slopes[c] = static_cast<float>(-normal.scale * inverse * product * perPixel);
            if (blockIdx.x == 0 && !fillsUp) {
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
        GroupNormal normal = tail.normals.of(group);
        auto means = load<GROUP>(slopes.meanGradients + group * GROUP);
        auto steep = load<GROUP>(slopes.slopes + group * GROUP);
        Floats<GROUP> dz;
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            float deviation = raw.values[i] - normal.means.values[i];
            dz.values[i] = fmaf(
                gradients.values[i] - means.values[i], normal.scales.values[i], deviation * steep.values[i]);
        }
        store(planes.at<GROUP>(group, row + planes.border, column + planes.border), dz);
    };
    forEachPixel(groups, outHeight, outWidth, [&](int group, int row, int column) {
        auto gradients = load<GROUP>(g + ((group * outHeight + row) * outWidth + column) * GROUP);
        Winners winners = tail.winners(group, row, column);
        const float* raw = tail.corner(group, row, column);
        int k = 0;
#pragma unroll 1
        for (int down = 0; down < tail.pool; down++) {
#pragma unroll 1
            for (int right = 0; right < tail.pool; right++) {
                Floats<GROUP> own;
#pragma unroll
                for (int i = 0; i < GROUP; i++) {
                    own.values[i] = winners.at[i] == k ? gradients.values[i] : 0.0f;
                }
                put(group, row * tail.pool + down, column * tail.pool + right, own,
                    load<GROUP>(raw + (down * tail.width + right) * GROUP));
                k++;
            }
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

// The gradient of the weights, this image's share: SLICES lanes share the rows of four output and IN input channels at
// one row of taps, so that a thread multiplies 12 IN times for two loads.
template <int IN, int KERNEL, int SLICES>
__device__ inline void correlateWeights(
    float* dWeights,  // [groups, inGroups, KERNEL, KERNEL, 4, IN]  shared, out
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
#pragma unroll (SLICES == 8 ? KERNEL : 1)  // small images leave a loop before its code has come
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
        if (first >= 0 && item < items) {
#pragma unroll
            for (int k = 0; k < shareOf<SLICES, COUNT>(); k++) {
                dWeights[item / SLICES * COUNT + first + k] = sums[k];
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
    for (int i = static_cast<int>(threadIdx.x); i < count / GROUP; i += static_cast<int>(blockDim.x)) {
        store(target + i * GROUP, load<GROUP>(dWeights + i * GROUP));
    }
}

// The first unit, whose input nobody trains.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) first_unit_backward(
    float* __restrict__ shares,           // [samples, stride]   out: the gradient of the weights, by image, arranged
    float* __restrict__ dScale,           // [channels]          out
    float* __restrict__ dShift,           // [channels]          out
    const float* g,                       // [samples, groups, height / pool * (width / pool), 4]
    const GradientSums* sums,               // [channels, entries]  an image's each, or one of all
    const float* z,                       // [samples, groups, height * width, 4]  raw
    const float* saved, const float* __restrict__ scale, const float* __restrict__ shift,
    double perPixel,                      // as Norm
    const float* __restrict__ x,          // [samples, inHeight, inWidth]  the input
    int stride, int entries, int channels, int height, int width, int pool, int kernel, int padding, int slices) {
    SharedMemory shared;
    int inHeight = height + kernel - 1 - 2 * padding;
    int inWidth = width + kernel - 1 - 2 * padding;
    int groups = groupsOf(channels);
    Normals normals(shared, channels);
    Slopes slopes(shared, channels);
    Planes inputs(shared, 1, 1, inHeight, inWidth, padding);
    Planes dz(shared, groups, GROUP, height, width, 0);
    int count = groups * GROUP * kernel * kernel;
    float* dWeights = shared.take(count);
    int n = static_cast<int>(blockIdx.x);
    const float* raw = z + static_cast<long long>(n) * groups * height * width * GROUP;
    awaitLaunchBefore();
    prepareSlopes(normals, slopes, dScale, dShift, sums, saved, scale, shift, channels, entries, perPixel);
    if (padding > 0) {
        inputs.clear<1>(1);
    }
    __syncthreads();
    const float* image = x + static_cast<long long>(n) * inHeight * inWidth;
    forEachPixel(1, inHeight, inWidth, [&](int, int row, int column) {
        *inputs.at<1>(0, row + padding, column + padding) = image[row * inWidth + column];
    });
    UnitTail tail{raw, normals, channels, height, width, pool};
    int pooled = tail.outHeight() * tail.outWidth();
    spreadGradients(dz, tail, slopes, g + static_cast<long long>(n) * groups * pooled * GROUP);
    __syncthreads();
    correlateWeights<1>(kernel, slices, dWeights, dz, inputs, channels, 1, height, width);
    leaveWeights(shares, stride, dWeights, count);
}

// Every other unit. What is called before is of the unit before it.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) unit_backward(
    float* __restrict__ shares,             // [samples, stride]   out: the gradient of the weights, by image, arranged
    float* __restrict__ dScale,             // [channels]          out
    float* __restrict__ dShift,             // [channels]          out
    float* __restrict__ gBefore,            // [samples, inGroups, inputPixels, 4]  out
    GradientSums* __restrict__ sumsBefore,  // [inChannels, samples]                out
    const float* g,                         // [samples, groups, height / pool * (width / pool), 4]
    const GradientSums* sums,               // [channels, entries]  an image's each, or one of all
    const float* z,                         // [samples, groups, height * width, 4]  raw
    const float* saved, const float* __restrict__ scale, const float* __restrict__ shift,
    double perPixel,                        // as Norm
    const float* __restrict__ zBefore,      // [samples, inGroups, heightBefore * widthBefore, 4]  raw
    const float* __restrict__ savedBefore, const float* __restrict__ scaleBefore,
    const float* __restrict__ shiftBefore,
    int inChannels, int heightBefore, int widthBefore, int poolBefore,
    const Step* __restrict__ step,          // not read where threshold is 0
    unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // of the dropout before
    const float* __restrict__ weights,      // arranged, flipped
    int stride, int entries, int channels, int height, int width, int pool, int kernel, int padding,
    int tile, int shareCount, int slices,  // as Tiling
    int stagesLate) {                       // whether weights have no place until those of their gradient are left
    SharedMemory shared;
    int inHeight = heightBefore / poolBefore;
    int inWidth = widthBefore / poolBefore;
    int groups = groupsOf(channels);
    int inGroups = groupsOf(inChannels);
    int taps = kernel * kernel;
    int weightCount = groups * inGroups * taps * GROUP * GROUP;
    float* dWeights = shared.take(weightCount);
    float* staged = stagesLate ? dWeights : shared.take(weightCount);
    Normals normals(shared, channels);
    Slopes slopes(shared, channels);
    Normals normalsBefore(shared, inChannels);
    SharedMemory place = shared;
    Planes inputs(shared, inGroups, GROUP, inHeight, inWidth, padding);
    Outputs outputs(place, inGroups, inHeight, inWidth, shareCount);  // when the inputs are done with
    shared.goBehind(place);
    Planes dz(shared, groups, GROUP, height, width, kernel - 1 - padding);
    Kept kept(
        shared, DropoutMask(step, seed, layer, threshold, dropsChannels), keptScale, inChannels, inHeight * inWidth);
    float* pixelSums = shared.take(static_cast<int>(blockDim.x) / WARP * PIXEL_SUMS);
    long long n = blockIdx.x;
    const float* imageBefore = zBefore + n * inGroups * heightBefore * widthBefore * GROUP;
    const float* image = z + n * groups * height * width * GROUP;
    int last = static_cast<int>(blockDim.x - 1 - threadIdx.x);  // other threads than have the sums
    for (int c = last; c < inGroups * GROUP; c += static_cast<int>(blockDim.x)) {
        normalsBefore.set(
            c, c < inChannels ? savedNormal(savedBefore, scaleBefore, shiftBefore, c, inChannels)
                              : Normal{0.0f, 0.0f, 0.0f});
    }
    if (!stagesLate) {
        stageWeights(staged, Idle(channels), weights, weightCount);
    }
    awaitLaunchBefore();
    prepareSlopes(normals, slopes, dScale, dShift, sums, saved, scale, shift, channels, entries, perPixel);
    if (padding > 0) {
        inputs.clear<GROUP>(inGroups);
    }
    if (dz.border > 0) {
        dz.clear<GROUP>(groups);
    }
    __syncthreads();
    UnitTail before{imageBefore, normalsBefore, inChannels, heightBefore, widthBefore, poolBefore};
    activate(inputs, before, kept);
    UnitTail tail{image, normals, channels, height, width, pool};
    spreadGradients(dz, tail, slopes, g + n * groups * tail.outHeight() * tail.outWidth() * GROUP);
    __syncthreads();
    correlateWeights<GROUP>(kernel, slices, dWeights, dz, inputs, channels, inChannels, height, width);
    leaveWeights(shares, stride, dWeights, weightCount);
    if (stagesLate) {
        __syncthreads();
        stageWeights(staged, Idle(0), weights, weightCount);
        __syncthreads();
    }
    correlateTiles<GROUP>(
        kernel, {tile, shareCount}, dz, groups, staged, inGroups, inHeight, inWidth,
        [&](int share, int group, int row, int column, const Floats<GROUP>& four) {
            outputs.put(share, group, row, column, four);
        });
    __syncthreads();
    int pixels = inHeight * inWidth;
    float* target = gBefore + n * inGroups * pixels * GROUP;
    Divisor columns(inWidth);
    sumOverPixels(pixelSums, inGroups, pixels, [&](int group, int p, float* own) {
        int row = columns.quotient(p);
        int column = p - row * inWidth;
        auto gradients = outputs.of(group, p);
        Winners winners = before.winners(group, row, column);
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            int c = group * GROUP + i;
            bool passes = winners.values.values[i] > 0.0f && kept.of(c, c * pixels + p);
            gradients.values[i] = passes ? gradients.values[i] * keptScale : 0.0f;
        }
        auto means = load<GROUP>(normalsBefore.means + group * GROUP);
        store(target + (group * pixels + p) * GROUP, gradients);
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            float deviation = winners.raw.values[i] - means.values[i];
            own[i] += gradients.values[i];
            own[GROUP + i] = fmaf(deviation, gradients.values[i], own[GROUP + i]);
        }
    });
    int c = static_cast<int>(threadIdx.x);
    if (c < inChannels) {
        sumsBefore[static_cast<long long>(c) * gridDim.x + n] = {
            static_cast<float>(pixelSum(pixelSums, inGroups, c / GROUP, c % GROUP)),
            static_cast<float>(pixelSum(pixelSums, inGroups, c / GROUP, GROUP + c % GROUP))};
    }
}
