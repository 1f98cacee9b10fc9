// One update of all parameters, or of all that muon.cuh leaves, the moving averages of parameters and of statistics,
// and the parameters' bf16 copy: one launch, since each is a few thousand numbers and a launch costs more than all of
// them.
//
//   sgd     g <- g + lambda p;  v <- mu v + g;  p <- p - eta v,  Nesterov: p <- p - eta (g + mu v)
//   adamw   p <- p - eta lambda p;  m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
//           p <- p - eta (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
//   both    average <- d average + (1 - d) value
//
// eta, the corrections and d come from Step. In float; contraction to fma changes last bits, no more.

#pragma once

__device__ inline void moveAverage(float* average, float value, float weight) {
    *average = weight * *average + (1.0f - weight) * value;
}

// What follows an update of parameter i.
__device__ inline void publish(int i, float value, float* averages, bf16* rounded, float weight) {
    if (averages != nullptr) {
        moveAverage(&averages[i], value, weight);
    }
    if (rounded != nullptr) {
        store(&rounded[i], value);
    }
}

// The statistics' share of the launch: threads parameters ..< parameters + statistics.
__device__ inline void averageStatistic(
    int i, float* averagedStatistics, const float* statistics, float weight) {
    if (averagedStatistics != nullptr) {
        moveAverage(&averagedStatistics[i], statistics[i], weight);
    }
}

// Grid-stride over parameterCount + statisticCount.
extern "C" __global__ void sgd(
    float* __restrict__ parameters,          // [parameterCount]  in, out
    float* __restrict__ velocity,            // [parameterCount]  in, out
    float* __restrict__ averages,            // [parameterCount]  in, out; null where nothing is averaged
    float* __restrict__ averagedStatistics,  // [statisticCount]  in, out; null where nothing is averaged
    bf16* __restrict__ rounded,              // [parameterCount]  out; null where no copy is wanted
    const float* __restrict__ gradients,     // [parameterCount]
    const float* __restrict__ decays,        // [parameterCount]  lambda, or 0 where it does not act
    const float* __restrict__ statistics,    // [statisticCount]
    const Step* __restrict__ step,
    float momentum, int nesterov,            // nesterov: 0 or 1
    int parameterCount, int statisticCount) {
    float rate = step->learningRate;
    float averaging = step->averaging;
    int stride = static_cast<int>(gridDim.x * blockDim.x);
    int first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    for (int i = first; i < parameterCount + statisticCount; i += stride) {
        if (i >= parameterCount) {
            averageStatistic(i - parameterCount, averagedStatistics, statistics, averaging);
            continue;
        }
        float g = gradients[i] + decays[i] * parameters[i];
        float v = momentum * velocity[i] + g;
        velocity[i] = v;
        float p = parameters[i] - rate * (nesterov != 0 ? g + momentum * v : v);
        parameters[i] = p;
        publish(i, p, averages, rounded, averaging);
    }
}

// Grid-stride over parameterCount + statisticCount.
extern "C" __global__ void adamw(
    float* __restrict__ parameters,          // [parameterCount]  in, out
    float* __restrict__ firstMoments,        // [parameterCount]  in, out
    float* __restrict__ secondMoments,       // [parameterCount]  in, out
    float* __restrict__ averages,            // [parameterCount]  in, out; null where nothing is averaged
    float* __restrict__ averagedStatistics,  // [statisticCount]  in, out; null where nothing is averaged
    bf16* __restrict__ rounded,              // [parameterCount]  out; null where no copy is wanted
    const float* __restrict__ gradients,     // [parameterCount]
    const float* __restrict__ decays,        // [parameterCount]  lambda, or 0 where it does not act
    const float* __restrict__ statistics,    // [statisticCount]
    const Step* __restrict__ step,
    double beta1, double beta2,              // double, so that 1 - beta keeps its digits
    float epsilon,
    int parameterCount, int statisticCount) {
    float rate = step->learningRate;
    float correction1 = step->correction1;
    float correction2 = step->correction2;
    float averaging = step->averaging;
    float old1 = static_cast<float>(beta1);
    float new1 = static_cast<float>(1.0 - beta1);
    float old2 = static_cast<float>(beta2);
    float new2 = static_cast<float>(1.0 - beta2);
    int stride = static_cast<int>(gridDim.x * blockDim.x);
    int first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    for (int i = first; i < parameterCount + statisticCount; i += stride) {
        if (i >= parameterCount) {
            averageStatistic(i - parameterCount, averagedStatistics, statistics, averaging);
            continue;
        }
        float g = gradients[i];
        float m = old1 * firstMoments[i] + new1 * g;
        float v = old2 * secondMoments[i] + new2 * g * g;
        firstMoments[i] = m;
        secondMoments[i] = v;
        float p = parameters[i] - rate * decays[i] * parameters[i];
        p -= rate * (m * correction1) / (sqrtf(v * correction2) + epsilon);
        parameters[i] = p;
        publish(i, p, averages, rounded, averaging);
    }
}
