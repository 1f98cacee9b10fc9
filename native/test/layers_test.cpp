// Batch normalisation, pooling, sums of tensors against plain loops in double.
#include "networks.h"
#include "watched.h"

namespace {

using test::BETAS;
using test::blended;
using test::Cudnn;
using test::Data;
using test::ONE;
using test::ZERO;

struct Pooling {
    Pooling(int mode, int windowH, int windowW, int pad, int strideH, int strideW) {
        CHECK(cudnnCreatePoolingDescriptor(&descriptor) == 0);
        CHECK(cudnnSetPooling2dDescriptor(descriptor, mode, 0, windowH, windowW, pad, pad, strideH, strideW) == 0);
    }

    ~Pooling() {
        cudnnDestroyPoolingDescriptor(descriptor);
    }

    Handle descriptor = 0;
};

TEST("pooling takes the greatest or the mean of a window, and gives gradients back") {
    for (int mode : {0, 1, 2, 3})
        for (int type : {test::FLOAT, test::BFLOAT16})
            for (int format : {test::NCHW, test::NHWC}) {
                Cudnn cudnn;
                int windowH = 3, windowW = 2, pad = 1, strideH = 2, strideW = 1, h = 7, w = 5;
                Pooling pooling(mode, windowH, windowW, pad, strideH, strideW);
                Data x(cudnn, 3, 2, h, w, type, format, 1);
                Data y(cudnn, 3, 2, (h + 2 - windowH) / strideH + 1, (w + 2 - windowW) / strideW + 1, type, format, 2);
                Data dy(cudnn, y.n, y.c, y.h, y.w, type, format, 3), dx(cudnn, x.n, x.c, x.h, x.w, type, format, 4);
                std::vector<double> expected(y.count()), gradient(x.count());
                for (int n = 0; n < y.n; ++n)
                    for (int c = 0; c < y.c; ++c)
                        for (int i = 0; i < y.h; ++i)
                            for (int j = 0; j < y.w; ++j) {
                                std::vector<std::size_t> inside;
                                for (int v = 0; v < windowH; ++v)
                                    for (int u = 0; u < windowW; ++u) {
                                        int row = i * strideH + v - pad, column = j * strideW + u - pad;
                                        if (row >= 0 && row < h && column >= 0 && column < w)
                                            inside.push_back(x.at(n, c, row, column));
                                    }
                                std::size_t out = y.at(n, c, i, j), best = inside[0];
                                double sum = 0.0;
                                for (std::size_t at : inside) {
                                    sum += x.values[at];
                                    if (x.values[at] > x.values[best]) best = at;
                                }
                                double divisor = mode == 1 ? windowH * windowW : static_cast<double>(inside.size());
                                bool max = mode == 0 || mode == 3;
                                expected[out] = max ? x.values[best] : sum / divisor;
                                for (std::size_t at : inside)
                                    gradient[at] += max ? (at == best ? dy.values[out] : 0.0) : dy.values[out] / divisor;
                            }
                SAME(cudnnPoolingForward(cudnn.handle, pooling.descriptor, &ONE, x.descriptor, x.address, &ZERO, y.descriptor,
                                         y.address), 0);
                NEAR(y.download(cudnn), expected, 6, type);
                SAME(cudnnPoolingBackward(cudnn.handle, pooling.descriptor, &ONE, y.descriptor, y.address, dy.descriptor,
                                          dy.address, x.descriptor, x.address, &ZERO, dx.descriptor, dx.address), 0);
                NEAR(dx.download(cudnn), gradient, 12, type);
            }
}

// Batch normalisation with all it needs.
struct Norm {
    Norm(int n, int c, int h, int w, int type, int format)
        : x(cudnn, n, c, h, w, type, format, 1), y(cudnn, n, c, h, w, type, format, 2), scale(parameter(3)), bias(parameter(4)),
          mean(parameter(5)), variance(parameter(6)), saveMean(parameter(7)), saveInverse(parameter(8)) {
        CHECK(cudnnCreateTensorDescriptor(&descriptor) == 0);
        CHECK(cudnnDeriveBNTensorDescriptor(descriptor, x.descriptor, 1) == 0);
        for (int channel = 0; channel < c; ++channel) {
            double sum = 0.0, squares = 0.0;
            forEach(channel, [&](std::size_t i) { sum += x.values[i] / count(); });
            forEach(channel, [&](std::size_t i) { squares += (x.values[i] - sum) * (x.values[i] - sum) / count(); });
            means.push_back(sum);
            variances.push_back(squares);
        }
    }

    ~Norm() {
        cudnnDestroyTensorDescriptor(descriptor);
    }

    Address parameter(unsigned seed) {
        return cudnn.upload(parameterValues(seed));
    }

    std::vector<float> parameterValues(unsigned seed) const {
        auto values = test::numbers(static_cast<std::size_t>(x.c), seed);
        for (float& value : values) value = 1.5f + value;
        return values;
    }

    double count() const {
        return static_cast<double>(x.n) * x.h * x.w;
    }

    template <class Body> void forEach(int channel, Body body) const {
        for (int n = 0; n < x.n; ++n)
            for (int i = 0; i < x.h * x.w; ++i) body(x.at(n, channel, 0, 0) + static_cast<std::size_t>(i));
    }

    std::vector<float> stored(Address address) {
        return cudnn.download(address, static_cast<std::size_t>(x.c));
    }

    Cudnn cudnn;
    Data x, y;
    Address scale, bias, mean, variance, saveMean, saveInverse;
    Handle descriptor = 0;
    std::vector<double> means, variances;
    static constexpr double EPSILON = 1e-3, FACTOR = 0.3;
};

void inEveryLayout(const std::function<void(Norm&, int)>& body) {
    for (int type : {test::FLOAT, test::BFLOAT16})
        for (int format : {test::NCHW, test::NHWC}) {
            Norm norm(7, 5, 3, 11, type, format);
            body(norm, type);
        }
}

TEST("batch normalisation normalises by the batch, and remembers the unbiased variance") {
    inEveryLayout([](Norm& b, int type) {
        SAME(cudnnBatchNormalizationForwardTraining(b.cudnn.handle, 1, &ONE, &ZERO, b.x.descriptor, b.x.address,
                                                    b.y.descriptor, b.y.address, b.descriptor, b.scale, b.bias, Norm::FACTOR,
                                                    b.mean, b.variance, Norm::EPSILON, b.saveMean, b.saveInverse), 0);
        auto scale = b.parameterValues(3), bias = b.parameterValues(4), mean = b.parameterValues(5),
             variance = b.parameterValues(6);
        std::vector<double> expected(b.x.count()), running, unbiased, inverse;
        for (int c = 0; c < b.x.c; ++c) {
            auto i = static_cast<std::size_t>(c);
            inverse.push_back(1.0 / std::sqrt(b.variances[i] + Norm::EPSILON));
            running.push_back((1.0 - Norm::FACTOR) * mean[i] + Norm::FACTOR * b.means[i]);
            unbiased.push_back((1.0 - Norm::FACTOR) * variance[i] + Norm::FACTOR * b.variances[i] * b.count() / (b.count() - 1.0));
            b.forEach(c, [&](std::size_t at) {
                expected[at] = scale[i] * (b.x.values[at] - b.means[i]) * inverse[i] + bias[i];
            });
        }
        NEAR(b.y.download(b.cudnn), expected, 4, type);
        NEAR(b.stored(b.mean), running, 4, test::FLOAT);
        NEAR(b.stored(b.variance), unbiased, 4, test::FLOAT);
        NEAR(b.stored(b.saveMean), b.means, 4, test::FLOAT);
        NEAR(b.stored(b.saveInverse), inverse, 4, test::FLOAT);
    });
}

TEST("inference normalises by running statistics") {
    inEveryLayout([](Norm& b, int type) {
        SAME(cudnnBatchNormalizationForwardInference(b.cudnn.handle, 1, &ONE, &ZERO, b.x.descriptor, b.x.address,
                                                     b.y.descriptor, b.y.address, b.descriptor, b.scale, b.bias, b.mean,
                                                     b.variance, Norm::EPSILON), 0);
        auto scale = b.parameterValues(3), bias = b.parameterValues(4), mean = b.parameterValues(5),
             variance = b.parameterValues(6);
        std::vector<double> expected(b.x.count());
        for (int c = 0; c < b.x.c; ++c)
            b.forEach(c, [&](std::size_t at) {
                auto i = static_cast<std::size_t>(c);
                expected[at] = scale[i] * (b.x.values[at] - mean[i]) / std::sqrt(variance[i] + Norm::EPSILON) + bias[i];
            });
        NEAR(b.y.download(b.cudnn), expected, 6, type);
    });
}

TEST("the gradient of a batch normalisation goes through mean and variance") {
    inEveryLayout([](Norm& b, int type) {
        Data dx(b.cudnn, b.x.n, b.x.c, b.x.h, b.x.w, b.x.type, b.x.format, 9);
        const Data& dy = b.y;
        auto scale = b.parameterValues(3);
        std::vector<double> expected(b.x.count()), dScale, dBias;
        std::vector<float> mean, inverse;
        for (int c = 0; c < b.x.c; ++c) {
            auto i = static_cast<std::size_t>(c);
            double scaled = 1.0 / std::sqrt(b.variances[i] + Norm::EPSILON), sum = 0.0, product = 0.0;
            auto normal = [&](std::size_t at) { return (b.x.values[at] - b.means[i]) * scaled; };
            b.forEach(c, [&](std::size_t at) {
                sum += dy.values[at];
                product += dy.values[at] * normal(at);
            });
            b.forEach(c, [&](std::size_t at) {
                expected[at] = scale[i] * scaled * (dy.values[at] - sum / b.count() - normal(at) * product / b.count());
            });
            dScale.push_back(product);
            dBias.push_back(sum);
            mean.push_back(static_cast<float>(b.means[i]));
            inverse.push_back(static_cast<float>(scaled));
        }
        Address savedMean = b.cudnn.upload(mean), savedInverse = b.cudnn.upload(inverse);
        SAME(cudnnBatchNormalizationBackward(b.cudnn.handle, 1, &ONE, &ZERO, &ONE, &ZERO, b.x.descriptor, b.x.address,
                                             dy.descriptor, dy.address, dx.descriptor, dx.address, b.descriptor, b.scale,
                                             b.mean, b.variance, Norm::EPSILON, savedMean, savedInverse), 0);
        NEAR(dx.download(b.cudnn), expected, 12, type);
        NEAR(b.stored(b.mean), dScale, 100, test::FLOAT);
        NEAR(b.stored(b.variance), dBias, 100, test::FLOAT);
    });
}

TEST("batch normalisation refuses one of two pointers and other parameters") {
    Norm b(2, 3, 2, 2, test::FLOAT, test::NCHW);
    auto train = [&](Address mean, Address saved, Handle descriptor, double epsilon) {
        return cudnnBatchNormalizationForwardTraining(b.cudnn.handle, 1, &ONE, &ZERO, b.x.descriptor, b.x.address,
                                                      b.y.descriptor, b.y.address, descriptor, b.scale, b.bias, 0.1, mean,
                                                      b.variance, epsilon, saved, b.saveInverse);
    };
    SAME(train(b.mean, b.saveMean, b.descriptor, 1e-5), 0);
    SAME(train(0, b.saveMean, b.descriptor, 1e-5), 2002);
    SAME(train(b.mean, 0, b.descriptor, 1e-5), 2002);
    SAME(train(b.mean, b.saveMean, b.x.descriptor, 1e-5), 2008);
    SAME(train(b.mean, b.saveMean, b.descriptor, -1.0), 2000);
    SAME(train(b.mean + 4, b.saveMean, b.descriptor, 1e-5), 2000); // 3 floats, one of them beyond the end
}

TEST("inference normalises at most 65535 samples at once") {
    for (int samples : {65535, 65536}) {
        Norm b(samples, 1, 1, 1, test::FLOAT, test::NCHW);
        SAME(cudnnBatchNormalizationForwardInference(b.cudnn.handle, 1, &ONE, &ZERO, b.x.descriptor, b.x.address,
                                                     b.y.descriptor, b.y.address, b.descriptor, b.scale, b.bias, b.mean,
                                                     b.variance, Norm::EPSILON), samples == 65535 ? 0 : 3000);
    }
}

TEST("what a descriptor says of itself is checked") {
    Cudnn cudnn;
    Data x(cudnn, 1, 2, 4, 4, test::FLOAT, test::NCHW, 1);
    SAME(cudnnSetTensor4dDescriptor(x.descriptor, 0, 0, 1, 0, 4, 4), 2000);
    SAME(cudnnSetTensor4dDescriptor(x.descriptor, 0, 2, 1, 1, 4, 4), 3000); // half
    Data y(cudnn, 1, 2, 4, 4, test::FLOAT, test::NCHW, 2);
    Handle unset, pooling;
    SAME(cudnnCreateTensorDescriptor(&unset), 0);
    SAME(cudnnCreatePoolingDescriptor(&pooling), 0);
    SAME(cudnnSetPooling2dDescriptor(pooling, 3, 0, 1, 1, 0, 0, 1, 1), 0);
    auto pool = [&](Handle handle, const float* alpha, Handle from) {
        return cudnnPoolingForward(handle, pooling, alpha, from, x.address, &ZERO, y.descriptor, y.address);
    };
    SAME(pool(cudnn.handle, &ONE, x.descriptor), 0);
    SAME(pool(cudnn.handle, &ONE, unset), 2000);
    SAME(cudnnDestroyTensorDescriptor(unset), 0);
    SAME(cudnnDestroyTensorDescriptor(unset), 2000);
    SAME(pool(cudnn.handle, nullptr, x.descriptor), 2002);
    SAME(pool(0, &ONE, x.descriptor), 2000);
    SAME(cudnnDestroyPoolingDescriptor(pooling), 0);
}

TEST("pooling reads what was written, and its result only where that counts") {
    for (float beta : BETAS) {
        test::checkAccesses<Cudnn>({{'r', 8}, {blended(beta), 2}}, [&](Cudnn& cudnn, const std::vector<Address>& at) {
            Pooling pooling(3, 2, 2, 0, 2, 2);
            Data x(cudnn, 1, 2, 2, 2, test::FLOAT, test::NCHW, 1), y(cudnn, 1, 2, 1, 1, test::FLOAT, test::NCHW, 1);
            SAME(cudnnPoolingForward(cudnn.handle, pooling.descriptor, &ONE, x.descriptor, at[0], &beta, y.descriptor, at[1]), 0);
        });
        test::checkAccesses<Cudnn>(
            {{'r', 2}, {'r', 2}, {'r', 8}, {blended(beta), 8}}, [&](Cudnn& cudnn, const std::vector<Address>& at) {
                Pooling pooling(3, 2, 2, 0, 2, 2);
                Data x(cudnn, 1, 2, 2, 2, test::FLOAT, test::NCHW, 1), y(cudnn, 1, 2, 1, 1, test::FLOAT, test::NCHW, 1);
                SAME(cudnnPoolingBackward(cudnn.handle, pooling.descriptor, &ONE, y.descriptor, at[0], y.descriptor, at[1],
                                          x.descriptor, at[2], &beta, x.descriptor, at[3]), 0);
            });
    }
}

TEST("batch normalisation reads what was written, and its results only where that counts") {
    for (float beta : BETAS) {
        constexpr std::size_t X = 24, C = 3;
        test::checkAccesses<Cudnn>({{'r', X}, {blended(beta), X}, {'r', C}, {'r', C}, {'u', C}, {'u', C}, {'w', C}, {'w', C}},
                                   [&](Cudnn& cudnn, const std::vector<Address>& at) {
                                       Data x(cudnn, 2, 3, 2, 2, test::FLOAT, test::NCHW, 1);
                                       Data c(cudnn, 1, 3, 1, 1, test::FLOAT, test::NCHW, 1);
                                       SAME(cudnnBatchNormalizationForwardTraining(
                                                cudnn.handle, 1, &ONE, &beta, x.descriptor, at[0], x.descriptor, at[1],
                                                c.descriptor, at[2], at[3], 0.1, at[4], at[5], 1e-3, at[6], at[7]), 0);
                                   });
        test::checkAccesses<Cudnn>({{'r', X}, {blended(beta), X}, {'r', C}, {'r', C}, {'r', C}, {'r', C}},
                                   [&](Cudnn& cudnn, const std::vector<Address>& at) {
                                       Data x(cudnn, 2, 3, 2, 2, test::FLOAT, test::NCHW, 1);
                                       Data c(cudnn, 1, 3, 1, 1, test::FLOAT, test::NCHW, 1);
                                       SAME(cudnnBatchNormalizationForwardInference(
                                                cudnn.handle, 1, &ONE, &beta, x.descriptor, at[0], x.descriptor, at[1],
                                                c.descriptor, at[2], at[3], at[4], at[5], 1e-3), 0);
                                   });
        for (float betaParameters : BETAS)
            test::checkAccesses<Cudnn>({{'r', X}, {'r', X}, {blended(beta), X}, {'r', C}, {blended(betaParameters), C},
                                        {blended(betaParameters), C}, {'r', C}, {'r', C}},
                                       [&](Cudnn& cudnn, const std::vector<Address>& at) {
                                           Data x(cudnn, 2, 3, 2, 2, test::FLOAT, test::NCHW, 1);
                                           Data c(cudnn, 1, 3, 1, 1, test::FLOAT, test::NCHW, 1);
                                           SAME(cudnnBatchNormalizationBackward(
                                                    cudnn.handle, 1, &ONE, &beta, &ONE, &betaParameters, x.descriptor, at[0],
                                                    x.descriptor, at[1], x.descriptor, at[2], c.descriptor, at[3], at[4],
                                                    at[5], 1e-3, at[6], at[7]), 0);
                                       });
    }
}

} // namespace
