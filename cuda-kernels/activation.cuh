// ReLU, dropout, or both in one pass, where they do not follow a batch normalisation (whose kernels do them too).
//
//   forward    y  = max(x, 0) / (1 - rate) where kept, else 0
//   backward   dx = dy / (1 - rate) where kept and x > 0, else 0
//
// With ReLU, kept and positive is just where y is positive, so backward draws nothing; without, it draws the mask
// again. A thread does the eight neighbours whose mask is one Philox block.

constexpr int ELEMENTS_OF_A_THREAD = 8;

template <typename Operation>
__device__ inline void forEachOfSamples(int samples, int elements, Operation operation) {
    int pieces = (elements + ELEMENTS_OF_A_THREAD - 1) / ELEMENTS_OF_A_THREAD;
    long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
    long long first = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    for (long long i = first; i < static_cast<long long>(samples) * pieces; i += stride) {
        int n = static_cast<int>(i / pieces);
        int from = static_cast<int>(i % pieces) * ELEMENTS_OF_A_THREAD;
        operation(n, from, static_cast<long long>(n) * elements + from);
    }
}

// Grid-stride, over samples * ceil(elements / 8).
extern "C" __global__ void KERNEL(activation_forward)(
    T* y,                     // [samples, elements]  out; may be x
    const T* x,               // [samples, elements]
    const Step* __restrict__ step,
    int relu,                 // 0 or 1
    unsigned long long seed,
    int layer,                // index of the dropout layer in the network
    int threshold,            // round(65536 rate); 0 where nothing is dropped
    float keptScale,          // 1 / (1 - rate); 1 where nothing is dropped
    int unit,                 // neighbours that share a decision: 1, or the pixels of a channel
    int samples, int elements) {
    DropoutMask mask(step, seed, layer, threshold);
    forEachOfSamples(samples, elements, [&](int n, int from, long long at) {
        mask.ofSample(n);
        auto value = [&](float v, int element) {
            float passed = relu != 0 ? rectified(v) : v;
            return mask.keeps(static_cast<unsigned>(element / unit)) ? passed * keptScale : 0.0f;
        };
        if (elements % ELEMENTS_OF_A_THREAD == 0) {
            auto floats = load<ELEMENTS_OF_A_THREAD>(x + at);
#pragma unroll
            for (int i = 0; i < ELEMENTS_OF_A_THREAD; i++) {
                floats.values[i] = value(floats.values[i], from + i);
            }
            store(y + at, floats);
            return;
        }
        for (int i = 0; i < ELEMENTS_OF_A_THREAD && from + i < elements; i++) {
            store(&y[at + i], value(toFloat(x[at + i]), from + i));
        }
    });
}

// Grid-stride, over samples * ceil(elements / 8).
extern "C" __global__ void KERNEL(activation_backward)(
    T* dx,                    // [samples, elements]  out; may be dy
    const T* dy,              // [samples, elements]
    const T* __restrict__ y,  // [samples, elements]  what forward gave; not read without relu
    const Step* __restrict__ step,
    int relu, unsigned long long seed, int layer, int threshold, float keptScale, int unit,  // as forward
    int samples, int elements) {
    DropoutMask mask(step, seed, layer, relu != 0 ? 0 : threshold);
    forEachOfSamples(samples, elements, [&](int n, int from, long long at) {
        mask.ofSample(n);
        for (int i = 0; i < ELEMENTS_OF_A_THREAD && from + i < elements; i++) {
            bool passes = relu != 0 ? toFloat(y[at + i]) > 0.0f
                                    : mask.keeps(static_cast<unsigned>((from + i) / unit));
            store(&dx[at + i], passes ? toFloat(dy[at + i]) * keptScale : 0.0f);
        }
    });
}
