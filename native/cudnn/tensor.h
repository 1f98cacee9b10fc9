// Tensors in device memory: their layout, and their planes as floats.
#pragma once

#include <algorithm>
#include <cstring>

#include "cudnn.h"
#include "numbers.h"

namespace software {

// Dimensions and strides in elements. A filter is a tensor [outputs, inputs, height, width].
struct Tensor {
    bool set = false;
    int type = FLOAT, format = NCHW;
    int n = 0, c = 0, h = 0, w = 0;
    std::size_t nStride = 0, cStride = 0, hStride = 0, wStride = 0;

    static Tensor packed(int type, int format, int n, int c, int h, int w) {
        if (n < 1 || c < 1 || h < 1 || w < 1)
            throw Refusal{Fault::invalidValue, software::format("(n <= 0) || (c <= 0) || (h <= 0) || (w <= 0): %d, %d, %d, %d",
                                                                 n, c, h, w)};
        if (type != FLOAT && type != BFLOAT16)
            throw Refusal{Fault::notSupported, software::format("the software device has no data type %d", type)};
        if (format != NCHW && format != NHWC)
            throw Refusal{Fault::notSupported, software::format("the software device has no tensor format %d", format)};
        Tensor made{true, type, format, n, c, h, w, 0, 0, 0, 0};
        std::size_t C = static_cast<std::size_t>(c), H = static_cast<std::size_t>(h), W = static_cast<std::size_t>(w);
        made.nStride = C * H * W;
        made.cStride = format == NCHW ? H * W : 1;
        made.hStride = format == NCHW ? W : W * C;
        made.wStride = format == NCHW ? 1 : C;
        return made;
    }

    std::size_t elementBytes() const {
        return type == FLOAT ? 4 : 2;
    }

    std::size_t elements() const {
        return static_cast<std::size_t>(n) * nStride;
    }

    std::size_t plane() const {
        return static_cast<std::size_t>(h) * static_cast<std::size_t>(w);
    }

    Use use(const char* what, Address address, Access access) const {
        if (address == 0) throw Refusal{Fault::nullPointer, software::format("%s is null", what)};
        return {what, address, elements() * elementBytes(), elementBytes(), access};
    }

    bool sameShape(const Tensor& other) const {
        return n == other.n && c == other.c && h == other.h && w == other.w;
    }

    std::string words() const {
        return software::format("%d x %d x %d x %d %s %s", n, c, h, w, type == FLOAT ? "float" : "bfloat16",
                                format == NCHW ? "NCHW" : "NHWC");
    }

    // Row by row, without gaps.
    void readPlane(Address base, int image, int channel, float* to) const {
        std::size_t first = static_cast<std::size_t>(image) * nStride + static_cast<std::size_t>(channel) * cStride;
        for (int y = 0; y < h; ++y, to += w) {
            std::size_t row = first + static_cast<std::size_t>(y) * hStride;
            if (type == FLOAT && wStride == 1)
                std::memcpy(to, pointer<const float>(base) + row, static_cast<std::size_t>(w) * sizeof(float));
            else
                for (int x = 0; x < w; ++x) to[x] = read(base, row + static_cast<std::size_t>(x) * wStride);
        }
    }

    // stored = alpha * values + beta * stored; where beta is 0, what is stored is not read.
    void writePlane(Address base, int image, int channel, const float* values, std::size_t pitch, Scaling scale) const {
        std::size_t first = static_cast<std::size_t>(image) * nStride + static_cast<std::size_t>(channel) * cStride;
        for (int y = 0; y < h; ++y, values += pitch) {
            std::size_t row = first + static_cast<std::size_t>(y) * hStride;
            if (type == FLOAT && wStride == 1 && scale.beta == 0.0f) {
                float* to = pointer<float>(base) + row;
                for (int x = 0; x < w; ++x) to[x] = scale.alpha * values[x];
                continue;
            }
            for (int x = 0; x < w; ++x) {
                std::size_t at = row + static_cast<std::size_t>(x) * wStride;
                write(base, at, scale.alpha * values[x] + (scale.beta == 0.0f ? 0.0f : scale.beta * read(base, at)));
            }
        }
    }

    float read(Address base, std::size_t at) const {
        return type == FLOAT ? pointer<const float>(base)[at] : fromBfloat16(pointer<const std::uint16_t>(base)[at]);
    }

    void write(Address base, std::size_t at, float value) const {
        if (type == FLOAT) pointer<float>(base)[at] = value;
        else pointer<std::uint16_t>(base)[at] = toBfloat16(value);
    }
};

inline const Tensor& tensorOf(Handle handle) {
    return setDescriptor<Tensor>(TENSOR, handle);
}

inline const Tensor& filterOf(Handle handle) {
    return setDescriptor<Tensor>(FILTER, handle);
}

inline void requireShape(const char* what, const Tensor& tensor, int n, int c, int h, int w) {
    if (tensor.n != n || tensor.c != c || tensor.h != h || tensor.w != w)
        throw Refusal{Fault::shapeMismatch,
                      format("%s is %s where %d x %d x %d x %d belongs", what, tensor.words().c_str(), n, c, h, w)};
}

inline void requireAlike(const char* what, const Tensor& tensor, const Tensor& model) {
    requireShape(what, tensor, model.n, model.c, model.h, model.w);
    if (tensor.type != model.type)
        throw Refusal{Fault::notSupported, format("%s is %s beside %s", what, tensor.words().c_str(), model.words().c_str())};
}

} // namespace software
