// The gradient of batch normalisation and of what was fused behind it. With g the gradient at the normalisation's
// output, which dropout, pooling and ReLU let through of dy (computed anew from x: no mask, no y, no indices stored):
//
//   dShift = sum g        dScale = sum g x^         x^ = (x - mu) / sqrt(var + epsilon)
//   dx     = gamma / sqrt(var + epsilon) (g - dShift / N - x^ dScale / N)
//
// Two launches, as forward; grid, slices and alignment as there.

// What forward computed the channel with.
__device__ inline Normal savedNormal(const float* saved, const float* scale, const float* shift, int c, int channels) {
    return {saved[c], scale[c] * saved[channels + c], shift[c]};
}

extern "C" __global__ void __launch_bounds__(NORM_THREADS, 4) KERNEL(batch_norm_backward_sums)(
    Pair* __restrict__ sums,          // [channels, slices]  out, 16 bytes each: sum g, sum g (x - mu)
    const T* __restrict__ dy,         // [samples, channels, height / pool, width / pool]
    const T* __restrict__ x,          // [samples, channels, height, width]
    const float* __restrict__ saved,  // [2, channels]       of batch_norm_forward
    const float* __restrict__ scale,  // [channels]          gamma
    const float* __restrict__ shift,  // [channels]          beta
    const Step* __restrict__ step,    // not read where threshold is 0
    int relu, int pool, unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,
    int samples, int channels, int height, int width) {  // all as forward
    int c = static_cast<int>(blockIdx.y);
    Normal normal = savedNormal(saved, scale, shift, c, channels);
    Tail tail{relu != 0, keptScale, DropoutMask(step, seed, layer, threshold, dropsChannels)};
    float sum = 0.0f;
    float product = 0.0f;
    withPooling(pool, height, width, [&](auto pooling) {
        constexpr int N = decltype(pooling)::N;
        int outPixels = pooling.outPixels();
        forEachPiece(samples, outPixels / N, [&](int n, int piece) {
            long long plane = static_cast<long long>(n) * channels + c;
            int from = piece * N;
            auto gradients = load<N>(dy + plane * outPixels + from);
            auto raw = pooling.winners(x + plane * height * width, from, normal);
            unsigned kept = tail.mask.kept(n, c, c * outPixels + from);
#pragma unroll
            for (int i = 0; i < N; i++) {
                float g = tail.backward(gradients.values[i], normal.of(raw.values[i]), (kept >> i & 1u) != 0);
                sum += g;
                product = fmaf(raw.values[i] - normal.mean, g, product);
            }
        });
    });
    Pair total = blockSum(sum, product);
    if (threadIdx.x == 0) {
        sums[c * gridDim.x + blockIdx.x] = total;
    }
}

// dx = scale (g - meanGradient) + slope (x - mean), a channel each.
struct Slope {
    float meanGradient, slope;

    __device__ float of(float g, float x, const Normal& normal) const {
        return fmaf(g - meanGradient, normal.scale, (x - normal.mean) * slope);
    }
};

// Without pooling: element by element, so that dx may be dy.
template <int N>
__device__ inline void spreadGradient(
    T* dx, const T* dy, const T* x, const Normal& normal, const Slope& slope, const Tail& tail, int samples,
    int channels, int pixels) {
    int c = static_cast<int>(blockIdx.y);
    forEachPiece(samples, pixels / N, [&](int n, int piece) {
        int from = piece * N;
        long long at = (static_cast<long long>(n) * channels + c) * pixels + from;
        auto values = load<N>(dy + at);
        auto raw = load<N>(x + at);
        unsigned kept = tail.mask.kept(n, c, c * pixels + from);
#pragma unroll
        for (int i = 0; i < N; i++) {
            float g = tail.backward(values.values[i], normal.of(raw.values[i]), (kept >> i & 1u) != 0);
            values.values[i] = slope.of(g, raw.values[i], normal);
        }
        store(dx + at, values);
    });
}

// With pooling, the windows.
template <int SIDE>
__device__ inline void spreadToWindows(
    T* dx, const T* dy, const T* x, const Normal& normal, const Slope& slope, const Tail& tail, int samples,
    int channels, const Pooling<1, SIDE>& pooling) {
    int c = static_cast<int>(blockIdx.y);
    int pixels = pooling.height * pooling.width;
    int outPixels = pooling.outPixels();
    forEachPiece(samples, outPixels, [&](int n, int p) {
        long long planeIndex = static_cast<long long>(n) * channels + c;
        const T* plane = x + planeIndex * pixels;
        T* gradients = dx + planeIndex * pixels;
        int corner = pooling.corner(p);
        Winner winner = pooling.winner(plane, p, normal);
        bool kept = (tail.mask.kept(n, c, c * outPixels + p) & 1u) != 0;
        float g = tail.backward(toFloat(dy[planeIndex * outPixels + p]), winner.value, kept);
#pragma unroll Pooling<1, SIDE>::UNROLLED
        for (int row = 0; row < pooling.side; row++) {
#pragma unroll Pooling<1, SIDE>::UNROLLED
            for (int column = 0; column < pooling.side; column++) {
                int at = corner + row * pooling.width + column;
                store(&gradients[at], slope.of(at == winner.at ? g : 0.0f, toFloat(plane[at]), normal));
            }
        }
    });
}

// With pooling, the rows and columns that fill no window: the right margin of the pooled rows, then the rows below.
__device__ inline void spreadToMargin(
    T* dx, const T* x, const Normal& normal, const Slope& slope, int pool, int samples, int channels, int height,
    int width) {
    int c = static_cast<int>(blockIdx.y);
    int pooledHeight = height / pool * pool;
    int pooledWidth = width / pool * pool;
    int rightMargin = width - pooledWidth;
    int besides = pooledHeight * rightMargin;
    int unpooled = height * width - pooledHeight * pooledWidth;
    if (unpooled == 0) {
        return;
    }
    forEachPiece(samples, unpooled, [&](int n, int i) {
        int at = i < besides ? i / rightMargin * width + pooledWidth + i % rightMargin
                             : pooledHeight * width + i - besides;
        long long element = (static_cast<long long>(n) * channels + c) * height * width + at;
        store(&dx[element], slope.of(0.0f, toFloat(x[element]), normal));
    });
}

extern "C" __global__ void __launch_bounds__(NORM_THREADS, 4) KERNEL(batch_norm_backward)(
    T* dx,                            // [samples, channels, height, width]  out; may be dy where pool is 1
    float* __restrict__ dScale,       // [channels]          out
    float* __restrict__ dShift,       // [channels]          out
    const T* dy,                      // [samples, channels, height / pool, width / pool]
    const T* __restrict__ x,          // [samples, channels, height, width]
    const Pair* __restrict__ sums,    // [channels, slices]  of batch_norm_backward_sums
    const float* __restrict__ saved,  // [2, channels]       of batch_norm_forward
    const float* __restrict__ scale,  // [channels]          gamma
    const float* __restrict__ shift,  // [channels]          beta
    const Step* __restrict__ step,    // not read where threshold is 0
    int slices,                       // those of batch_norm_backward_sums
    int relu, int pool, unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,
    int samples, int channels, int height, int width) {  // all as forward
    __shared__ Slope shared;
    int c = static_cast<int>(blockIdx.y);
    Normal normal = savedNormal(saved, scale, shift, c, channels);
    if (threadIdx.x < WARP) {
        Pair total = sliceSum(sums + c * slices, slices);
        if (threadIdx.x == 0) {
            double count = static_cast<double>(samples) * height * width;
            double inverse = saved[channels + c];
            double product = total.second * inverse;
            shared = {
                static_cast<float>(total.first / count),
                static_cast<float>(-normal.scale * inverse * product / count)};
            if (blockIdx.x == 0) {
                dScale[c] = static_cast<float>(product);
                dShift[c] = static_cast<float>(total.first);
            }
        }
    }
    __syncthreads();
    Tail tail{relu != 0, keptScale, DropoutMask(step, seed, layer, threshold, dropsChannels)};
    if (pool > 1) {
        if (pool == 2) {
            spreadToWindows(dx, dy, x, normal, shared, tail, samples, channels, Pooling<1, 2>(pool, height, width));
        } else {
            spreadToWindows(dx, dy, x, normal, shared, tail, samples, channels, Pooling<1, 0>(pool, height, width));
        }
        spreadToMargin(dx, x, normal, shared, pool, samples, channels, height, width);
    } else if (height * width % NEIGHBOURS == 0) {
        spreadGradient<NEIGHBOURS>(dx, dy, x, normal, shared, tail, samples, channels, height * width);
    } else {
        spreadGradient<1>(dx, dy, x, normal, shared, tail, samples, channels, height * width);
    }
}
