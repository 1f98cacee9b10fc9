// Units forward. A launch finishes the unit before it (normalises its raw output, by the batch or for evaluation by
// running statistics) on the way into shared memory, and convolves.

// Over the batch, of one channel, in every lane of the calling team. Every image has the same number of pixels.
struct BatchMoments {
    double mean, variance;

    __device__ BatchMoments(
        const Moments* moments,  // [samples]
        int samples, int pixels) {
        double pivot = moments[0].mean;
        double perImage = 1.0 / samples;
        double perPixel = 1.0 / (static_cast<double>(samples) * pixels);
        double distances = 0.0, distanceSquares = 0.0, squares = 0.0;
#pragma unroll 8
        for (int n = teamLane(); n < samples; n += TEAM) {
            Moments image = moments[n];
            double distance = image.mean - pivot;
            distances += distance;
            distanceSquares += distance * distance;
            squares += image.squares;
        }
        distances = teamSum(distances);
        distanceSquares = teamSum(distanceSquares);
        squares = teamSum(squares);
        double between = distanceSquares - distances * distances * perImage;
        mean = pivot + distances * perImage;
        variance = (squares + pixels * (between < 0.0 ? 0.0 : between)) * perPixel;
    }
};

// How a unit normalises.
struct Norm {
    const Moments* moments;  // [channels, samples]  null: by the running statistics
    float* saved;            // [2, channels]        out: mu, 1 / sqrt(var + epsilon)
    float* runningMean;      // [channels]           in, and out where there are moments
    float* runningVariance;  // [channels]           in, and out where there are moments
    const float* scale;      // [channels]           gamma
    const float* shift;      // [channels]           beta
    double epsilon, momentum;

    // Block 0 moves the running statistics and keeps what backward needs.
    __device__ void prepare(const Normals& normals, int channels, int samples, int pixels) const {
        forEachChannel(channels, [&](int c) {
            bool fillsUp = c >= channels;
            if (moments == nullptr) {
                if (teamLane() == 0) {
                    normals.set(c, fillsUp ? Normal{0.0f, 0.0f, 0.0f} : byRunningStatistics(c));
                }
                return;
            }
            BatchMoments batch(moments + static_cast<long long>(fillsUp ? 0 : c) * samples, samples, pixels);
            if (teamLane() == 0) {
                float mean = static_cast<float>(batch.mean);
                float inverse = 1.0f / sqrtf(static_cast<float>(batch.variance + epsilon));
                normals.set(c, fillsUp ? Normal{0.0f, 0.0f, 0.0f} : Normal{mean, scale[c] * inverse, shift[c]});
                if (blockIdx.x == 0 && !fillsUp) {
                    saved[c] = mean;
                    saved[channels + c] = inverse;
                    double count = static_cast<double>(samples) * pixels;
                    double unbiased = count > 1.0 ? batch.variance * count / (count - 1.0) : batch.variance;
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

// Keeps a convolution's output in shared memory.
struct OutputSink {
    float* out;  // [groups, height * width, 4]
    int height, width;

    __device__ void begin(int, int) {}

    __device__ void put(int group, int row, int column, const Floats<GROUP>& four) {
        store(out + ((group * height + row) * width + column) * GROUP, four);
    }

    __device__ void end(int, int) {}
};

// The moments of this image. Every warp takes part of a group's pixels; there are at least as many warps as groups.
__device__ inline void leaveMoments(
    Moments* moments,  // [channels, samples]  out
    float* sums,       // [warps, 2, 4]        shared: of distances from a group's first pixel, and of their squares
    const float* out,  // [groups, pixels, 4]
    int channels, int pixels) {
    constexpr int SUMS = 2 * GROUP;
    int groups = groupsOf(channels);
    int parts = static_cast<int>(blockDim.x) / WARP / groups;
    int warp = static_cast<int>(threadIdx.x) / WARP;
    if (warp < parts * groups) {
        const float* plane = out + warp % groups * pixels * GROUP;
        auto pivots = load<GROUP>(plane);
        float own[SUMS] = {};
        for (int p = warp / groups * WARP + static_cast<int>(threadIdx.x) % WARP; p < pixels; p += parts * WARP) {
            auto four = load<GROUP>(plane + p * GROUP);
#pragma unroll
            for (int i = 0; i < GROUP; i++) {
                float distance = four.values[i] - pivots.values[i];
                own[i] += distance;
                own[GROUP + i] = fmaf(distance, distance, own[GROUP + i]);
            }
        }
        static_assert(shareOf<WARP, SUMS>() == 1);
        int at = shareOut<WARP, SUMS>(own);
        if (at >= 0) {
            sums[warp * SUMS + at] = own[0];
        }
    }
    __syncthreads();
    for (int c = static_cast<int>(threadIdx.x); c < channels; c += static_cast<int>(blockDim.x)) {
        int group = c / GROUP;
        double sum = 0.0, square = 0.0;
        for (int part = 0; part < parts; part++) {
            const float* of = sums + (part * groups + group) * SUMS + c % GROUP;
            sum += of[0];
            square += of[GROUP];
        }
        double mean = sum / pixels;
        double within = square - sum * mean;
        moments[static_cast<long long>(c) * gridDim.x + blockIdx.x] = {
            static_cast<float>(out[group * pixels * GROUP + c % GROUP] + mean),
            static_cast<float>(within < 0.0 ? 0.0 : within)};
    }
}

// Convolves what is in shared memory. All threads have met since.
template <int IN>
__device__ inline void finishForward(
    float* z, Moments* moments, SharedMemory& shared, const Planes& planes, int inGroups, const float* weights,
    int channels, int kernel, int height, int width, int tile) {
    int groups = groupsOf(channels);
    int pixels = height * width;
    float* out = shared.take(groups * pixels * GROUP);
    float* sums = shared.take(static_cast<int>(blockDim.x) / WARP * 2 * GROUP);
    correlateTiles<IN>(
        kernel, tile, planes, inGroups, weights, groups, height, width, OutputSink{out, height, width});
    __syncthreads();
    float* target = z + static_cast<long long>(blockIdx.x) * groups * pixels * GROUP;
    for (int i = static_cast<int>(threadIdx.x); i < groups * pixels; i += static_cast<int>(blockDim.x)) {
        store(target + i * GROUP, load<GROUP>(out + i * GROUP));
    }
    if (moments != nullptr) {
        leaveMoments(moments, sums, out, channels, pixels);
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
    const float* __restrict__ weights,          // [channels, 1, kernel, kernel]
    int from, int count, int batch, int height, int width,
    unsigned long long seed,
    double rotation, double scale, double shear, double shift,  // as load_batch
    float mean, float deviation,
    int channels, int kernel, int padding, int tile) {
    SharedMemory shared;
    __shared__ Distortion distortion;
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
    stageWeights<1>(staged, Idle(0), weights, channels, 1, taps, taps, taps, false);
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
    __syncthreads();
    finishForward<1>(
        z, moments, shared, planes, 1, staged, channels, kernel, height + 2 * padding - kernel + 1,
        width + 2 * padding - kernel + 1, tile);
}

// Every other unit, from the raw output of the one before it.
extern "C" __global__ void __launch_bounds__(UNIT_THREADS, 1) unit_forward(
    float* __restrict__ z,                 // [samples, groups, outHeight * outWidth, 4]  out, raw
    Moments* __restrict__ moments,         // [channels, samples]  out; null in an evaluation
    const float* __restrict__ x,           // [samples, inGroups, inHeight * inWidth, 4]  raw, of the unit before
    const Moments* __restrict__ inMoments, float* __restrict__ saved, float* __restrict__ runningMean,
    float* __restrict__ runningVariance, const float* __restrict__ scale, const float* __restrict__ shift,
    double epsilon, double momentum,       // all of the unit before, as Norm
    int inChannels, int inHeight, int inWidth,
    int pool,                              // side and stride of the window behind it, 1 where there is none
    const Step* __restrict__ step,         // not read where threshold is 0
    unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // as batch_norm_forward
    const float* __restrict__ weights,     // [channels, inChannels, kernel, kernel]
    int samples, int channels, int kernel, int padding, int tile) {
    SharedMemory shared;
    int height = inHeight / pool;
    int width = inWidth / pool;
    int taps = kernel * kernel;
    int inGroups = groupsOf(inChannels);
    float* staged = shared.take(groupsOf(channels) * inGroups * taps * GROUP * GROUP);
    Normals normals(shared, inChannels);
    Planes planes(shared, inGroups, GROUP, height, width, padding);
    Kept kept(shared, DropoutMask(step, seed, layer, threshold, dropsChannels), keptScale, inChannels, height * width);
    stageWeights<GROUP>(staged, Idle(inChannels), weights, channels, inChannels, taps, inChannels * taps, taps, false);
    Norm{inMoments, saved, runningMean, runningVariance, scale, shift, epsilon, momentum}.prepare(
        normals, inChannels, samples, inHeight * inWidth);
    if (padding > 0) {
        planes.clear<GROUP>(inGroups);
    }
    __syncthreads();
    const float* image = x + static_cast<long long>(blockIdx.x) * inGroups * inHeight * inWidth * GROUP;
    activate(planes, UnitTail{image, normals, inChannels, inHeight, inWidth, pool}, kept);
    __syncthreads();
    finishForward<GROUP>(
        z, moments, shared, planes, inGroups, staged, channels, kernel, height + 2 * padding - kernel + 1,
        width + 2 * padding - kernel + 1, tile);
}
