// The arithmetic of a convolution, on tensors in any layout. Sums run in an order that depends on the shapes alone.
#pragma once

#include "../tensor.h"

namespace software {

// A convolution whose parts fit together.
struct Problem {
    Tensor x, w, y;
    Convolution by;

    // A sum's terms: inputs, rows and columns of the filter.
    int terms() const {
        return w.c * w.h * w.w;
    }

    // Whether inputs are rounded as tensor cores take them.
    bool tf32() const {
        return x.type == FLOAT && by.math != FMA_MATH;
    }
};

void convolveForward(const Problem& problem, Address x, Address w, Address y, Scaling scale);
void convolveBackwardData(const Problem& problem, Address w, Address dy, Address dx, Scaling scale);
// `turn` other than 0 adds the images up in another order, as an algorithm does that is not deterministic.
void convolveBackwardFilter(const Problem& problem, Address x, Address dy, Address dw, Scaling scale, unsigned turn);

} // namespace software
