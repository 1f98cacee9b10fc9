// Convolutions against plain loops in double.
#include "networks.h"
#include "watched.h"

namespace {

using test::Cudnn;
using test::Data;

struct Shape {
    int n, c, h, w, o, kernelH, kernelW, padH, padW, strideH, strideW, dilation;

    int outH() const {
        return (h + 2 * padH - (kernelH - 1) * dilation - 1) / strideH + 1;
    }

    int outW() const {
        return (w + 2 * padW - (kernelW - 1) * dilation - 1) / strideW + 1;
    }
};

const Shape SHAPES[] = {
    {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1},    {3, 1, 28, 28, 5, 3, 3, 1, 1, 1, 1, 1}, {17, 7, 5, 9, 13, 3, 3, 1, 1, 1, 1, 1},
    {2, 5, 7, 7, 3, 1, 1, 0, 0, 1, 1, 1},    {5, 3, 11, 8, 4, 3, 2, 2, 0, 2, 3, 1},   {2, 2, 13, 10, 6, 3, 3, 2, 1, 1, 1, 2},
    {3, 4, 6, 6, 2, 5, 5, 2, 2, 1, 1, 1},    {2, 3, 9, 9, 3, 2, 2, 0, 0, 3, 3, 1},    {1, 2, 4, 4, 2, 1, 1, 1, 1, 1, 1, 1},
    {33, 2, 3, 3, 1, 3, 3, 0, 0, 1, 1, 1}, // an output of one pixel
};

// One convolution, its operands on both sides.
struct Setting {
    Setting(Cudnn& cudnn, const Shape& s, int type, int format, int math = test::FMA)
        : cudnn(cudnn), s(s), x(cudnn, s.n, s.c, s.h, s.w, type, format, 1),
          w(cudnn, s.o, s.c, s.kernelH, s.kernelW, type, format, 2, true),
          y(cudnn, s.n, s.o, s.outH(), s.outW(), type, format, 3) {
        CHECK(cudnnCreateConvolutionDescriptor(&convolution) == 0);
        CHECK(cudnnSetConvolution2dDescriptor(convolution, s.padH, s.padW, s.strideH, s.strideW, s.dilation, s.dilation, 1,
                                              test::FLOAT) == 0);
        CHECK(cudnnSetConvolutionMathType(convolution, math) == 0);
    }

    ~Setting() {
        cudnnDestroyConvolutionDescriptor(convolution);
    }

    // Calls operation(index in x, in w, in y) for every product of the convolution.
    template <class Operation> void products(Operation operation) const {
        for (int n = 0; n < s.n; ++n)
            for (int o = 0; o < s.o; ++o)
                for (int i = 0; i < y.h; ++i)
                    for (int j = 0; j < y.w; ++j)
                        for (int c = 0; c < s.c; ++c)
                            for (int v = 0; v < s.kernelH; ++v)
                                for (int u = 0; u < s.kernelW; ++u) {
                                    int row = i * s.strideH + v * s.dilation - s.padH;
                                    int column = j * s.strideW + u * s.dilation - s.padW;
                                    if (row >= 0 && row < s.h && column >= 0 && column < s.w)
                                        operation(x.at(n, c, row, column), w.at(o, c, v, u), y.at(n, o, i, j));
                                }
    }

    void forward(int algorithm, float alpha = 1.0f, float beta = 0.0f) {
        std::size_t bytes;
        SAME(cudnnGetConvolutionForwardWorkspaceSize(cudnn.handle, x.descriptor, w.descriptor, convolution, y.descriptor,
                                                     algorithm, &bytes), 0);
        Address workspace = bytes == 0 ? 0 : cudnn.allocate(bytes);
        SAME(cudnnConvolutionForward(cudnn.handle, &alpha, x.descriptor, x.address, w.descriptor, w.address, convolution,
                                     algorithm, workspace, bytes, &beta, y.descriptor, y.address), 0);
    }

    // By the algorithm that asks for a workspace, which begins at the last of the addresses: x, w, y before it.
    void run(char computed, const std::vector<Address>& at, float beta) {
        constexpr std::size_t BYTES = 1 << 16;
        if (computed == 'y')
            SAME(cudnnConvolutionForward(cudnn.handle, &test::ONE, x.descriptor, at[0], w.descriptor, at[1], convolution, 1,
                                         at[3], BYTES, &beta, y.descriptor, at[2]), 0);
        else if (computed == 'x')
            SAME(cudnnConvolutionBackwardData(cudnn.handle, &test::ONE, w.descriptor, at[1], y.descriptor, at[2], convolution,
                                              1, at[3], BYTES, &beta, x.descriptor, at[0]), 0);
        else
            SAME(cudnnConvolutionBackwardFilter(cudnn.handle, &test::ONE, x.descriptor, at[0], y.descriptor, at[2],
                                                convolution, 1, at[3], BYTES, &beta, w.descriptor, at[1]), 0);
    }

    void backwardData(int algorithm, float alpha = 1.0f, float beta = 0.0f) {
        std::size_t bytes;
        SAME(cudnnGetConvolutionBackwardDataWorkspaceSize(cudnn.handle, w.descriptor, y.descriptor, convolution, x.descriptor,
                                                          algorithm, &bytes), 0);
        Address workspace = bytes == 0 ? 0 : cudnn.allocate(bytes);
        SAME(cudnnConvolutionBackwardData(cudnn.handle, &alpha, w.descriptor, w.address, y.descriptor, y.address, convolution,
                                          algorithm, workspace, bytes, &beta, x.descriptor, x.address), 0);
    }

    void backwardFilter(int algorithm, float alpha = 1.0f, float beta = 0.0f) {
        std::size_t bytes;
        SAME(cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnn.handle, x.descriptor, y.descriptor, convolution,
                                                            w.descriptor, algorithm, &bytes), 0);
        Address workspace = bytes == 0 ? 0 : cudnn.allocate(bytes);
        SAME(cudnnConvolutionBackwardFilter(cudnn.handle, &alpha, x.descriptor, x.address, y.descriptor, y.address,
                                            convolution, algorithm, workspace, bytes, &beta, w.descriptor, w.address), 0);
    }

    Cudnn& cudnn;
    Shape s;
    Data x, w, y;
    Handle convolution = 0;
};

template <class Test> void inEveryLayout(Test test) {
    for (const Shape& shape : SHAPES)
        for (int type : {test::FLOAT, test::BFLOAT16})
            for (int format : {test::NCHW, test::NHWC}) {
                Cudnn cudnn;
                Setting setting(cudnn, shape, type, format);
                test(setting, type);
            }
}

TEST("a convolution is the sum of its products") {
    inEveryLayout([](Setting& s, int type) {
        std::vector<double> expected(s.y.count());
        s.products([&](auto x, auto w, auto y) { expected[y] += double{s.x.values[x]} * s.w.values[w]; });
        s.forward(1);
        NEAR(s.y.download(s.cudnn), expected, s.s.c * s.s.kernelH * s.s.kernelW, type);
    });
}

TEST("the gradient by the input takes every product back") {
    inEveryLayout([](Setting& s, int type) {
        std::vector<double> expected(s.x.count());
        s.products([&](auto x, auto w, auto y) { expected[x] += double{s.y.values[y]} * s.w.values[w]; });
        s.backwardData(1);
        NEAR(s.x.download(s.cudnn), expected, s.s.o * s.s.kernelH * s.s.kernelW, type);
    });
}

TEST("the gradient by the filter takes every product back") {
    inEveryLayout([](Setting& s, int type) {
        std::vector<double> expected(s.w.count());
        s.products([&](auto x, auto w, auto y) { expected[w] += double{s.y.values[y]} * s.x.values[x]; });
        s.backwardFilter(1);
        NEAR(s.w.download(s.cudnn), expected, s.s.n * s.y.h * s.y.w, type);
    });
}

TEST("alpha and beta blend what is computed with what was there") {
    Cudnn cudnn;
    Setting s(cudnn, SHAPES[2], test::FLOAT, test::NCHW);
    std::vector<double> y(s.y.count()), x(s.x.count()), w(s.w.count());
    s.products([&](auto i, auto j, auto k) { y[k] += double{s.x.values[i]} * s.w.values[j]; });
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = 0.5 * y[i] - 2.0 * s.y.values[i];
    s.forward(1, 0.5f, -2.0f);
    auto found = s.y.download(cudnn);
    NEAR(found, y, 200, test::FLOAT);
    s.products([&](auto i, auto j, auto k) { x[i] += double{found[k]} * s.w.values[j]; });
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = -x[i] + 3.0 * s.x.values[i];
    s.backwardData(1, -1.0f, 3.0f);
    auto foundX = s.x.download(cudnn);
    NEAR(foundX, x, 300, test::FLOAT);
    s.products([&](auto i, auto j, auto k) { w[j] += double{found[k]} * foundX[i]; });
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = 0.25 * w[i] + s.w.values[i];
    s.backwardFilter(1, 0.25f, 1.0f);
    auto foundW = s.w.download(cudnn);
    for (std::size_t i = 0; i < w.size(); ++i) CHECK(std::fabs(foundW[i] - w[i]) <= 1e-4 * (1.0 + std::fabs(w[i])));
}

TEST("only FMA math keeps single precision") {
    Cudnn cudnn;
    Setting exact(cudnn, SHAPES[1], test::FLOAT, test::NCHW), rounded(cudnn, SHAPES[1], test::FLOAT, test::NCHW, 0);
    exact.forward(1);
    rounded.forward(1);
    auto a = exact.y.download(cudnn), b = rounded.y.download(cudnn);
    double greatest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::fabs(double{a[i]} - b[i]));
    CHECK(greatest > 1e-5 && greatest < 9 * std::ldexp(1.0, -10));
}

TEST("the same bits every time, but not from an algorithm that does not promise them") {
    Cudnn cudnn;
    Setting s(cudnn, SHAPES[9], test::FLOAT, test::NCHW);
    auto bits = [&](int algorithm) {
        s.backwardFilter(algorithm);
        return s.w.download(cudnn);
    };
    auto first = bits(1);
    CHECK(first == bits(1));
    bool differ = false;
    for (int i = 0; i < 5; ++i) differ |= first != bits(0);
    CHECK(differ);
}

TEST("a convolution refuses what does not fit") {
    Cudnn cudnn;
    Setting s(cudnn, SHAPES[1], test::FLOAT, test::NCHW);
    std::size_t bytes;
    SAME(cudnnGetConvolutionForwardWorkspaceSize(cudnn.handle, s.x.descriptor, s.w.descriptor, s.convolution, s.y.descriptor,
                                                 1, &bytes), 0);
    CHECK(bytes > 0);
    Address workspace = cudnn.allocate(bytes);
    auto forward = [&](Address x, Address y, Address ws, std::size_t wsBytes, int algorithm, Handle yDescriptor) {
        return cudnnConvolutionForward(cudnn.handle, &test::ONE, s.x.descriptor, x, s.w.descriptor, s.w.address, s.convolution,
                                       algorithm, ws, wsBytes, &test::ZERO, yDescriptor, y);
    };
    SAME(forward(s.x.address, s.y.address, workspace, bytes, 1, s.y.descriptor), 0);
    SAME(forward(s.x.address, s.y.address, workspace, bytes - 1, 1, s.y.descriptor), 2006);
    SAME(forward(s.x.address, s.y.address, 0, bytes, 1, s.y.descriptor), 2002);
    SAME(forward(s.x.address, s.y.address, workspace, bytes * 2, 1, s.y.descriptor), 0); // more than needed is not looked at
    SAME(forward(s.x.address + 4, s.y.address, workspace, bytes, 1, s.y.descriptor), 2000); // beyond its end
    SAME(forward(s.x.address, s.w.address, workspace, bytes, 1, s.y.descriptor), 2000);
    SAME(forward(s.x.address, s.x.address, workspace, bytes, 1, s.x.descriptor), 2008);
    SAME(forward(s.x.address, s.y.address, workspace, bytes, 4, s.y.descriptor), 3000);
    SAME(forward(s.x.address, 0, workspace, bytes, 1, s.y.descriptor), 2002);
    SAME(forward(reinterpret_cast<Address>(s.x.values.data()), s.y.address, workspace, bytes, 1, s.y.descriptor), 2000);
    SAME(forward(s.x.address, s.y.address, workspace, bytes, 1, s.w.descriptor), 2000);
    char message[512];
    cudnnGetLastErrorString(message, sizeof message);
    CHECK(std::strstr(message, "filter descriptor") != nullptr);
    SAME(cudnnSetConvolutionMathType(s.convolution, 1), 0); // which needs a workspace of its own size
    std::size_t other;
    SAME(cudnnGetConvolutionForwardWorkspaceSize(cudnn.handle, s.x.descriptor, s.w.descriptor, s.convolution, s.y.descriptor,
                                                 1, &other), 0);
    CHECK(other != bytes);
}

TEST("finding algorithms overwrites the result and lists first what is fastest") {
    struct Performance {
        int algorithm, status;
        float millis;
        std::size_t memory;
        int determinism, math, reserved[3];
    } list[10];
    Cudnn cudnn;
    Setting s(cudnn, SHAPES[1], test::FLOAT, test::NCHW);
    int count = 0;
    SAME(cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnn.handle, s.x.descriptor, s.y.descriptor, s.convolution,
                                                       s.w.descriptor, 10, &count, list), 0);
    CHECK(count > 2 && list[0].status == 0 && list[0].determinism == 0);
    std::size_t bytes = 1 << 20;
    Address workspace = cudnn.allocate(bytes);
    SAME(cudnnFindConvolutionForwardAlgorithmEx(cudnn.handle, s.x.descriptor, s.x.address, s.w.descriptor, s.w.address,
                                                s.convolution, s.y.descriptor, s.y.address, 10, &count, list, workspace,
                                                bytes), 0);
    for (int i = 1; i < count; ++i) CHECK(list[i].status != 0 || list[i].millis >= list[i - 1].millis);
    CHECK(std::isnan(s.y.download(cudnn)[0]));
}

TEST("a convolution reads what was written, its result only where that counts, and leaves nothing in its workspace") {
    const Shape shape{2, 3, 4, 4, 5, 3, 3, 0, 0, 1, 1, 1};
    for (char computed : {'x', 'w', 'y'})
        for (float beta : test::BETAS) {
            auto access = [&](char operand) { return operand != computed ? 'r' : test::blended(beta); };
            test::checkAccesses<Cudnn>({{access('x'), 96}, {access('w'), 135}, {access('y'), 40}, {'s', 1 << 14}},
                                       [&](Cudnn& cudnn, const std::vector<Address>& at) {
                                           Setting(cudnn, shape, test::FLOAT, test::NCHW).run(computed, at, beta);
                                       });
        }
}

} // namespace
