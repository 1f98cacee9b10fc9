// The bias of convolutions and, with pixels = 1, of dense layers.

// y += bias[channel]. Grid-stride over samples * channels * pixels.
extern "C" __global__ void KERNEL(add_bias)(
    T* __restrict__ y,               // [samples, channels, pixels]  in, out
    const float* __restrict__ bias,  // [channels]
    int samples, int channels, int pixels) {
    forEachPiece(samples * channels, pixels, [&](int plane, int p) {
        T* at = y + static_cast<long long>(plane) * pixels + p;
        store(at, toFloat(*at) + bias[plane % channels]);
    });
}

// dBias[c] = sum of dy over samples and pixels.
//
// Grid: (1, channels) blocks of 256 threads.
extern "C" __global__ void __launch_bounds__(256) KERNEL(bias_gradient)(
    float* __restrict__ dBias,   // [channels]                   out
    const T* __restrict__ dy,    // [samples, channels, pixels]
    int samples, int channels, int pixels) {
    int c = static_cast<int>(blockIdx.y);
    float sum = 0.0f;
    forEachPiece(samples, pixels, [&](int n, int p) {
        sum += toFloat(dy[(static_cast<long long>(n) * channels + c) * pixels + p]);
    });
    Pair total = blockSum(sum, 0.0f);
    if (threadIdx.x == 0) {
        dBias[c] = static_cast<float>(total.first);
    }
}
