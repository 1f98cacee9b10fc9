// Descriptors of tensors, filters and pooling.
#include "../tensor.h"

using namespace software;

namespace {

template <class Descriptor> int createDescriptor(const char* function, const char* kind, Handle* handle) {
    return cudnn(function, ON_HOST, [&] {
        Handle& given = result("the descriptor", handle);
        given = create(kind, Descriptor{});
    });
}

int destroyDescriptor(const char* function, const char* kind, Handle handle) {
    return cudnn(function, ON_HOST, [&] { software_destroy(kind, handle); });
}

} // namespace

extern "C" int cudnnCreateTensorDescriptor(Handle* tensor) {
    return createDescriptor<Tensor>("cudnnCreateTensorDescriptor", TENSOR, tensor);
}

extern "C" int cudnnDestroyTensorDescriptor(Handle tensor) {
    return destroyDescriptor("cudnnDestroyTensorDescriptor", TENSOR, tensor);
}

extern "C" int cudnnSetTensor4dDescriptor(Handle tensor, int format, int type, int n, int c, int h, int w) {
    return cudnn("cudnnSetTensor4dDescriptor", ON_HOST,
                 [&] { find<Tensor>(TENSOR, tensor) = Tensor::packed(type, format, n, c, h, w); });
}

extern "C" int cudnnCreateFilterDescriptor(Handle* filter) {
    return createDescriptor<Tensor>("cudnnCreateFilterDescriptor", FILTER, filter);
}

extern "C" int cudnnDestroyFilterDescriptor(Handle filter) {
    return destroyDescriptor("cudnnDestroyFilterDescriptor", FILTER, filter);
}

extern "C" int cudnnSetFilter4dDescriptor(Handle filter, int type, int format, int k, int c, int h, int w) {
    return cudnn("cudnnSetFilter4dDescriptor", ON_HOST,
                 [&] { find<Tensor>(FILTER, filter) = Tensor::packed(type, format, k, c, h, w); });
}

extern "C" int cudnnCreatePoolingDescriptor(Handle* pooling) {
    return createDescriptor<Pooling>("cudnnCreatePoolingDescriptor", POOLING, pooling);
}

extern "C" int cudnnDestroyPoolingDescriptor(Handle pooling) {
    return destroyDescriptor("cudnnDestroyPoolingDescriptor", POOLING, pooling);
}

extern "C" int cudnnSetPooling2dDescriptor(Handle pooling, int mode, int nanOption, int windowH, int windowW, int padV,
                                           int padH, int strideV, int strideH) {
    return cudnn("cudnnSetPooling2dDescriptor", ON_HOST, [&] {
        if (mode < 0 || mode > 3 || nanOption < 0 || nanOption > 1)
            throw Refusal{Fault::invalidValue, format("mode %d, NaN option %d", mode, nanOption)};
        if (windowH < 1 || windowW < 1 || strideV < 1 || strideH < 1 || padV < 0 || padH < 0 || padV >= windowH ||
            padH >= windowW)
            throw Refusal{Fault::invalidValue, format("window %d x %d, padding %d x %d, stride %d x %d", windowH, windowW,
                                                      padV, padH, strideV, strideH)};
        find<Pooling>(POOLING, pooling) = {true, mode, windowH, windowW, padV, padH, strideV, strideH};
    });
}

extern "C" int cudnnDeriveBNTensorDescriptor(Handle derived, Handle x, int mode) {
    return cudnn("cudnnDeriveBNTensorDescriptor", ON_HOST, [&] {
        const Tensor& tensor = tensorOf(x);
        if (mode < 0 || mode > 2) throw Refusal{Fault::invalidValue, format("there is no batch normalisation mode %d", mode)};
        find<Tensor>(TENSOR, derived) = mode == 0 ? Tensor::packed(FLOAT, tensor.format, 1, tensor.c, tensor.h, tensor.w)
                                                  : Tensor::packed(FLOAT, tensor.format, 1, tensor.c, 1, 1);
    });
}
