// Pooling, forward and backward, and the broadcast addition of a bias.
#include <limits>

#include "../tensor.h"

namespace software {

namespace {

enum { MAX = 0, AVERAGE_INCLUDE_PADDING = 1, AVERAGE_EXCLUDE_PADDING = 2, MAX_DETERMINISTIC = 3 };

int outputs(int in, int pad, int window, int stride) {
    return (in + 2 * pad - window) / stride + 1;
}

void requireOutput(const Pooling& pooling, const Tensor& x, const Tensor& y) {
    if (x.h + 2 * pooling.padH < pooling.windowH || x.w + 2 * pooling.padW < pooling.windowW)
        throw Refusal{Fault::shapeMismatch, format("no window of %d x %d fits into x, which is %s", pooling.windowH,
                                                   pooling.windowW, x.words().c_str())};
    requireShape("y", y, x.n, x.c, outputs(x.h, pooling.padH, pooling.windowH, pooling.strideH),
                 outputs(x.w, pooling.padW, pooling.windowW, pooling.strideW));
    if (y.type != x.type) throw Refusal{Fault::notSupported, "x and y differ in their data types"};
}

// The part of a window that lies in the plane, and by how much its average is divided.
struct Window {
    int fromY, toY, fromX, toX;
    float divisor;
};

Window windowOf(const Pooling& p, const Tensor& x, int row, int column) {
    int top = row * p.strideH - p.padH, left = column * p.strideW - p.padW;
    Window window{std::max(top, 0), std::min(top + p.windowH, x.h), std::max(left, 0), std::min(left + p.windowW, x.w), 0};
    window.divisor = p.mode == AVERAGE_INCLUDE_PADDING
                         ? static_cast<float>(p.windowH * p.windowW)
                         : static_cast<float>((window.toY - window.fromY) * (window.toX - window.fromX));
    return window;
}

bool isMax(const Pooling& pooling) {
    return pooling.mode == MAX || pooling.mode == MAX_DETERMINISTIC;
}

// The first of the greatest, row by row.
int greatest(const Window& window, const float* plane, int width) {
    int best = -1;
    for (int y = window.fromY; y < window.toY; ++y)
        for (int x = window.fromX; x < window.toX; ++x)
            if (best < 0 || plane[y * width + x] > plane[best]) best = y * width + x;
    return best;
}

void forEachPlane(const Tensor& tensor, const std::function<void(int, int)>& body) {
    software_parallel(static_cast<std::size_t>(tensor.n), [&](std::size_t n) {
        for (int c = 0; c < tensor.c; ++c) body(static_cast<int>(n), c);
    });
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cudnnPoolingForward(Handle handle, Handle descriptor, const void* alpha, Handle xDescriptor, Address x,
                                   const void* beta, Handle yDescriptor, Address y) {
    return cudnn("cudnnPoolingForward", ON_STREAM, [&] {
        Pooling pooling = setDescriptor<Pooling>(POOLING, descriptor);
        Tensor xTensor = tensorOf(xDescriptor), yTensor = tensorOf(yDescriptor);
        Scaling blend = scaling(alpha, beta);
        requireOutput(pooling, xTensor, yTensor);
        Use read = xTensor.use("x", x, Access::read), written = yTensor.use("y", y, blend.access());
        requireApart(written, {read});
        enqueue(handle, "cudnnPoolingForward", {read, written}, [=] {
            forEachPlane(xTensor, [&](int n, int c) {
                static thread_local std::vector<float> in, out;
                in.resize(xTensor.plane());
                out.resize(yTensor.plane());
                xTensor.readPlane(x, n, c, in.data());
                for (int row = 0; row < yTensor.h; ++row)
                    for (int column = 0; column < yTensor.w; ++column) {
                        Window window = windowOf(pooling, xTensor, row, column);
                        float value = 0.0f;
                        if (isMax(pooling)) value = in[static_cast<std::size_t>(greatest(window, in.data(), xTensor.w))];
                        else
                            for (int v = window.fromY; v < window.toY; ++v)
                                for (int u = window.fromX; u < window.toX; ++u)
                                    value += in[static_cast<std::size_t>(v * xTensor.w + u)];
                        out[static_cast<std::size_t>(row * yTensor.w + column)] =
                            isMax(pooling) ? value : value / window.divisor;
                    }
                yTensor.writePlane(y, n, c, out.data(), static_cast<std::size_t>(yTensor.w), blend);
            });
        });
    });
}

extern "C" int cudnnPoolingBackward(Handle handle, Handle descriptor, const void* alpha, Handle yDescriptor, Address y,
                                    Handle dyDescriptor, Address dy, Handle xDescriptor, Address x, const void* beta,
                                    Handle dxDescriptor, Address dx) {
    return cudnn("cudnnPoolingBackward", ON_STREAM, [&] {
        Pooling pooling = setDescriptor<Pooling>(POOLING, descriptor);
        Tensor xTensor = tensorOf(xDescriptor), yTensor = tensorOf(yDescriptor);
        Tensor dxTensor = tensorOf(dxDescriptor), dyTensor = tensorOf(dyDescriptor);
        Scaling blend = scaling(alpha, beta);
        requireOutput(pooling, xTensor, yTensor);
        requireAlike("dx", dxTensor, xTensor);
        requireAlike("dy", dyTensor, yTensor);
        Use ofX = xTensor.use("x", x, Access::read), ofY = yTensor.use("y", y, Access::read);
        Use ofDy = dyTensor.use("dy", dy, Access::read), written = dxTensor.use("dx", dx, blend.access());
        requireApart(written, {ofX, ofY, ofDy});
        enqueue(handle, "cudnnPoolingBackward", {ofX, ofY, ofDy, written}, [=] {
            forEachPlane(xTensor, [&](int n, int c) {
                static thread_local std::vector<float> in, gradient, out;
                in.resize(xTensor.plane());
                gradient.resize(yTensor.plane());
                out.assign(xTensor.plane(), 0.0f);
                xTensor.readPlane(x, n, c, in.data());
                dyTensor.readPlane(dy, n, c, gradient.data());
                for (int row = 0; row < yTensor.h; ++row)
                    for (int column = 0; column < yTensor.w; ++column) {
                        Window window = windowOf(pooling, xTensor, row, column);
                        float value = gradient[static_cast<std::size_t>(row * yTensor.w + column)];
                        if (isMax(pooling)) {
                            out[static_cast<std::size_t>(greatest(window, in.data(), xTensor.w))] += value;
                            continue;
                        }
                        for (int v = window.fromY; v < window.toY; ++v)
                            for (int u = window.fromX; u < window.toX; ++u)
                                out[static_cast<std::size_t>(v * xTensor.w + u)] += value / window.divisor;
                    }
                dxTensor.writePlane(dx, n, c, out.data(), static_cast<std::size_t>(xTensor.w), blend);
            });
        });
    });
}
