// Batch normalisation and what may follow it in the same pass: ReLU, max pooling with stride = window, dropout.
//
//   mu = sum x / N, var = sum (x - mu)^2 / N             over N = samples * pixels, one channel
//   y  = dropout(pool(relu(gamma (x - mu) / sqrt(var + epsilon) + beta)))
//   running_mean <- (1 - m) running_mean + m mu
//   running_var  <- (1 - m) running_var  + m var N / (N - 1)          with N = 1: var
//
// A batch meets once a direction, so there are two launches: batch_norm_sums, a pair of sums a block, and
// batch_norm_forward, in which every block adds up its channel's pairs itself, which costs less than a launch between.
// Everything behind the normalisation is fused because it would move the largest tensors of the network through
// memory once more each.
//
// Grid of all kernels here and in batch_norm_backward.cuh: (slices, channels) blocks of 256 threads. As a function of
// the shape alone, slices = clamp(samples * pixels / 8192, 1, 32) is a good choice: the order of the sums, and so
// their last bits, depend on it. Tensors of activations are aligned to 16 bytes.

// Bounds of (NORM_THREADS, 4) ration 64 registers a thread: left to themselves, some versions of ptxas spill a few.
constexpr int NORM_THREADS = 256;

// Sums of the deviations from the channel's first element, and of their squares. Near that pivot, unlike near 0, the
// variance is not lost as the difference of two large numbers.
extern "C" __global__ void __launch_bounds__(NORM_THREADS, 4) KERNEL(batch_norm_sums)(
    Pair* __restrict__ sums,  // [channels, slices]           out, 16 bytes each
    const T* __restrict__ x,  // [samples, channels, pixels]
    int samples, int channels, int pixels) {
    int c = static_cast<int>(blockIdx.y);
    const T* channel = x + static_cast<long long>(c) * pixels;
    long long elements = static_cast<long long>(channels) * pixels;
    float pivot = toFloat(channel[0]);
    float sum = 0.0f;
    float squares = 0.0f;
    auto add = [&](float value) {
        float deviation = value - pivot;
        sum += deviation;
        squares = fmaf(deviation, deviation, squares);
    };
    if (pixels % NEIGHBOURS == 0) {
        forEachPiece(samples, pixels / NEIGHBOURS, [&](int n, int piece) {
            auto values = load<NEIGHBOURS>(channel + n * elements + piece * NEIGHBOURS);
#pragma unroll
            for (int i = 0; i < NEIGHBOURS; i++) {
                add(values.values[i]);
            }
        });
    } else {
        forEachPiece(samples, pixels, [&](int n, int p) { add(toFloat(channel[n * elements + p])); });
    }
    Pair total = blockSum(sum, squares);
    if (threadIdx.x == 0) {
        sums[c * gridDim.x + blockIdx.x] = total;
    }
}

// y from x by a known scale and shift.
__device__ inline void normalize(
    T* y, const T* x, const Normal& normal, const Tail& tail, int pool, int samples, int channels, int height,
    int width) {
    int c = static_cast<int>(blockIdx.y);
    withPooling(pool, height, width, [&](auto pooling) {
        constexpr int N = decltype(pooling)::N;
        int outPixels = pooling.outPixels();
        forEachPiece(samples, outPixels / N, [&](int n, int piece) {
            long long plane = static_cast<long long>(n) * channels + c;
            int from = piece * N;
            auto values = pooling.winners(x + plane * height * width, from, normal);
            unsigned kept = tail.mask.kept(n, c, c * outPixels + from);
#pragma unroll
            for (int i = 0; i < N; i++) {
                values.values[i] = tail.forward(normal.of(values.values[i]), (kept >> i & 1u) != 0);
            }
            store(y + plane * outPixels + from, values);
        });
    });
}

// Training. Block 0 of a channel also moves its running statistics and keeps what backward needs.
extern "C" __global__ void __launch_bounds__(NORM_THREADS, 4) KERNEL(batch_norm_forward)(
    T* __restrict__ y,                    // [samples, channels, height / pool, width / pool]  out
    float* __restrict__ saved,            // [2, channels]               out: mu, 1 / sqrt(var + epsilon)
    float* __restrict__ runningMean,      // [channels]                  in, out
    float* __restrict__ runningVariance,  // [channels]                  in, out
    const T* __restrict__ x,              // [samples, channels, height, width]
    const Pair* __restrict__ sums,        // [channels, slices]          of batch_norm_sums
    const float* __restrict__ scale,      // [channels]                  gamma
    const float* __restrict__ shift,      // [channels]                  beta
    const Step* __restrict__ step,        // not read where threshold is 0
    int slices,                           // those of batch_norm_sums
    double epsilon, double momentum,      // m, the weight of this batch
    int relu,                             // 0 or 1
    int pool,                             // side and stride of the pooling window, 1 where there is none
    unsigned long long seed, int layer,   // of the dropout: layer is its index in the network
    int threshold,                        // round(65536 rate); 0 where nothing is dropped
    float keptScale,                      // 1 / (1 - rate); 1 where nothing is dropped
    int dropsChannels,                    // 0: elements, 1: channels
    int samples, int channels, int height, int width) {
    __shared__ Normal shared;
    int c = static_cast<int>(blockIdx.y);
    if (threadIdx.x < WARP) {
        Pair total = sliceSum(sums + c * slices, slices);
        if (threadIdx.x == 0) {
            double count = static_cast<double>(samples) * height * width;
            double distance = total.first / count;  // of the mean from the pivot
            double variance = total.second / count - distance * distance;
            variance = variance < 0.0 ? 0.0 : variance;  // rounding alone can do that; NaN stays
            double mean = toFloat(x[static_cast<long long>(c) * height * width]) + distance;
            float inverse = 1.0f / sqrtf(static_cast<float>(variance + epsilon));
            shared = {static_cast<float>(mean), scale[c] * inverse, shift[c]};
            if (blockIdx.x == 0) {
                saved[c] = shared.mean;
                saved[channels + c] = inverse;
                double unbiased = count > 1.0 ? variance * count / (count - 1.0) : variance;
                runningMean[c] = static_cast<float>((1.0 - momentum) * runningMean[c] + momentum * mean);
                runningVariance[c] = static_cast<float>((1.0 - momentum) * runningVariance[c] + momentum * unbiased);
            }
        }
    }
    __syncthreads();
    Tail tail{relu != 0, keptScale, DropoutMask(step, seed, layer, threshold, dropsChannels)};
    normalize(y, x, shared, tail, pool, samples, channels, height, width);
}

// Evaluation: by running statistics, nothing dropped. An image's result depends on nothing but the image.
extern "C" __global__ void __launch_bounds__(NORM_THREADS, 4) KERNEL(batch_norm_infer)(
    T* __restrict__ y,                          // [samples, channels, height / pool, width / pool]  out
    const T* __restrict__ x,                    // [samples, channels, height, width]
    const float* __restrict__ runningMean,      // [channels]
    const float* __restrict__ runningVariance,  // [channels]
    const float* __restrict__ scale,            // [channels]  gamma
    const float* __restrict__ shift,            // [channels]  beta
    double epsilon, int relu, int pool,         // as forward
    int samples, int channels, int height, int width) {
    int c = static_cast<int>(blockIdx.y);
    float inverse = 1.0f / sqrtf(runningVariance[c] + static_cast<float>(epsilon));
    Normal normal{runningMean[c], scale[c] * inverse, shift[c]};
    Tail tail{relu != 0, 1.0f, DropoutMask(nullptr, 0, 0, 0, 0)};
    normalize(y, x, normal, tail, pool, samples, channels, height, width);
}
