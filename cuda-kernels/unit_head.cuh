// What stands behind the last unit: the mean or the largest of each channel, a dense layer, softmax and the loss, and
// their gradients, in one launch; and the sums over the images of a step, in another.

// The index within a plane of the first largest of a channel, in every lane of the calling team.
__device__ inline int firstLargestOf(const Planes& planes, int c, int height, int width) {
    auto valueAt = [&](int p) { return planes.at<GROUP>(c / GROUP, p / width, p % width)[c % GROUP]; };
    int best = 0;
    float largest = valueAt(0);
    for (int p = teamLane(); p < height * width; p += TEAM) {
        float value = valueAt(p);
        if (value > largest) {
            largest = value;
            best = p;
        }
    }
#pragma unroll
    for (int distance = TEAM / 2; distance > 0; distance /= 2) {
        float value = __shfl_xor_sync(0xFFFFFFFFu, largest, distance);
        int at = __shfl_xor_sync(0xFFFFFFFFu, best, distance);
        if (value > largest || (value == largest && at < best)) {
            largest = value;
            best = at;
        }
    }
    return best;
}

// One image's loss, as softmax_loss has it, by one warp.
struct ImageLoss {
    double loss;
    int correct;

    // dLogits: shared, out; may be logits.
    __device__ ImageLoss(float* dLogits, const float* logits, int classes, int label, float smoothing, int samples) {
        float off = smoothing / static_cast<float>(classes);
        float on = 1.0f - smoothing + off;
        int best = 0;
        float largest = logits[0];
        for (int k = 1; k < classes; k++) {
            if (logits[k] > largest) {
                largest = logits[k];
                best = k;
            }
        }
        int lane = static_cast<int>(threadIdx.x) % WARP;
        float others = 0.0f;
        float target = 0.0f;
        for (int k = lane; k < classes; k += WARP) {
            float distance = logits[k] - largest;
            others += k == best ? distance : expf(distance);  // the best's is 0, or NaN where it is infinite
            target += (k == label ? on : off) * distance;
        }
        others = warpSum(others);
        target = warpSum(target);
        for (int k = lane; k < classes; k += WARP) {
            float probability = expf(logits[k] - largest) / (1.0f + others);
            dLogits[k] = (probability - (k == label ? on : off)) / static_cast<float>(samples);
        }
        loss = static_cast<double>(log1pf(others) - target);
        correct = best == label ? 1 : 0;
    }
};

// Grid: one block an image; blocks of 256 threads.
extern "C" __global__ void __launch_bounds__(256) head(
    float* __restrict__ logits,             // [samples, classes]  out
    float* __restrict__ dLogits,            // [samples, classes]  out; this and what is out below: not in an evaluation
    double* __restrict__ losses,            // [samples]           out
    int* __restrict__ correct,              // [samples]           out
    float* __restrict__ shares,             // [samples, stride]   out: the gradient of the weights, by image
    float* __restrict__ g,                  // [samples, groups, outPixels, 4]  out, of the last unit
    GradientSums* __restrict__ sums,        // [channels, samples]              out
    const float* x,                         // [samples, groups, height * width, 4]  raw, of the last unit
    const Moments* moments, float* __restrict__ saved, float* __restrict__ runningMean,
    float* __restrict__ runningVariance, const float* __restrict__ scale, const float* __restrict__ shift,
    double epsilon, double momentum, double perEntry, double perPixel,  // as Norm
    int channels, int height, int width, int pool,
    unsigned long long seed, int layer, int threshold, float keptScale, int dropsChannels,  // as batch_norm_forward
    int largest,                            // 0: the mean of a channel, 1: its largest
    const float* __restrict__ weights,      // [classes, channels]
    const float* __restrict__ bias,         // [classes]  null where there is none
    const unsigned char* __restrict__ labels,  // [count]  null in an evaluation
    const int* __restrict__ order,          // [samples of the epoch]
    const Step* __restrict__ step,          // not read in an evaluation
    int batch, float smoothing, int stride, int entries, int classes) {
    SharedMemory shared;
    int outHeight = height / pool;
    int outWidth = width / pool;
    int pixels = outHeight * outWidth;
    int groups = groupsOf(channels);
    int lane = teamLane();
    long long n = blockIdx.x;
    Normals normals(shared, channels);
    Planes planes(shared, groups, GROUP, outHeight, outWidth, 0);
    float* features = shared.take(channels);
    float* scores = shared.take(classes);
    Kept kept(shared, DropoutMask(step, seed, layer, threshold, dropsChannels), keptScale, channels, pixels);
    const float* image = x + n * groups * height * width * GROUP;
    awaitLaunchBefore();
    Norm{moments, saved, runningMean, runningVariance, scale, shift, epsilon, momentum, perEntry, perPixel}
        .prepare(normals, channels, entries);
    __syncthreads();
    UnitTail tail{image, normals, channels, height, width, pool};
    activate(planes, tail, kept);
    __syncthreads();
    forEachChannel(channels, [&](int c) {
        float feature = 0.0f;
        if (largest != 0) {
            int best = firstLargestOf(planes, c, outHeight, outWidth);
            feature = planes.at<GROUP>(c / GROUP, best / outWidth, best % outWidth)[c % GROUP];
        } else {
            for (int p = lane; p < pixels; p += TEAM) {
                feature += planes.at<GROUP>(c / GROUP, p / outWidth, p % outWidth)[c % GROUP];
            }
            feature = teamSum(feature) / static_cast<float>(pixels);
        }
        if (lane == 0 && c < channels) {
            features[c] = feature;
        }
    });
    __syncthreads();
    forEachTeam(classes, [&](int k) {
        float score = 0.0f;
        for (int c = lane; k < classes && c < channels; c += TEAM) {
            score = fmaf(weights[k * channels + c], features[c], score);
        }
        score = teamSum(score);
        if (lane == 0 && k < classes) {
            score += bias == nullptr ? 0.0f : bias[k];
            scores[k] = score;
            logits[n * classes + k] = score;
        }
    });
    if (labels == nullptr) {
        return;
    }
    float* dScores = shared.take(classes);
    __syncthreads();
    if (threadIdx.x < WARP) {
        int label = labels[order[static_cast<long long>(step->step) * batch + n]];
        ImageLoss image(dScores, scores, classes, label, smoothing, static_cast<int>(gridDim.x));
        if (threadIdx.x == 0) {
            losses[n] = image.loss;
            correct[n] = image.correct;
        }
    }
    __syncthreads();
    for (int k = static_cast<int>(threadIdx.x); k < classes; k += static_cast<int>(blockDim.x)) {
        dLogits[n * classes + k] = dScores[k];
    }
    for (int i = static_cast<int>(threadIdx.x); i < classes * channels; i += static_cast<int>(blockDim.x)) {
        shares[n * stride + i] = dScores[i / channels] * features[i % channels];
    }
    float* target = g + n * groups * pixels * GROUP;
    forEachChannel(channels, [&](int c) {
        float dFeature = 0.0f;
        for (int k = lane; c < channels && k < classes; k += TEAM) {
            dFeature = fmaf(weights[k * channels + c], dScores[k], dFeature);
        }
        dFeature = teamSum(dFeature);
        int best = largest != 0 ? firstLargestOf(planes, c, outHeight, outWidth) : 0;
        float gradients = 0.0f, products = 0.0f;
        for (int p = lane; p < pixels; p += TEAM) {
            int row = p / outWidth;
            int column = p % outWidth;
            float out = planes.at<GROUP>(c / GROUP, row, column)[c % GROUP];
            float dOut = largest == 0 ? dFeature / static_cast<float>(pixels) : p == best ? dFeature : 0.0f;
            float gradient = out > 0.0f ? dOut * keptScale : 0.0f;
            target[(c / GROUP * pixels + p) * GROUP + c % GROUP] = gradient;
            auto four = tail.winners(c / GROUP, row, column).raw;
            float raw = four.values[0];
#pragma unroll
            for (int i = 1; i < GROUP; i++) {
                raw = c % GROUP == i ? four.values[i] : raw;
            }
            gradients += gradient;
            products = fmaf(raw - normals.means[c], gradient, products);
        }
        gradients = teamSum(gradients);
        products = teamSum(products);
        if (lane == 0 && c < channels) {
            sums[static_cast<long long>(c) * gridDim.x + n] = {gradients, products};
        }
    });
}

// Weights as correlate reads them, in the order that the host has laid down.
//
// Grid-stride over count.
extern "C" __global__ void arrange_weights(
    float* __restrict__ arranged,          // [count]  out
    const float* __restrict__ parameters,
    const int* __restrict__ from,          // [count]  of which parameter each is a copy; -1: 0
    int count) {
    int stride = static_cast<int>(gridDim.x * blockDim.x);
    for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < count; i += stride) {
        arranged[i] = from[i] < 0 ? 0.0f : parameters[from[i]];
    }
}

// gradients[to[i]] = sum of shares[n, i] over the images n of a step, in a fixed order, and the sums of its losses and
// correct answers. In the last block's place: the gradient of the dense layer's bias, loss and answers.
//
// Grid: ceil(count / 32) + 1 blocks of 256 threads: 32 sums, each shared out to 8 threads.
extern "C" __global__ void __launch_bounds__(256) sum_samples(
    float* __restrict__ gradients,      // [parameters]        out
    const int* __restrict__ to,         // [count]             -1: what fills up a group of channels
    float* __restrict__ dBias,          // [classes]           out; null where there is none
    double* __restrict__ lossSums,      // [steps of the epoch]  out: element step->step
    int* __restrict__ correctSums,      // [steps of the epoch]  out: element step->step
    const float* __restrict__ shares,   // [samples, stride]
    const float* __restrict__ dLogits,  // [samples, classes]
    const double* __restrict__ losses,  // [samples]
    const int* __restrict__ correct,    // [samples]
    const Step* __restrict__ step, int count, int stride, int samples, int classes) {
    constexpr int SLICES = 8;
    __shared__ float sums[SLICES][WARP];
    int slice = static_cast<int>(threadIdx.x) / WARP;
    int lane = static_cast<int>(threadIdx.x) % WARP;
    if (blockIdx.x + 1 == gridDim.x) {
        if (slice == 0) {
            double loss = 0.0;
            double hits = 0.0;
            for (int n = lane; n < samples; n += WARP) {
                loss += losses[n];
                hits += correct[n];
            }
            loss = warpSum(loss);
            hits = warpSum(hits);
            if (lane == 0) {
                lossSums[step->step] = loss;
                correctSums[step->step] = static_cast<int>(hits);
            }
        } else if (dBias != nullptr) {
            for (int k = slice - 1; k < classes; k += SLICES - 1) {
                float sum = 0.0f;
                for (int n = lane; n < samples; n += WARP) {
                    sum += dLogits[static_cast<long long>(n) * classes + k];
                }
                sum = warpSum(sum);
                if (lane == 0) {
                    dBias[k] = sum;
                }
            }
        }
        return;
    }
    int i = static_cast<int>(blockIdx.x) * WARP + lane;
    float sum = 0.0f;
    if (i < count) {
#pragma unroll 16
        for (int n = slice; n < samples; n += SLICES) {
            sum += shares[static_cast<long long>(n) * stride + i];
        }
    }
    sums[slice][lane] = sum;
    __syncthreads();
    if (slice == 0 && i < count) {
        for (int other = 1; other < SLICES; other++) {
            sum += sums[other][lane];
        }
        if (to[i] >= 0) {
            gradients[to[i]] = sum;
        }
    }
}
