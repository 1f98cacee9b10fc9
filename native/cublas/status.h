// The statuses of cuBLAS.
#pragma once

#include "device.h"

namespace software {

enum BlasStatus {
    BLAS_SUCCESS = 0,
    BLAS_NOT_INITIALIZED = 1,
    BLAS_ALLOC_FAILED = 3,
    BLAS_INVALID_VALUE = 7,
    BLAS_MAPPING_ERROR = 11,
    BLAS_EXECUTION_FAILED = 13,
    BLAS_INTERNAL_ERROR = 14,
    BLAS_NOT_SUPPORTED = 15
};

inline int blasStatusOf(const Refusal& refusal) {
    switch (refusal.fault) {
        case Fault::invalidHandle:
        case Fault::notInitialised:
        case Fault::noContext: return BLAS_NOT_INITIALIZED;
        case Fault::outOfMemory: return BLAS_ALLOC_FAILED;
        case Fault::notSupported: return BLAS_NOT_SUPPORTED;
        case Fault::captureUnsupported:
        case Fault::captureImplicit:
        case Fault::sticky:
        case Fault::execution: return BLAS_EXECUTION_FAILED;
        case Fault::other: return refusal.status;
        default: return BLAS_INVALID_VALUE;
    }
}

} // namespace software
