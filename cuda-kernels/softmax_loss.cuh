// Softmax and cross-entropy: loss, gradient and number of correct answers in one pass over the logits.
//
//   p[n,k]       = exp(z[n,k]) / sum_j exp(z[n,j])
//   t[n,k]       = (1 - s) [k == label[n]] + s / classes
//   loss         = - sum_n sum_k t[n,k] log p[n,k]              nats, summed over the step
//   dLogits[n,k] = (p[n,k] - t[n,k]) / samples                  of the mean over the step
//
// Exponents are taken after the largest logit, whose own exponential, 1, stays out of the sum: log1p of the others
// keeps the digits of a small loss. A logit that is NaN or +infinity makes its sample's loss and gradient NaN.

// One thread a sample, in one block: ten classes are too few to share out, and one block sums in a fixed order
// without a second launch.
//
// Grid: one block; blockDim.x a multiple of 32, at most 1024; samples rounded up is a good choice.
// Limits: classes 1..256, for labels are bytes.
extern "C" __global__ void __launch_bounds__(1024) KERNEL(softmax_loss)(
    T* dLogits,                                // [samples, classes]     out; may be logits
    double* __restrict__ lossSums,             // [steps of the epoch]   out: element step->step
    int* __restrict__ correct,                 // [steps of the epoch]   out: element step->step
    const T* logits,                           // [samples, classes]
    const unsigned char* __restrict__ labels,  // [samples]              each in [0, classes)
    const Step* __restrict__ step,
    float smoothing,                           // s, 0 <= s < 1
    int samples, int classes) {
    float off = smoothing / static_cast<float>(classes);
    float on = 1.0f - smoothing + off;
    double loss = 0.0;
    double hits = 0.0;
    for (int n = static_cast<int>(threadIdx.x); n < samples; n += static_cast<int>(blockDim.x)) {
        const T* z = logits + static_cast<long long>(n) * classes;
        T* dz = dLogits + static_cast<long long>(n) * classes;
        int label = labels[n];
        int best = 0;
        float largest = toFloat(z[0]);
        for (int k = 1; k < classes; k++) {
            float logit = toFloat(z[k]);
            if (logit > largest) {
                largest = logit;
                best = k;
            }
        }
        float others = 0.0f;
        float target = 0.0f;
        for (int k = 0; k < classes; k++) {
            float distance = toFloat(z[k]) - largest;
            others += k == best ? distance : expf(distance);  // the best's is 0, or NaN where it is infinite
            target += (k == label ? on : off) * distance;
        }
        loss += log1pf(others) - target;
        hits += best == label ? 1.0 : 0.0;
        for (int k = 0; k < classes; k++) {
            float probability = expf(toFloat(z[k]) - largest) / (1.0f + others);
            store(&dz[k], (probability - (k == label ? on : off)) / static_cast<float>(samples));
        }
    }
    Pair sum = blockSum(loss, hits);
    if (threadIdx.x == 0) {
        lossSums[step->step] = sum.first;
        correct[step->step] = static_cast<int>(sum.second);
    }
}
