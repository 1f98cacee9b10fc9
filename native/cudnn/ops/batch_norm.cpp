// Batch normalisation over the channels of images (CUDNN_BATCHNORM_SPATIAL), with sums in double.
#include <cmath>

#include "../tensor.h"

namespace software {

namespace {

enum { SPATIAL = 1, SPATIAL_PERSISTENT = 2 };

void requireSpatial(int mode) {
    if (mode != SPATIAL && mode != SPATIAL_PERSISTENT)
        throw Refusal{Fault::notSupported, format("the software device normalises channels alone, not in mode %d", mode)};
}

// Parameters are float, one a channel, whatever x is.
Use parameter(const char* what, const Tensor& x, Handle descriptor, Address address, Access access = Access::read) {
    const Tensor& tensor = tensorOf(descriptor);
    requireShape("the descriptor of scale, bias, means and variances", tensor, 1, x.c, 1, 1);
    if (tensor.type != FLOAT) throw Refusal{Fault::notSupported, "parameters of a batch normalisation must be float"};
    return tensor.use(what, address, access);
}

void requireEpsilon(double epsilon) {
    if (!(epsilon >= 0.0)) throw Refusal{Fault::invalidValue, format("epsilon is %g", epsilon)};
}

void requireBothOrNeither(const char* what, Address one, Address other) {
    if ((one == 0) != (other == 0)) throw Refusal{Fault::nullPointer, format("one of %s is null", what)};
}

// One channel of all images as floats, on the thread that asks.
std::vector<float>& channelOf(const Tensor& tensor, Address base, int channel, int slot) {
    static thread_local std::vector<float> slots[2];
    auto& values = slots[slot];
    values.resize(static_cast<std::size_t>(tensor.n) * tensor.plane());
    for (int n = 0; n < tensor.n; ++n)
        tensor.readPlane(base, n, channel, values.data() + static_cast<std::size_t>(n) * tensor.plane());
    return values;
}

void writeChannel(const Tensor& tensor, Address base, int channel, const std::vector<float>& values, Scaling scale) {
    for (int n = 0; n < tensor.n; ++n)
        tensor.writePlane(base, n, channel, values.data() + static_cast<std::size_t>(n) * tensor.plane(),
                          static_cast<std::size_t>(tensor.w), scale);
}

void forEachChannel(const Tensor& tensor, const std::function<void(int)>& body) {
    software_parallel(static_cast<std::size_t>(tensor.c), [&](std::size_t c) { body(static_cast<int>(c)); });
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cudnnBatchNormalizationForwardTraining(Handle handle, int mode, const void* alpha, const void* beta,
                                                      Handle xDescriptor, Address x, Handle yDescriptor, Address y,
                                                      Handle parameters, Address scale, Address bias, double factor,
                                                      Address runningMean, Address runningVariance, double epsilon,
                                                      Address saveMean, Address saveInverse) {
    constexpr const char* NAME = "cudnnBatchNormalizationForwardTraining";
    return cudnn(NAME, ON_STREAM, [&] {
        Tensor xTensor = tensorOf(xDescriptor), yTensor = tensorOf(yDescriptor);
        Scaling blend = scaling(alpha, beta);
        requireSpatial(mode);
        requireAlike("y", yTensor, xTensor);
        requireEpsilon(epsilon);
        requireBothOrNeither("the running mean and variance", runningMean, runningVariance);
        requireBothOrNeither("the saved mean and inverse variance", saveMean, saveInverse);
        if (!(factor >= 0.0 && factor <= 1.0)) throw Refusal{Fault::invalidValue, format("the averaging factor is %g", factor)};
        std::vector<Use> uses = {xTensor.use("x", x, Access::read), yTensor.use("y", y, blend.access()),
                                 parameter("bnScale", xTensor, parameters, scale),
                                 parameter("bnBias", xTensor, parameters, bias)};
        if (runningMean != 0) {
            uses.push_back(parameter("resultRunningMean", xTensor, parameters, runningMean, Access::update));
            uses.push_back(parameter("resultRunningVariance", xTensor, parameters, runningVariance, Access::update));
        }
        if (saveMean != 0) {
            uses.push_back(parameter("resultSaveMean", xTensor, parameters, saveMean, Access::write));
            uses.push_back(parameter("resultSaveInvVariance", xTensor, parameters, saveInverse, Access::write));
        }
        enqueue(handle, NAME, uses, [=] {
            forEachChannel(xTensor, [&](int c) {
                auto& values = channelOf(xTensor, x, c, 0);
                double count = static_cast<double>(values.size()), sum = 0.0, squares = 0.0;
                for (float value : values) sum += value;
                double mean = sum / count;
                for (float value : values) squares += (value - mean) * (value - mean);
                double variance = squares / count, inverse = 1.0 / std::sqrt(variance + epsilon);
                float gamma = pointer<float>(scale)[c], shift = pointer<float>(bias)[c];
                for (float& value : values)
                    value = gamma * static_cast<float>((value - mean) * inverse) + shift;
                writeChannel(yTensor, y, c, values, blend);
                if (runningMean != 0) { // one value has no unbiased variance, as cuDNN has it
                    float& ofMean = pointer<float>(runningMean)[c];
                    float& ofVariance = pointer<float>(runningVariance)[c];
                    ofMean = static_cast<float>((1.0 - factor) * ofMean + factor * mean);
                    ofVariance = static_cast<float>((1.0 - factor) * ofVariance + factor * squares / (count - 1.0));
                }
                if (saveMean != 0) {
                    pointer<float>(saveMean)[c] = static_cast<float>(mean);
                    pointer<float>(saveInverse)[c] = static_cast<float>(inverse);
                }
            });
        });
    });
}

extern "C" int cudnnBatchNormalizationForwardInference(Handle handle, int mode, const void* alpha, const void* beta,
                                                       Handle xDescriptor, Address x, Handle yDescriptor, Address y,
                                                       Handle parameters, Address scale, Address bias, Address mean,
                                                       Address variance, double epsilon) {
    constexpr const char* NAME = "cudnnBatchNormalizationForwardInference";
    return cudnn(NAME, ON_STREAM, [&] {
        Tensor xTensor = tensorOf(xDescriptor), yTensor = tensorOf(yDescriptor);
        Scaling blend = scaling(alpha, beta);
        requireSpatial(mode);
        requireAlike("y", yTensor, xTensor);
        requireEpsilon(epsilon);
        if (xTensor.n > 65535) // as with cuDNN, whatever the pixels
            throw Refusal{Fault::notSupported, format("a batch of %d is more than 65535", xTensor.n)};
        std::vector<Use> uses = {xTensor.use("x", x, Access::read),
                                 yTensor.use("y", y, blend.access()),
                                 parameter("bnScale", xTensor, parameters, scale),
                                 parameter("bnBias", xTensor, parameters, bias),
                                 parameter("estimatedMean", xTensor, parameters, mean),
                                 parameter("estimatedVariance", xTensor, parameters, variance)};
        enqueue(handle, NAME, uses, [=] {
            forEachChannel(xTensor, [&](int c) {
                auto& values = channelOf(xTensor, x, c, 0);
                double inverse = 1.0 / std::sqrt(pointer<float>(variance)[c] + epsilon);
                float gamma = pointer<float>(scale)[c], shift = pointer<float>(bias)[c];
                double middle = pointer<float>(mean)[c];
                for (float& value : values)
                    value = gamma * static_cast<float>((value - middle) * inverse) + shift;
                writeChannel(yTensor, y, c, values, blend);
            });
        });
    });
}

extern "C" int cudnnBatchNormalizationBackward(Handle handle, int mode, const void* alphaData, const void* betaData,
                                               const void* alphaParameters, const void* betaParameters,
                                               Handle xDescriptor, Address x, Handle dyDescriptor, Address dy,
                                               Handle dxDescriptor, Address dx, Handle parameters, Address scale,
                                               Address dScale, Address dBias, double epsilon, Address saveMean,
                                               Address saveInverse) {
    constexpr const char* NAME = "cudnnBatchNormalizationBackward";
    return cudnn(NAME, ON_STREAM, [&] {
        Tensor xTensor = tensorOf(xDescriptor), dyTensor = tensorOf(dyDescriptor), dxTensor = tensorOf(dxDescriptor);
        Scaling blend = scaling(alphaData, betaData), blendParameters = scaling(alphaParameters, betaParameters);
        requireSpatial(mode);
        requireAlike("dy", dyTensor, xTensor);
        requireAlike("dx", dxTensor, xTensor);
        requireEpsilon(epsilon);
        requireBothOrNeither("the saved mean and inverse variance", saveMean, saveInverse);
        std::vector<Use> uses = {xTensor.use("x", x, Access::read),
                                 dyTensor.use("dy", dy, Access::read),
                                 dxTensor.use("dx", dx, blend.access()),
                                 parameter("bnScale", xTensor, parameters, scale),
                                 parameter("dBnScaleResult", xTensor, parameters, dScale, blendParameters.access()),
                                 parameter("dBnBiasResult", xTensor, parameters, dBias, blendParameters.access())};
        if (saveMean != 0) {
            uses.push_back(parameter("savedMean", xTensor, parameters, saveMean));
            uses.push_back(parameter("savedInvVariance", xTensor, parameters, saveInverse));
        }
        enqueue(handle, NAME, uses, [=] {
            forEachChannel(xTensor, [&](int c) {
                auto& values = channelOf(xTensor, x, c, 0);
                auto& gradients = channelOf(dyTensor, dy, c, 1);
                double count = static_cast<double>(values.size()), mean = 0.0, inverse = 0.0;
                if (saveMean != 0) {
                    mean = pointer<float>(saveMean)[c];
                    inverse = pointer<float>(saveInverse)[c];
                } else {
                    for (float value : values) mean += value / count;
                    for (float value : values) inverse += (value - mean) * (value - mean) / count;
                    inverse = 1.0 / std::sqrt(inverse + epsilon);
                }
                double sum = 0.0, product = 0.0;
                for (std::size_t i = 0; i < values.size(); ++i) {
                    sum += gradients[i];
                    product += gradients[i] * ((values[i] - mean) * inverse);
                }
                double gamma = pointer<float>(scale)[c];
                for (std::size_t i = 0; i < values.size(); ++i) {
                    double normal = (values[i] - mean) * inverse;
                    values[i] = static_cast<float>(gamma * inverse * (gradients[i] - sum / count - normal * product / count));
                }
                writeChannel(dxTensor, dx, c, values, blend);
                auto put = [&](Address to, double value) {
                    float& stored = pointer<float>(to)[c];
                    double before = blendParameters.beta == 0.0f ? 0.0 : blendParameters.beta * stored;
                    stored = static_cast<float>(blendParameters.alpha * value + before);
                };
                put(dScale, product);
                put(dBias, sum);
            });
        });
    });
}
