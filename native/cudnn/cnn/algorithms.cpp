#include "algorithms.h"

namespace software {

namespace {

enum class Needs { anything, stride1, winograd }; // winograd: 3 x 3, stride 1, no dilation, float

struct Algorithm {
    int number;
    Needs needs;
    bool deterministic;
    std::size_t perTerm; // bytes of workspace for every term of a sum and every output channel
    float speed;         // milliseconds for a billion multiply-adds
};

// Numbers of cuDNN 9. The fastest of a backward pass is one that must not be taken where bits have to be the same.
constexpr Algorithm FORWARD[] = {{6, Needs::winograd, true, 64, 0.4f},
                                 {1, Needs::anything, true, 16, 0.5f},
                                 {0, Needs::anything, true, 0, 0.8f},
                                 {2, Needs::anything, true, 256, 1.1f},
                                 {7, Needs::winograd, true, 512, 1.4f}};
constexpr Algorithm DATA[] = {{0, Needs::anything, false, 0, 0.4f},
                              {4, Needs::winograd, true, 64, 0.5f},
                              {1, Needs::anything, true, 32, 0.6f},
                              {5, Needs::winograd, true, 512, 1.3f}};
constexpr Algorithm FILTER_PASS[] = {{0, Needs::anything, false, 0, 0.4f},
                                     {3, Needs::anything, false, 64, 0.5f},
                                     {1, Needs::anything, true, 128, 0.6f},
                                     {5, Needs::winograd, true, 512, 1.5f}};

std::vector<Algorithm> algorithmsOf(Pass pass) {
    switch (pass) {
        case Pass::forward: return {std::begin(FORWARD), std::end(FORWARD)};
        case Pass::backwardData: return {std::begin(DATA), std::end(DATA)};
        case Pass::backwardFilter: return {std::begin(FILTER_PASS), std::end(FILTER_PASS)};
    }
    return {};
}

bool supports(const Algorithm& algorithm, const Problem& p) {
    bool stride1 = p.by.strideH == 1 && p.by.strideW == 1 && p.by.dilationH == 1 && p.by.dilationW == 1;
    if (algorithm.needs == Needs::anything) return true;
    return stride1 && p.w.h == 3 && p.w.w == 3 && p.x.type == FLOAT;
}

std::size_t bytesOf(const Algorithm& algorithm, const Problem& p, int math) {
    if (algorithm.perTerm == 0) return 0;
    std::size_t bytes = algorithm.perTerm * static_cast<std::size_t>(p.terms() + p.w.n) +
                        static_cast<std::size_t>(p.x.n) * 64 + static_cast<std::size_t>(math) * 4096;
    return (bytes + 255) / 256 * 256;
}

Performance performanceOf(const Algorithm& algorithm, const Problem& p, int math) {
    double multiplies = static_cast<double>(p.y.elements()) * p.terms();
    float slower = math == FMA_MATH ? 2.0f : 1.0f;
    return {algorithm.number,
            CUDNN_SUCCESS,
            static_cast<float>(multiplies / 1e9) * algorithm.speed * slower + 0.01f,
            bytesOf(algorithm, p, math),
            algorithm.deterministic ? 1 : 0,
            math,
            {}};
}

int outputs(int in, int pad, int window, int stride, int dilation) {
    return (in + 2 * pad - ((window - 1) * dilation + 1)) / stride + 1;
}

} // namespace

std::vector<Performance> performances(Pass pass, const Problem& p) {
    std::vector<Performance> list;
    for (const Algorithm& each : algorithmsOf(pass)) {
        if (!supports(each, p)) continue;
        list.push_back(performanceOf(each, p, p.by.math));
        if (p.by.math != FMA_MATH && p.x.type == FLOAT) list.push_back(performanceOf(each, p, FMA_MATH));
    }
    std::ranges::stable_sort(list, {}, &Performance::millis);
    for (const Algorithm& each : algorithmsOf(pass))
        if (!supports(each, p)) list.push_back({each.number, CUDNN_NOT_SUPPORTED, -1.0f, 0, 0, p.by.math, {}});
    return list;
}

std::size_t workspaceBytes(Pass pass, const Problem& p, int algorithm) {
    for (const Algorithm& each : algorithmsOf(pass))
        if (each.number == algorithm && supports(each, p)) return bytesOf(each, p, p.by.math);
    throw Refusal{Fault::notSupported, format("algorithm %d does not compute x %s, w %s", algorithm, p.x.words().c_str(),
                                              p.w.words().c_str())};
}

bool deterministic(Pass pass, int algorithm) {
    for (const Algorithm& each : algorithmsOf(pass))
        if (each.number == algorithm) return each.deterministic;
    return true;
}

int maxCount(Pass pass) {
    return 2 * static_cast<int>(algorithmsOf(pass).size());
}

Problem problemOf(Handle x, Handle w, Handle convolution, Handle y) {
    Problem p{tensorOf(x), filterOf(w), tensorOf(y), setDescriptor<Convolution>(CONVOLUTION, convolution)};
    if (p.w.c != p.x.c)
        throw Refusal{Fault::shapeMismatch, format("the filter, %s, is for other channels than x, %s", p.w.words().c_str(),
                                                   p.x.words().c_str())};
    if (p.x.h + 2 * p.by.padH < (p.w.h - 1) * p.by.dilationH + 1 || p.x.w + 2 * p.by.padW < (p.w.w - 1) * p.by.dilationW + 1)
        throw Refusal{Fault::shapeMismatch,
                      format("the filter, %s, is larger than x, %s", p.w.words().c_str(), p.x.words().c_str())};
    requireShape("y", p.y, p.x.n, p.w.n, outputs(p.x.h, p.by.padH, p.w.h, p.by.strideH, p.by.dilationH),
                 outputs(p.x.w, p.by.padW, p.w.w, p.by.strideW, p.by.dilationW));
    if (p.w.type != p.x.type || p.y.type != p.x.type)
        throw Refusal{Fault::notSupported, "x, w and y differ in their data types"};
    if (p.w.format != p.x.format) throw Refusal{Fault::notSupported, "x and w differ in their formats"};
    return p;
}

} // namespace software
