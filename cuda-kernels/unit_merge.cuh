// Between units, in steps of many images. Every block of a unit adds up what the images before have left, so that the
// time for it grows with the square of their number; these launches leave one entry a channel instead.
//
// Grid: one block a channel; blocks of 256 threads.

// As BatchMoments combines them.
extern "C" __global__ void __launch_bounds__(256) merge_moments(
    Moments* __restrict__ merged,  // [channels]           out
    const Moments* moments,        // [channels, samples]
    int samples, int pixels) {     // of one image's channel
    awaitLaunchBefore();
    const Moments* images = moments + static_cast<long long>(blockIdx.x) * samples;
    float pivot = images[0].mean;
    double distances = 0.0, squares = 0.0;
    for (int n = static_cast<int>(threadIdx.x); n < samples; n += static_cast<int>(blockDim.x)) {
        double distance = images[n].mean - pivot;
        distances += distance;
        squares += images[n].squares + pixels * distance * distance;
    }
    Pair sum = blockSum(distances, squares);
    if (threadIdx.x == 0) {
        double mean = sum.first / samples;
        double within = sum.second - pixels * sum.first * mean;
        merged[blockIdx.x] = {static_cast<float>(pivot + mean), static_cast<float>(within < 0.0 ? 0.0 : within)};
    }
}

extern "C" __global__ void __launch_bounds__(256) merge_gradient_sums(
    GradientSums* __restrict__ merged,  // [channels]           out
    const GradientSums* sums,           // [channels, samples]
    int samples) {
    awaitLaunchBefore();
    const GradientSums* images = sums + static_cast<long long>(blockIdx.x) * samples;
    double gradients = 0.0, products = 0.0;
    for (int n = static_cast<int>(threadIdx.x); n < samples; n += static_cast<int>(blockDim.x)) {
        gradients += images[n].gradients;
        products += images[n].products;
    }
    Pair sum = blockSum(gradients, products);
    if (threadIdx.x == 0) {
        merged[blockIdx.x] = {static_cast<float>(sum.first), static_cast<float>(sum.second)};
    }
}
