// ReLU, dropout, or both in one pass, where they do not follow a batch normalisation (whose kernels do them too).
//
//   forward    y  = max(x, 0) / (1 - rate) where kept, else 0
//   backward   dx = dy / (1 - rate) where kept and x > 0, else 0
//
// With ReLU, kept and positive is just where y is positive, so backward draws nothing; without, it draws the mask
// again. A thread does the eight neighbours whose mask is one Philox block.

constexpr int PIECE = 8;

// Calls operation(sample, channel, first, count, at) for pieces of at most eight neighbours that one draw serves:
// elements first ..< first + count of the sample, which stand at `at` in the batch. A piece that starts at a multiple
// of 8 in the batch has eight of them wherever `whole`.
struct Pieces {
    int rows, elements, channels;

    // Where whole channels are dropped, a row is a channel; else it is a sample.
    __device__ Pieces(int samples, int channels, int pixels, int dropsChannels)
        : rows(dropsChannels != 0 ? samples * channels : samples),
          elements(dropsChannels != 0 ? pixels : channels * pixels),
          channels(dropsChannels != 0 ? channels : 1) {}

    __device__ bool whole() const {
        return elements % PIECE == 0;
    }

    template <typename Operation>
    __device__ void forEach(Operation operation) const {
        forEachPiece(rows, (elements + PIECE - 1) / PIECE, [&](int row, int piece) {
            int first = piece * PIECE;
            int count = elements - first < PIECE ? elements - first : PIECE;
            operation(row / channels, row % channels, first, count, static_cast<long long>(row) * elements + first);
        });
    }
};

// Grid-stride, over the pieces: samples * ceil(channels * pixels / 8), or samples * channels * ceil(pixels / 8) where
// whole channels are dropped. x and y are aligned to 32 bytes.
extern "C" __global__ void KERNEL(activation_forward)(
    T* y,                     // [samples, channels, pixels]  out; may be x
    const T* x,               // [samples, channels, pixels]
    const Step* __restrict__ step,  // not read where threshold is 0
    int relu,                 // 0 or 1
    unsigned long long seed,
    int layer,                // index of the dropout layer in the network
    int threshold,            // round(65536 rate); 0 where nothing is dropped
    float keptScale,          // 1 / (1 - rate); 1 where nothing is dropped
    int dropsChannels,        // 0: elements, 1: channels
    int samples, int channels, int pixels) {
    DropoutMask mask(step, seed, layer, threshold, dropsChannels);
    Pieces pieces(samples, channels, pixels, dropsChannels);
    pieces.forEach([&](int n, int channel, int first, int count, long long at) {
        unsigned kept = mask.kept(n, channel, first);
        auto value = [&](float v, int i) {
            return (kept >> i & 1u) != 0 ? (relu != 0 ? rectified(v) : v) * keptScale : 0.0f;
        };
        if (pieces.whole()) {
            auto values = load<PIECE>(x + at);
#pragma unroll
            for (int i = 0; i < PIECE; i++) {
                values.values[i] = value(values.values[i], i);
            }
            store(y + at, values);
        } else {
#pragma unroll 1
            for (int i = 0; i < count; i++) {
                store(&y[at + i], value(toFloat(x[at + i]), i));
            }
        }
    });
}

// Grid as forward. All three are aligned to 32 bytes.
extern "C" __global__ void KERNEL(activation_backward)(
    T* dx,                    // [samples, channels, pixels]  out; may be dy
    const T* dy,              // [samples, channels, pixels]
    const T* __restrict__ y,  // [samples, channels, pixels]  what forward gave; not read without relu
    const Step* __restrict__ step,
    int relu, unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // as forward
    int samples, int channels, int pixels) {
    DropoutMask mask(step, seed, layer, relu != 0 ? 0 : threshold, dropsChannels);
    Pieces pieces(samples, channels, pixels, dropsChannels);
    pieces.forEach([&](int n, int channel, int first, int count, long long at) {
        unsigned kept = mask.kept(n, channel, first);
        if (pieces.whole()) {
            auto values = load<PIECE>(dy + at);
            auto outputs = relu != 0 ? load<PIECE>(y + at) : values;
#pragma unroll
            for (int i = 0; i < PIECE; i++) {
                bool passes = relu != 0 ? outputs.values[i] > 0.0f : (kept >> i & 1u) != 0;
                values.values[i] = passes ? values.values[i] * keptScale : 0.0f;
            }
            store(dx + at, values);
        } else {
#pragma unroll 1
            for (int i = 0; i < count; i++) {
                bool passes = relu != 0 ? toFloat(y[at + i]) > 0.0f : (kept >> i & 1u) != 0;
                store(&dx[at + i], passes ? toFloat(dy[at + i]) * keptScale : 0.0f);
            }
        }
    });
}
