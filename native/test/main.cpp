#include "harness.h"

#include <cmath>
#include <cstring>

namespace test {

namespace {

Handle context = 0;

} // namespace

Device::Device() {
    software_reset();
    cuInit(0);
    CHECK(cuDevicePrimaryCtxRetain(&context, 0) == 0);
    CHECK(cuCtxSetCurrent(context) == 0);
    CHECK(cuStreamCreate(&stream, 1) == 0);
}

Device::~Device() {
    software_reset();
    for (Address each : memory) cuMemFree_v2(each);
    cuStreamDestroy_v2(stream);
    cuDevicePrimaryCtxRelease_v2(0);
    software_reset();
}

Address Device::allocate(std::size_t bytes) {
    Address address = 0;
    CHECK(cuMemAlloc_v2(&address, bytes) == 0);
    memory.push_back(address);
    return address;
}

Address Device::uploadBytes(const void* bytes, std::size_t count) {
    Address address = allocate(count);
    CHECK(cuMemcpyHtoDAsync_v2(address, bytes, count, stream) == 0);
    return address;
}

Address Device::upload(const std::vector<float>& values) {
    return uploadBytes(values.data(), values.size() * sizeof(float));
}

void Device::downloadBytes(void* to, Address from, std::size_t count) {
    SAME(cuMemcpyDtoHAsync_v2(to, from, count, stream), 0);
    SAME(cuStreamSynchronize(stream), 0);
}

std::vector<float> Device::download(Address from, std::size_t count) {
    std::vector<float> values(count);
    downloadBytes(values.data(), from, count * sizeof(float));
    return values;
}

std::vector<float> numbers(std::size_t count, unsigned seed) {
    std::vector<float> values(count);
    unsigned state = seed * 2654435761u + 1;
    for (float& value : values) {
        state = state * 1664525 + 1013904223;
        value = static_cast<float>(static_cast<int>(state >> 8) - (1 << 23)) / (1 << 23);
    }
    return values;
}

} // namespace test

// Runs every test, or those whose claim has the argument in it.
int main(int count, char** arguments) {
    int failed = 0, run = 0;
    for (auto& each : test::cases()) {
        if (count > 1 && std::strstr(each.claim, arguments[1]) == nullptr) continue;
        ++run;
        try {
            each.body();
            long left = software_live("");
            if (left != 0) throw test::Failed{std::to_string(left) + " objects are left"};
        } catch (const test::Failed& failure) {
            ++failed;
            std::printf("FAILED %s: %s\n", each.claim, failure.what.c_str());
        }
    }
    std::printf("native: %d tests, %d failed\n", run, failed);
    return failed == 0 ? 0 : 1;
}
