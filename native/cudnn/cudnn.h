// What the parts of the software cuDNN have in common: its numbers (cuDNN 9), its objects, and how a call is made.
#pragma once

#include "device.h"

namespace software {

enum Status {
    CUDNN_SUCCESS = 0,
    CUDNN_NOT_INITIALIZED = 1001,
    CUDNN_SUBLIBRARY_LOADING_FAILED = 1008,
    CUDNN_BAD_PARAM = 2000,
    CUDNN_BAD_PARAM_NULL_POINTER = 2002,
    CUDNN_BAD_PARAM_MISALIGNED_POINTER = 2003,
    CUDNN_BAD_PARAM_SIZE_INSUFFICIENT = 2006,
    CUDNN_BAD_PARAM_SHAPE_MISMATCH = 2008,
    CUDNN_NOT_SUPPORTED = 3000,
    CUDNN_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED = 4004,
    CUDNN_EXECUTION_FAILED = 5000,
    CUDNN_EXECUTION_FAILED_CUDART = 5003
};

enum DataType { FLOAT = 0, BFLOAT16 = 9 };
enum Format { NCHW = 0, NHWC = 1 };
enum MathType { DEFAULT_MATH = 0, TENSOR_OP_MATH = 1, TENSOR_OP_MATH_ALLOW_CONVERSION = 2, FMA_MATH = 3 };

struct CudnnHandle {
    Handle stream = 0;
};

struct Pooling {
    bool set = false;
    int mode = 0, windowH = 0, windowW = 0, padH = 0, padW = 0, strideH = 0, strideW = 0;
};

struct Convolution {
    bool set = false;
    int padH = 0, padW = 0, strideH = 0, strideW = 0, dilationH = 0, dilationW = 0;
    int math = DEFAULT_MATH;
};

constexpr const char* HANDLE = "cuDNN handle";
constexpr const char* TENSOR = "tensor descriptor";
constexpr const char* FILTER = "filter descriptor";
constexpr const char* POOLING = "pooling descriptor";
constexpr const char* CONVOLUTION = "convolution descriptor";

inline int cudnnStatusOf(const Refusal& refusal) {
    switch (refusal.fault) {
        case Fault::nullPointer: return CUDNN_BAD_PARAM_NULL_POINTER;
        case Fault::misaligned: return CUDNN_BAD_PARAM_MISALIGNED_POINTER;
        case Fault::tooSmall: return CUDNN_BAD_PARAM_SIZE_INSUFFICIENT;
        case Fault::shapeMismatch: return CUDNN_BAD_PARAM_SHAPE_MISMATCH;
        case Fault::notInitialised:
        case Fault::noContext: return CUDNN_NOT_INITIALIZED;
        case Fault::outOfMemory: return CUDNN_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
        case Fault::notSupported: return CUDNN_NOT_SUPPORTED;
        case Fault::captureUnsupported:
        case Fault::captureImplicit: return CUDNN_EXECUTION_FAILED_CUDART;
        case Fault::sticky:
        case Fault::execution: return CUDNN_EXECUTION_FAILED;
        case Fault::other: return refusal.status;
        default: return CUDNN_BAD_PARAM;
    }
}

template <class Body> int cudnn(const char* function, const Entry& entry, Body body) {
    return call(cudnnStatusOf, function, entry, body);
}

// For descriptors: they need no driver, and may be set while a stream is captured.
constexpr Entry ON_HOST{.context = false, .capture = true, .releases = true, .initialised = false};
// For work on the handle's stream.
constexpr Entry ON_STREAM{.capture = true};

template <class Descriptor> Descriptor& setDescriptor(const char* kind, Handle handle) {
    auto& descriptor = find<Descriptor>(kind, handle);
    if (!descriptor.set) throw Refusal{Fault::invalidValue, format("a %s was never set", kind)};
    return descriptor;
}

inline void enqueue(Handle cudnn, const char* name, std::vector<Use> uses, std::function<void()> run) {
    software_enqueue(find<CudnnHandle>(HANDLE, cudnn).stream, {name, std::move(uses), {{HANDLE, cudnn}}, std::move(run)});
}

} // namespace software
