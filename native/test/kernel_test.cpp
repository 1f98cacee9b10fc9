// Kernels: parameters arrive, blocks meet, and what a block must not do is caught.
#include "probes.h"

#include <cmath>

using test::Probes;

namespace {

constexpr int INVALID_VALUE = 1, LAUNCH_FAILED = 719, ILLEGAL_ADDRESS = 700;

TEST("every thread of every block runs once") {
    test::Device device;
    Probes probes;
    for (unsigned block : {1u, 31u, 33u, 1024u}) {
        int zero = 0, count = -1;
        Address out = device.uploadBytes(&zero, sizeof zero);
        SAME(probes.launch(device, "probe_count", 77, block, out), 0);
        device.downloadBytes(&count, out, sizeof count);
        SAME(count, 77 * static_cast<int>(block));
    }
}

TEST("parameters of every width arrive") {
    test::Device device;
    Probes probes;
    double sum = 0;
    Address out = device.allocate(sizeof sum);
    unsigned char a = 200;
    SAME(probes.launch(device, "probe_parameters", 1, 1, out, a, -7, 1LL << 40, 0.5f, 0.25), 0);
    device.downloadBytes(&sum, out, sizeof sum);
    SAME(sum, 200.0 - 7 + std::ldexp(1.0, 40) + 0.5 + 0.25);
}

TEST("shuffles, shared memory and barriers sum a block, in any order of its threads") {
    test::Device device;
    Probes probes;
    constexpr int blocks = 37;
    std::vector<int> in(blocks * 64);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int>(i * i % 1009);
    Address from = device.uploadBytes(in.data(), in.size() * 4), to = device.allocate(blocks * 4);
    for (int order : {0, 1, 2}) {
        software_order(order);
        SAME(probes.launch(device, "probe_sum", blocks, 64, to, from), 0);
        std::vector<int> out(blocks);
        device.downloadBytes(out.data(), to, blocks * 4);
        for (int b = 0; b < blocks; ++b) {
            int sum = 0;
            for (int i = 0; i < 64; ++i) sum += in[static_cast<std::size_t>(b * 64 + i)];
            SAME(out[static_cast<std::size_t>(b)], sum);
        }
    }
    software_order(0);
}

TEST("ballots see who voted") {
    test::Device device;
    Probes probes;
    Address to = device.allocate(64 * 4);
    SAME(probes.launch(device, "probe_ballot", 1, 64, to), 0);
    std::vector<unsigned> out(64);
    device.downloadBytes(out.data(), to, 64 * 4);
    unsigned even = 0, odd = 0;
    for (unsigned i = 0; i < 32; ++i) {
        even |= (i % 3 == 0 ? 1u : 0u) << i;
        odd |= ((i + 32) % 3 == 0 ? 1u : 0u) << i;
    }
    for (unsigned i = 0; i < 64; ++i) SAME(out[i], i < 32 ? even : odd);
}

TEST("shared memory that nobody wrote is not a number") {
    test::Device device;
    Probes probes;
    Address to = device.allocate(32 * 4);
    for (int written : {32, 5}) {
        SAME(probes.launch(device, "probe_uninitialised", 1, 32, to, written), 0);
        auto values = device.download(to, 32);
        for (int i = 0; i < 32; ++i) CHECK(std::isnan(values[static_cast<std::size_t>(i)]) == (i >= written));
    }
}

TEST("a block has the shared memory that it is launched with, which is no number at first") {
    test::Device device;
    Probes probes;
    Address out = device.allocate(9 * 4);
    for (int words : {1, 7, 12000}) {
        SAME(probes.launchSharing(device, probes.function("probe_dynamic_shared"), static_cast<unsigned>(words) * 4, 9, 32, out, words, 0), 0);
        for (float value : device.download(out, 9)) CHECK(std::isnan(value));
    }
}

TEST("more shared memory than usual is asked for first, and there is an end to it") {
    constexpr int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8, usual = 48 << 10, most = 227 << 10;
    test::Device device;
    Probes probes;
    Address out = device.allocate(4);
    Handle function = probes.function("probe_dynamic_shared");
    SAME(probes.launchSharing(device, function, usual + 4, 1, 32, out, usual / 4 + 1, 0), INVALID_VALUE);
    SAME(cuFuncSetAttribute(function, MAX_DYNAMIC_SHARED_SIZE_BYTES, most + 1), INVALID_VALUE);
    SAME(cuFuncSetAttribute(function, MAX_DYNAMIC_SHARED_SIZE_BYTES, most), 0);
    SAME(probes.launchSharing(device, function, most, 1, 32, out, most / 4, 0), 0);
    SAME(cuStreamSynchronize(device.stream), 0);
}

TEST("a kernel says what it was compiled for") {
    constexpr int PTX_VERSION = 5, BINARY_VERSION = 6;
    test::Device device;
    Probes probes;
    Handle function = probes.function("probe_count");
    int version = 0;
    SAME(cuFuncGetAttribute(&version, PTX_VERSION, function), 0);
    SAME(version, 90);
    software_compiled_for(75);
    SAME(cuFuncGetAttribute(&version, PTX_VERSION, function), 0);
    software_compiled_for(90);
    SAME(version, 75);
    SAME(cuFuncGetAttribute(&version, BINARY_VERSION, function), INVALID_VALUE);
    SAME(cuFuncGetAttribute(&version, PTX_VERSION, function + 1), 400);
}

TEST("a write beside a block's shared memory ends the launch") {
    test::Device device;
    Probes probes;
    Address out = device.allocate(4);
    SAME(probes.launchSharing(device, probes.function("probe_dynamic_shared"), 404, 1, 32, out, 101, 1), 0);
    SAME(cuStreamSynchronize(device.stream), LAUNCH_FAILED);
}

TEST("a launch that may overlap is as any other, and no other attribute is known") {
    constexpr int ACCESS_POLICY_WINDOW = 1;
    test::Device device;
    Probes probes;
    int zero = 0, count = -1;
    Address out = device.uploadBytes(&zero, sizeof zero);
    SAME(probes.launchWith(device, test::PROGRAMMATIC_STREAM_SERIALIZATION, "probe_count", 7, 33, out), 0);
    device.downloadBytes(&count, out, sizeof count);
    SAME(count, 7 * 33);
    SAME(probes.launchWith(device, ACCESS_POLICY_WINDOW, "probe_count", 7, 33, out), 801);
}

TEST("a race shows in another order of threads") {
    test::Device device;
    Probes probes;
    Address to = device.allocate(64 * 4);
    auto run = [&](int order) {
        software_order(order);
        SAME(probes.launch(device, "probe_race", 1, 64, to, 0), 0);
        std::vector<int> out(64);
        device.downloadBytes(out.data(), to, 64 * 4);
        software_order(0);
        return out;
    };
    CHECK(run(0) != run(1));
}

TEST("divergent barriers, lost lanes and traps end the launch") {
    auto fails = [](const char* name, unsigned grid, unsigned block, auto... arguments) {
        test::Device device;
        Probes probes;
        SAME(probes.launch(device, name, grid, block, arguments...), 0);
        SAME(cuStreamSynchronize(device.stream), LAUNCH_FAILED);
        Address address;
        SAME(cuMemAlloc_v2(&address, 16), LAUNCH_FAILED); // it sticks
    };
    fails("probe_early_return", 2, 64, 63);
    fails("probe_two_barriers", 1, 32);
    fails("probe_trap", 5, 32);
    {
        test::Device device;
        Probes probes;
        Address to = device.allocate(32 * 4);
        SAME(probes.launch(device, "probe_lost_lane", 1, 32, to), 0);
        SAME(cuStreamSynchronize(device.stream), LAUNCH_FAILED);
    }
}

TEST("a write beside an allocation is caught") {
#ifndef __SANITIZE_ADDRESS__ // which stops the process there
    for (int at : {-1, 5}) {
        test::Device device;
        Probes probes;
        Address to = device.allocate(5 * 4);
        SAME(probes.launch(device, "probe_write", 1, 1, to, at, 42), 0);
        SAME(cuStreamSynchronize(device.stream), ILLEGAL_ADDRESS);
    }
#endif
}

TEST("launch shapes over the limits are refused") {
    test::Device device;
    Probes probes;
    Address to = device.allocate(256);
    SAME(probes.launch(device, "probe_ballot", 0, 32, to), INVALID_VALUE);
    SAME(probes.launch(device, "probe_ballot", 1, 0, to), INVALID_VALUE);
    SAME(probes.launch(device, "probe_ballot", 1, 1025, to), INVALID_VALUE);
    SAME(probes.launch(device, "probe_sum", 1, 96, to, to), INVALID_VALUE); // __launch_bounds__(64)
}

TEST("a kernel's pointers are looked at when it is launched") {
    test::Device device;
    Probes probes;
    Address to;
    SAME(cuMemAlloc_v2(&to, 64), 0);
    float host = 0;
    CHECK(probes.launch(device, "probe_ballot", 1, 1, reinterpret_cast<Address>(&host)) != 0);
    CHECK(probes.launch(device, "probe_ballot", 1, 1, to + 2) != 0);
    SAME(cuMemFree_v2(to), 0);
    CHECK(probes.launch(device, "probe_ballot", 1, 1, to) != 0);
}

} // namespace
