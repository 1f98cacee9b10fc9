// The algorithms that a convolution can be computed by, as far as a program can tell them apart: by what they support, the
// workspace they need and whether they are deterministic. The software device computes all alike.
#pragma once

#include "convolve.h"

namespace software {

enum class Pass { forward, backwardData, backwardFilter };

// As cudnnConvolutionFwdAlgoPerf_t and its twins lie in memory.
struct Performance {
    int algorithm, status;
    float millis;
    std::size_t memory;
    int determinism, math;
    int reserved[3];
};

static_assert(sizeof(Performance) == 48);

// Best first, with the math types that the convolution's own allows; what cannot be run comes last, with its status.
std::vector<Performance> performances(Pass pass, const Problem& problem);
// Throws where the algorithm cannot compute this.
std::size_t workspaceBytes(Pass pass, const Problem& problem, int algorithm);
bool deterministic(Pass pass, int algorithm);
int maxCount(Pass pass);

// Takes the descriptors together; throws where they do not fit.
Problem problemOf(Handle x, Handle w, Handle convolution, Handle y);

} // namespace software
