// cuDNN for tests: its functions, and tensors that exist on both sides.
#pragma once

#include <cmath>
#include <cstring>

#include "harness.h"

extern "C" {
int cudnnCreate(Handle*);
int cudnnDestroy(Handle);
int cudnnSetStream(Handle, Handle);
void cudnnGetLastErrorString(char*, std::size_t);
int cudnnCreateTensorDescriptor(Handle*);
int cudnnDestroyTensorDescriptor(Handle);
int cudnnSetTensor4dDescriptor(Handle, int, int, int, int, int, int);
int cudnnCreateFilterDescriptor(Handle*);
int cudnnDestroyFilterDescriptor(Handle);
int cudnnSetFilter4dDescriptor(Handle, int, int, int, int, int, int);
int cudnnCreatePoolingDescriptor(Handle*);
int cudnnDestroyPoolingDescriptor(Handle);
int cudnnSetPooling2dDescriptor(Handle, int, int, int, int, int, int, int, int);
int cudnnDeriveBNTensorDescriptor(Handle, Handle, int);
int cudnnCreateConvolutionDescriptor(Handle*);
int cudnnDestroyConvolutionDescriptor(Handle);
int cudnnSetConvolution2dDescriptor(Handle, int, int, int, int, int, int, int, int);
int cudnnSetConvolutionMathType(Handle, int);
int cudnnGetConvolutionForwardWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, std::size_t*);
int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, std::size_t*);
int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, std::size_t*);
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnFindConvolutionForwardAlgorithmEx(Handle, Handle, Address, Handle, Address, Handle, Handle, Address, int, int*,
                                           void*, Address, std::size_t);
int cudnnConvolutionForward(Handle, const void*, Handle, Address, Handle, Address, Handle, int, Address, std::size_t,
                            const void*, Handle, Address);
int cudnnConvolutionBackwardData(Handle, const void*, Handle, Address, Handle, Address, Handle, int, Address, std::size_t,
                                 const void*, Handle, Address);
int cudnnConvolutionBackwardFilter(Handle, const void*, Handle, Address, Handle, Address, Handle, int, Address, std::size_t,
                                   const void*, Handle, Address);
int cudnnPoolingForward(Handle, Handle, const void*, Handle, Address, const void*, Handle, Address);
int cudnnPoolingBackward(Handle, Handle, const void*, Handle, Address, Handle, Address, Handle, Address, const void*, Handle,
                         Address);
int cudnnBatchNormalizationForwardTraining(Handle, int, const void*, const void*, Handle, Address, Handle, Address, Handle,
                                           Address, Address, double, Address, Address, double, Address, Address);
int cudnnBatchNormalizationForwardInference(Handle, int, const void*, const void*, Handle, Address, Handle, Address, Handle,
                                            Address, Address, Address, Address, double);
int cudnnBatchNormalizationBackward(Handle, int, const void*, const void*, const void*, const void*, Handle, Address, Handle,
                                    Address, Handle, Address, Handle, Address, Address, Address, double, Address, Address);
}

namespace test {

enum { FLOAT = 0, BFLOAT16 = 9, NCHW = 0, NHWC = 1, FMA = 3 };

inline const float ONE = 1.0f, ZERO = 0.0f;

inline float rounded(float value) { // to bfloat16
    std::uint32_t word;
    std::memcpy(&word, &value, 4);
    word = (word + 0x7FFF + (word >> 16 & 1)) & 0xFFFF0000;
    std::memcpy(&value, &word, 4);
    return value;
}

// The device with cuDNN on its stream.
struct Cudnn : Device {
    Cudnn() {
        CHECK(cudnnCreate(&handle) == 0);
        CHECK(cudnnSetStream(handle, stream) == 0);
    }

    ~Cudnn() {
        software_reset();
        cudnnDestroy(handle);
    }

    Handle handle = 0;
};

// A tensor or a filter: its values here as [n][c][h][w], on the device in some type and format.
struct Data {
    int n, c, h, w, type, format;
    std::vector<float> values;
    Handle descriptor = 0;
    Address address = 0;
    bool filter;

    Data(Cudnn& cudnn, int n, int c, int h, int w, int type, int format, unsigned seed, bool filter = false)
        : n(n), c(c), h(h), w(w), type(type), format(format), filter(filter) {
        values = numbers(count(), seed);
        if (type == BFLOAT16)
            for (float& value : values) value = rounded(value);
        if (filter) {
            CHECK(cudnnCreateFilterDescriptor(&descriptor) == 0);
            CHECK(cudnnSetFilter4dDescriptor(descriptor, type, format, n, c, h, w) == 0);
        } else {
            CHECK(cudnnCreateTensorDescriptor(&descriptor) == 0);
            CHECK(cudnnSetTensor4dDescriptor(descriptor, format, type, n, c, h, w) == 0);
        }
        std::vector<char> bytes(count() * width());
        for (std::size_t i = 0; i < count(); ++i) store(bytes, place(i), values[i]);
        address = cudnn.uploadBytes(bytes.data(), bytes.size());
    }

    Data(const Data&) = delete;

    ~Data() {
        if (filter) cudnnDestroyFilterDescriptor(descriptor);
        else cudnnDestroyTensorDescriptor(descriptor);
    }

    std::size_t count() const {
        return static_cast<std::size_t>(n) * static_cast<std::size_t>(c) * static_cast<std::size_t>(h) *
               static_cast<std::size_t>(w);
    }

    std::size_t width() const {
        return type == FLOAT ? 4 : 2;
    }

    std::size_t at(int i, int j, int y, int x) const {
        return static_cast<std::size_t>(((i * c + j) * h + y) * w + x);
    }

    // From the device, as [n][c][h][w].
    std::vector<float> download(Cudnn& cudnn) const {
        std::vector<char> bytes(count() * width());
        cudnn.downloadBytes(bytes.data(), address, bytes.size());
        std::vector<float> result(count());
        for (std::size_t i = 0; i < count(); ++i) {
            std::uint32_t word = 0;
            if (type == FLOAT) std::memcpy(&word, &bytes[place(i) * 4], 4);
            else {
                std::uint16_t half;
                std::memcpy(&half, &bytes[place(i) * 2], 2);
                word = static_cast<std::uint32_t>(half) << 16;
            }
            std::memcpy(&result[i], &word, 4);
        }
        return result;
    }

    // Where an element lies on the device.
    std::size_t place(std::size_t i) const {
        if (format == NCHW) return i;
        std::size_t plane = static_cast<std::size_t>(h) * static_cast<std::size_t>(w), channels = static_cast<std::size_t>(c);
        std::size_t pixel = i % plane, channel = i / plane % channels, image = i / plane / channels;
        return (image * plane + pixel) * channels + channel;
    }

    void store(std::vector<char>& bytes, std::size_t at, float value) const {
        std::uint32_t word;
        std::memcpy(&word, &value, 4);
        std::uint16_t half = static_cast<std::uint16_t>(word >> 16);
        if (type == FLOAT) std::memcpy(&bytes[at * 4], &word, 4);
        else std::memcpy(&bytes[at * 2], &half, 2);
    }
};

// Each value within the rounding of its type: a sum of `terms` products of numbers up to 1 is off by at most
// terms * terms / 2 roundings of 2^-24, and by half an ulp of bfloat16 where it is stored so.
inline void near(const std::vector<float>& found, const std::vector<double>& expected, int terms, int type, int line) {
    check(found.size() == expected.size(), "sizes", line);
    double greatest = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        double allowed = 0.5 * terms * terms * std::ldexp(1.0, -24) + std::ldexp(1.0, -24) * std::fabs(expected[i]);
        if (type == BFLOAT16) allowed += std::ldexp(1.01, -8) * std::fabs(expected[i]);
        if (!(std::fabs(found[i] - expected[i]) <= allowed))
            throw Failed{"line " + std::to_string(line) + ": element " + std::to_string(i) + " is " +
                         std::to_string(found[i]) + " instead of " + std::to_string(expected[i])};
        greatest = std::max(greatest, std::fabs(expected[i]));
    }
    check(greatest > 0.01, "what is expected is more than nothing", line);
}

} // namespace test

#define NEAR(found, expected, terms, type) test::near(found, expected, terms, type, __LINE__)
