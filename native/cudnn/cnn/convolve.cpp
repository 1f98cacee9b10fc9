#include "convolve.h"

#include "lanes.h"

namespace software {

namespace {

using Size = std::size_t;

Size size(int value) {
    return static_cast<Size>(value);
}

// The planes of one image, widened by zeros, with the offsets at which the terms of a sum find theirs. With stride 1 the
// terms are shifted windows of the planes; else each term gets a plane of its own, of the pixels that it meets.
struct Image {
    std::vector<float> values;
    std::vector<Size> offsets; // one a term: input channel, row, column of the filter
    Size pitch, count;         // positions of outputs: row * pitch + column

    explicit Image(const Problem& p) {
        bool shifted = p.by.strideH == 1 && p.by.strideW == 1;
        Size width = size(p.x.w + 2 * p.by.padW), height = size(p.x.h + 2 * p.by.padH);
        pitch = shifted ? width : size(p.y.w);
        count = (size(p.y.h) - 1) * pitch + size(p.y.w);
        padded.resize(shifted ? 0 : width * height);
        for (int c = 0; c < p.w.c; ++c)
            for (int v = 0; v < p.w.h; ++v)
                for (int u = 0; u < p.w.w; ++u)
                    offsets.push_back(shifted ? (size(c) * height + size(v * p.by.dilationH)) * width + size(u * p.by.dilationW)
                                              : offsets.size() * p.y.plane());
        Size used = shifted ? size(p.x.c) * height * width : offsets.size() * p.y.plane();
        values.assign(used + TILE + LANES, 0.0f);
    }

    void read(const Problem& p, Address x, int n) {
        Size width = size(p.x.w + 2 * p.by.padW), height = size(p.x.h + 2 * p.by.padH);
        for (int c = 0; c < p.x.c; ++c) {
            float* plane = padded.empty() ? values.data() + size(c) * height * width : padded.data();
            Tensor rows = p.x;
            rows.h = 1;
            for (int y = 0; y < p.x.h; ++y) {
                float* to = plane + size(y + p.by.padH) * width + size(p.by.padW);
                rows.readPlane(x + size(y) * p.x.hStride * p.x.elementBytes(), n, c, to);
                if (p.tf32()) std::transform(to, to + p.x.w, to, toTf32);
            }
            if (!padded.empty()) spread(p, c, width);
        }
    }

  private:
    void spread(const Problem& p, int c, Size width) {
        float* to = values.data() + size(c * p.w.h * p.w.w) * p.y.plane();
        for (int v = 0; v < p.w.h; ++v)
            for (int u = 0; u < p.w.w; ++u)
                for (int y = 0; y < p.y.h; ++y)
                    for (int x = 0; x < p.y.w; ++x)
                        *to++ = padded[size(y * p.by.strideH + v * p.by.dilationH) * width +
                                       size(x * p.by.strideW + u * p.by.dilationW)];
    }

    std::vector<float> padded; // one plane, where values does not hold them itself
};

// [outputs][inputs][rows][columns], whatever the layout.
std::vector<float> readFilter(const Problem& p, Address w) {
    std::vector<float> values(size(p.w.n * p.terms()));
    float* to = values.data();
    for (int o = 0; o < p.w.n; ++o)
        for (int c = 0; c < p.w.c; ++c, to += p.w.plane()) p.w.readPlane(w, o, c, to);
    if (p.tf32()) std::transform(values.begin(), values.end(), values.begin(), toTf32);
    return values;
}

// The convolution with stride 1 that takes dy, its pixels apart by the stride, to dx.
Problem transposed(const Problem& p) {
    Problem back;
    back.by = p.by;
    back.by.strideH = back.by.strideW = 1;
    back.by.padH = back.by.padW = 0; // the planes come with their zeros
    back.x = Tensor::packed(FLOAT, NCHW, 1, p.y.c, p.x.h + (p.w.h - 1) * p.by.dilationH, p.x.w + (p.w.w - 1) * p.by.dilationW);
    back.w = Tensor::packed(FLOAT, NCHW, p.w.c, p.w.n, p.w.h, p.w.w);
    back.y = Tensor::packed(FLOAT, NCHW, 1, p.x.c, p.x.h, p.x.w);
    return back;
}

// [inputs][outputs][rows][columns], rows and columns turned around.
std::vector<float> turned(const Problem& p, const std::vector<float>& filter) {
    std::vector<float> values(filter.size());
    Size inputs = size(p.w.c), outputs = size(p.w.n), plane = p.w.plane();
    for (Size c = 0; c < inputs; ++c)
        for (Size o = 0; o < outputs; ++o)
            for (Size i = 0; i < plane; ++i)
                values[(c * outputs + o) * plane + i] = filter[(o * inputs + c) * plane + plane - 1 - i];
    return values;
}

} // namespace

void convolveForward(const Problem& p, Address x, Address w, Address y, Scaling scale) {
    Size outputs = size(p.w.n);
    std::vector<float> blocks = packed(readFilter(p, w), outputs, size(p.terms()));
    software_parallel(size(p.x.n), [&](Size n) {
        Image image(p);
        image.read(p, x, static_cast<int>(n));
        Size pitch = roundUp(image.count, TILE);
        std::vector<float> out(roundUp(outputs, ROWS) * pitch);
        multiplyRows(blocks.data(), outputs, image.offsets, image.values.data(), out.data(), pitch, image.count);
        for (int o = 0; o < p.y.c; ++o)
            p.y.writePlane(y, static_cast<int>(n), o, out.data() + size(o) * pitch, image.pitch, scale);
    });
}

void convolveBackwardData(const Problem& p, Address w, Address dy, Address dx, Scaling scale) {
    Problem back = transposed(p);
    std::vector<float> blocks = packed(turned(p, readFilter(p, w)), size(back.w.n), size(back.terms()));
    int top = (p.w.h - 1) * p.by.dilationH - p.by.padH, left = (p.w.w - 1) * p.by.dilationW - p.by.padW;
    software_parallel(size(p.x.n), [&](Size n) {
        Image image(back);
        std::vector<float> gradient(p.y.plane());
        for (int o = 0; o < p.y.c; ++o) {
            p.y.readPlane(dy, static_cast<int>(n), o, gradient.data());
            if (p.tf32()) std::transform(gradient.begin(), gradient.end(), gradient.begin(), toTf32);
            float* plane = image.values.data() + size(o) * back.x.plane();
            for (int i = 0; i < p.y.h; ++i)
                for (int j = 0; j < p.y.w; ++j) {
                    int row = top + i * p.by.strideH, column = left + j * p.by.strideW;
                    if (row >= 0 && row < back.x.h && column >= 0 && column < back.x.w)
                        plane[size(row * back.x.w + column)] = gradient[size(i * p.y.w + j)];
                }
        }
        Size pitch = roundUp(image.count, TILE);
        std::vector<float> out(roundUp(size(p.x.c), ROWS) * pitch);
        multiplyRows(blocks.data(), size(p.x.c), image.offsets, image.values.data(), out.data(), pitch, image.count);
        for (int c = 0; c < p.x.c; ++c)
            p.x.writePlane(dx, static_cast<int>(n), c, out.data() + size(c) * pitch, image.pitch, scale);
    });
}

void convolveBackwardFilter(const Problem& p, Address x, Address dy, Address dw, Scaling scale, unsigned turn) {
    constexpr int PARTS = 16; // sums of their own, so that threads have something to share
    int parts = std::min(PARTS, p.x.n);
    Size outputs = roundUp(size(p.w.n), ROWS), terms = roundUp(size(p.terms()), ROWS);
    std::vector<std::vector<float>> sums(size(parts));
    software_parallel(size(parts), [&](Size part) {
        sums[part].assign(outputs * terms, 0.0f);
        Image image(p);
        image.offsets.resize(terms, 0); // beside the matrix; nobody reads what comes of it
        Size pitch = roundUp(image.count, LANES);
        std::vector<float> gradient(p.y.plane()), rows(outputs * pitch, 0.0f);
        int from = static_cast<int>(part) * p.x.n / parts, to = (static_cast<int>(part) + 1) * p.x.n / parts;
        for (int n = from; n < to; ++n) {
            image.read(p, x, n);
            for (int o = 0; o < p.y.c; ++o) {
                p.y.readPlane(dy, n, o, gradient.data());
                if (p.tf32()) std::transform(gradient.begin(), gradient.end(), gradient.begin(), toTf32);
                for (int i = 0; i < p.y.h; ++i)
                    std::copy_n(gradient.data() + i * p.y.w, p.y.w, rows.data() + size(o) * pitch + size(i) * image.pitch);
            }
            multiplyPairs(rows.data(), outputs, pitch, image.offsets, image.values.data(), sums[part].data(), image.count);
        }
    });
    std::vector<float> plane(p.w.plane());
    for (int o = 0; o < p.w.n; ++o)
        for (int c = 0; c < p.w.c; ++c) {
            for (Size i = 0; i < plane.size(); ++i) {
                Size at = size(o) * terms + size(c) * plane.size() + i;
                float total = 0.0f;
                for (Size part = 0; part < sums.size(); ++part) total += sums[(part + turn) % sums.size()][at];
                plane[i] = total;
            }
            p.w.writePlane(dw, o, c, plane.data(), size(p.w.w), scale);
        }
}

} // namespace software
