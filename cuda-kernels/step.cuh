// Where a training run stands, in device memory. A captured step is replayed with the arguments that it was captured
// with, so everything that differs between steps is read from here; the host writes epoch and step before an epoch
// and updates when a state is restored.

#pragma once

struct Step {
    long long updates;   // optimiser updates done; between begin_step and end_step the number t of this one
    int epoch;           // 0..65535
    int step;            // of the epoch
    float learningRate;  // of this step; these four are set by begin_step
    float correction1;   // 1 / (1 - beta1^t)
    float correction2;   // 1 / (1 - beta2^t)
    float averaging;     // min(decay, (1 + t) / (10 + t)), the weight of the old average
};
static_assert(sizeof(Step) == 32, "the host lays it out by these offsets: 0, 8, 12, 16, 20, 24, 28");

// Grid: one block of one thread.
extern "C" __global__ void begin_step(
    Step* __restrict__ step,                  // in, out
    const float* __restrict__ learningRates,  // [steps of the epoch]
    double beta1, double beta2,               // 0 for SGD
    double decay) {                           // of the average; 0 where there is none
    step->updates++;
    double t = static_cast<double>(step->updates);
    step->learningRate = learningRates[step->step];
    step->correction1 = static_cast<float>(1.0 / (1.0 - pow(beta1, t)));
    step->correction2 = static_cast<float>(1.0 / (1.0 - pow(beta2, t)));
    double early = (1.0 + t) / (10.0 + t);
    step->averaging = static_cast<float>(decay < early ? decay : early);
}

// Grid: one block of one thread.
extern "C" __global__ void end_step(Step* __restrict__ step) {
    step->step++;
}
