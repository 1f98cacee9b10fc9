// Units forward. A launch finishes the unit before it (normalises its raw output, by the batch or for evaluation by
// running statistics) on the way into shared memory, and convolves.

// Over the batch, of one channel, in every lane of the calling team. Every entry is of the same number of pixels.
struct BatchMoments {
    double mean, variance;

    __device__ BatchMoments(
        const Moments* moments,  // [entries]
        int entries, double perEntry, double perPixel) {
        float pivot = moments[0].mean;
        float distances = 0.0f, distanceSquares = 0.0f, squares = 0.0f;
#pragma unroll 16
        for (int n = teamLane(); n < entries; n += TEAM) {
            Moments image = moments[n];
            float distance = image.mean - pivot;
            distances += distance;
            distanceSquares = fmaf(distance, distance, distanceSquares);
            squares += image.squares;
        }
        double sum = teamSum(static_cast<double>(distances));
        double between = teamSum(static_cast<double>(distanceSquares)) - sum * sum * perEntry;
        double within = teamSum(static_cast<double>(squares));
        mean = pivot + sum * perEntry;
        variance = within * perPixel + (between < 0.0 ? 0.0 : between) * perEntry;
    }
};

// How a unit normalises.
struct Norm {
    const Moments* moments;  // [channels, entries]  an image's each, or one of all; null: by the running statistics
    float* saved;            // [2, channels]        out: mu, 1 / sqrt(var + epsilon)
    float* runningMean;      // [channels]           in, and out where there are moments
    float* runningVariance;  // [channels]           in, and out where there are moments
    const float* scale;      // [channels]           gamma
    const float* shift;      // [channels]           beta
    double epsilon, momentum;
    double perEntry, perPixel;  // 1 over the number of entries, and of pixels of a channel in the batch

    // Block 0 moves the running statistics and keeps what backward needs.
    __device__ void prepare(const Normals& normals, int channels, int entries) const {
        forEachChannel(channels, [&](int c) {
            bool fillsUp = c >= channels;
            if (moments == nullptr) {
                if (teamLane() == 0) {
                    normals.set(c, fillsUp ? Normal{0.0f, 0.0f, 0.0f} : byRunningStatistics(c));
                }
                return;
            }
            // Read before the sums, not behind them: memory takes as long as they do.
            float gamma = fillsUp ? 0.0f : scale[c];
            float beta = fillsUp ? 0.0f : shift[c];
            BatchMoments batch(moments + static_cast<long long>(fillsUp ? 0 : c) * entries, entries, perEntry, perPixel);
            if (teamLane() == 0) {
                float mean = static_cast<float>(batch.mean);
                float inverse = 1.0f / sqrtf(static_cast<float>(batch.variance + epsilon));
                normals.set(c, fillsUp ? Normal{0.0f, 0.0f, 0.0f} : Normal{mean, gamma * inverse, beta});
                if (blockIdx.x == 0 && !fillsUp) {
                    saved[c] = mean;
                    saved[channels + c] = inverse;
                    // N / (N - 1)
                    double unbiased = perPixel < 1.0 ? batch.variance / (1.0 - perPixel) : batch.variance;
                    runningMean[c] = static_cast<float>((1.0 - momentum) * runningMean[c] + momentum * batch.mean);
                    runningVariance[c] =
                        static_cast<float>((1.0 - momentum) * runningVariance[c] + momentum * unbiased);
                }
            }
        });
    }

  private:
    __device__ Normal byRunningStatistics(int c) const {
        float inverse = 1.0f / sqrtf(runningVariance[c] + static_cast<float>(epsilon));
        return {runningMean[c], scale[c] * inverse, shift[c]};
    }
};

// Convolves what is in shared memory. All threads have met since.
template <int IN>
__device__ inline void finishForward(
    float* z,          // [samples, groups, height * width, 4]  out
    Moments* moments,  // [channels, samples]                   out; null in an evaluation
    SharedMemory& shared, const Planes& planes, int inGroups, const float* weights, int channels, int kernel,
    int height, int width, const Tiling& tiling) {
    int groups = groupsOf(channels);
    int pixels = height * width;
    Outputs outputs(shared, groups, height, width, tiling.shares);
    float* sums = shared.take(static_cast<int>(blockDim.x) / WARP * PIXEL_SUMS);
    correlateTiles<IN>(
        kernel, tiling, planes, inGroups, weights, groups, height, width,
        [&](int share, int group, int row, int column, const Floats<GROUP>& four) {
            outputs.put(share, group, row, column, four);
        });
    __syncthreads();
    float* target = z + static_cast<long long>(blockIdx.x) * groups * pixels * GROUP;
    // Distances from a group's first pixel, and their squares. Near that pivot, unlike near 0, the variance is not lost
    // as the difference of two large numbers.
    sumOverPixels(sums, groups, pixels, [&](int group, int p, float* own) {
        auto four = outputs.of(group, p);
        auto pivots = outputs.of(group, 0);
        store(target + (group * pixels + p) * GROUP, four);
#pragma unroll
        for (int i = 0; i < GROUP; i++) {
            float distance = four.values[i] - pivots.values[i];
            own[i] += distance;
            own[GROUP + i] = fmaf(distance, distance, own[GROUP + i]);
        }
    });
    int c = static_cast<int>(threadIdx.x);
    if (moments != nullptr && c < channels) {
        int group = c / GROUP;
        double distances = pixelSum(sums, groups, group, c % GROUP);
        double mean = distances / pixels;
        double within = pixelSum(sums, groups, group, GROUP + c % GROUP) - distances * mean;
        moments[static_cast<long long>(c) * gridDim.x + blockIdx.x] = {
            static_cast<float>(outputs.of(group, 0).values[c % GROUP] + mean),
            static_cast<float>(within < 0.0 ? 0.0 : within)};
    }
}

// The first unit: from the bytes of the dataset, distorted and normalised. Training takes image
// order[step * batch + block]; evaluation, where order is null, image from + block, and black beyond count.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) first_unit_forward(
    float* __restrict__ z,                      // [samples, groups, outHeight * outWidth, 4]  out, raw
    Moments* __restrict__ moments,              // [channels, samples]       out; null in an evaluation
    float* __restrict__ x,                      // [samples, height, width]  out: the input, for backward
    const unsigned char* __restrict__ images,   // [count, height, width]    the dataset
    const int* __restrict__ order,              // [samples of the epoch]    each in [0, count)
    const Step* __restrict__ step,
    const float* weights,                       // arranged
    int from, int count, int batch, int height, int width,
    unsigned long long seed,
    double rotation, double scale, double shear, double shift,  // as load_batch
    float mean, float deviation,
    int channels, int kernel, int padding,
    int tile, int shares) {                     // as Tiling
    SharedMemory shared;
    Distortion& distortion = *reinterpret_cast<Distortion*>(shared.take(sizeof(Distortion) / sizeof(float)));
    int taps = kernel * kernel;
    float* staged = shared.take(groupsOf(channels) * taps * GROUP);
    Planes planes(shared, 1, 1, height, width, padding);
    bool trains = order != nullptr;
    int n = static_cast<int>(blockIdx.x);
    int index = trains ? order[static_cast<long long>(step->step) * batch + n] : from + n;
    bool black = !trains && n >= count;
    bool distorts = trains && (rotation != 0.0 || scale != 0.0 || shear != 0.0 || shift != 0.0);
    if (threadIdx.x == 0 && distorts) {
        distortion = drawDistortion(*step, seed, n, rotation, scale, shear, shift);
    }
    if (padding > 0) {
        planes.clear<1>(1);
    }
    __syncthreads();
    const unsigned char* image = images + static_cast<long long>(index) * height * width;
    float factor = 1.0f / (255.0f * deviation);
    float offset = -mean / deviation;
    forEachPixel(1, height, width, [&](int, int row, int column) {
        float value = black ? 0.0f
            : distorts      ? sampled(image, distortion, row, column, height, width)
                            : static_cast<float>(image[row * width + column]);
        value = value * factor + offset;
        *planes.at<1>(0, row + padding, column + padding) = value;
        if (trains) {
            x[(static_cast<long long>(n) * height + row) * width + column] = value;
        }
    });
    awaitLaunchBefore();
    stageWeights(staged, Idle(0), weights, groupsOf(channels) * taps * GROUP);
    __syncthreads();
    finishForward<1>(
        z, moments, shared, planes, 1, staged, channels, kernel, height + 2 * padding - kernel + 1,
        width + 2 * padding - kernel + 1, {tile, shares});
}

// Every other unit, from the raw output of the one before it.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) unit_forward(
    float* __restrict__ z,                 // [samples, groups, outHeight * outWidth, 4]  out, raw
    Moments* __restrict__ moments,         // [channels, samples]  out; null in an evaluation
    const float* x,                        // [samples, inGroups, inHeight * inWidth, 4]  raw, of the unit before
    const Moments* inMoments, float* __restrict__ saved, float* __restrict__ runningMean,
    float* __restrict__ runningVariance, const float* __restrict__ scale, const float* __restrict__ shift,
    double epsilon, double momentum, double perEntry, double perPixel,  // all of the unit before, as Norm
    int inChannels, int inHeight, int inWidth,
    int pool,                              // side and stride of the window behind it, 1 where there is none
    const Step* __restrict__ step,         // not read where threshold is 0
    unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // as batch_norm_forward
    const float* __restrict__ weights,     // arranged
    int entries, int channels, int kernel, int padding,
    int tile, int shares) {                // as Tiling
    SharedMemory shared;
    int height = inHeight / pool;
    int width = inWidth / pool;
    int taps = kernel * kernel;
    int inGroups = groupsOf(inChannels);
    int weightCount = groupsOf(channels) * inGroups * taps * GROUP * GROUP;
    float* staged = shared.take(weightCount);
    Normals normals(shared, inChannels);
    Planes planes(shared, inGroups, GROUP, height, width, padding);
    Kept kept(shared, DropoutMask(step, seed, layer, threshold, dropsChannels), keptScale, inChannels, height * width);
    const float* image = x + static_cast<long long>(blockIdx.x) * inGroups * inHeight * inWidth * GROUP;
    stageWeights(staged, Idle(inChannels), weights, weightCount);
    awaitLaunchBefore();
    Norm{inMoments, saved, runningMean, runningVariance, scale, shift, epsilon, momentum, perEntry, perPixel}
        .prepare(normals, inChannels, entries);
    if (padding > 0) {
        planes.clear<GROUP>(inGroups);
    }
    __syncthreads();
    activate(planes, UnitTail{image, normals, inChannels, inHeight, inWidth, pool}, kept);
    __syncthreads();
    finishForward<GROUP>(
        z, moments, shared, planes, inGroups, staged, channels, kernel, height + 2 * padding - kernel + 1,
        width + 2 * padding - kernel + 1, {tile, shares});
}
