// Memory, streams, capture: what arrives, when, and what is refused.
#include <cmath>
#include <cstring>
#include <thread>

#include "networks.h"

namespace {

constexpr int INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, INVALID_HANDLE = 400,
              CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, CAPTURE_IMPLICIT = 906,
              ILLEGAL_ADDRESS = 700;

using test::Device;

TEST("fresh memory is not a number, and memory ends where it ends") {
    Device device;
    Address memory = device.allocate(20);
    for (float value : device.download(memory, 5)) CHECK(std::isnan(value));
    char host[64] = {};
    SAME(cuMemcpyHtoDAsync_v2(memory, host, 20, device.stream), 0);
    SAME(cuMemcpyHtoDAsync_v2(memory, host, 21, device.stream), INVALID_VALUE);
    SAME(cuMemcpyHtoDAsync_v2(memory + 4, host, 17, device.stream), INVALID_VALUE);
    SAME(cuMemcpyHtoDAsync_v2(memory - 4, host, 4, device.stream), INVALID_VALUE);
    SAME(cuMemcpyDtoDAsync_v2(memory, memory + 4, 8, device.stream), INVALID_VALUE); // over itself
    SAME(cuMemcpyDtoHAsync_v2(reinterpret_cast<void*>(memory), memory, 4, device.stream), INVALID_VALUE);
    SAME(cuMemcpyHtoDAsync_v2(reinterpret_cast<Address>(host), host, 4, device.stream), INVALID_VALUE);
    SAME(cuMemsetD8Async(memory, 0, 21, device.stream), INVALID_VALUE);
}

TEST("memory is freed once, and no address comes back") {
    Device device;
    Address first, second;
    SAME(cuMemAlloc_v2(&first, 4096), 0);
    SAME(cuMemFree_v2(first), 0);
    SAME(cuMemFree_v2(first), INVALID_VALUE);
    SAME(cuMemAlloc_v2(&second, 4096), 0);
    CHECK(first != second);
    SAME(cuMemFree_v2(second + 256), INVALID_VALUE);
    SAME(cuMemcpyDtoDAsync_v2(first, second, 16, device.stream), INVALID_VALUE);
    SAME(cuMemFree_v2(second), 0);
    SAME(cuMemAlloc_v2(&second, 0), INVALID_VALUE);
}

TEST("memory runs out where a test says so") {
    Device device;
    software_memory(1 << 20);
    Address address;
    SAME(cuMemAlloc_v2(&address, (1 << 20) + 1), OUT_OF_MEMORY);
    SAME(cuMemAlloc_v2(&address, 1 << 20), 0);
    Address another;
    SAME(cuMemAlloc_v2(&another, 1), OUT_OF_MEMORY);
    SAME(cuMemFree_v2(address), 0);
    software_memory(std::size_t{4} << 30);
}

TEST("copies of pinned memory read it when they run, and arrive when somebody waits") {
    Device device;
    void* memory;
    SAME(cuMemHostAlloc(&memory, 4, 0), 0);
    auto* pinned = static_cast<float*>(memory);
    Address there = device.allocate(4);
    *pinned = 1.0f;
    SAME(cuMemcpyHtoDAsync_v2(there, pinned, 4, device.stream), 0);
    *pinned = 2.0f; // too early
    SAME(device.download(there, 1)[0], 2.0f);
    SAME(cuMemcpyDtoHAsync_v2(pinned, there, 4, device.stream), 0);
    CHECK(std::isnan(*pinned));
    SAME(cuStreamSynchronize(device.stream), 0);
    SAME(*pinned, 2.0f);
    SAME(cuMemFreeHost(memory), 0);
    SAME(cuMemFreeHost(memory), INVALID_VALUE);
}

TEST("another stream does not wait") {
    Device device;
    Handle other;
    SAME(cuStreamCreate(&other, 1), 0);
    Address memory = device.allocate(4);
    SAME(cuMemsetD8Async(memory, 0, 4, other), 0);
    CHECK(std::isnan(device.download(memory, 1)[0]));
    SAME(cuStreamSynchronize(other), 0);
    SAME(device.download(memory, 1)[0], 0.0f);
    SAME(cuStreamDestroy_v2(other), 0);
    SAME(cuStreamDestroy_v2(other), INVALID_HANDLE);
    SAME(cuMemsetD8Async(memory, 0, 4, other), INVALID_HANDLE);
}

TEST("a context is current on its own thread alone") {
    Device device;
    int status = -1;
    std::thread([&] {
        Address address;
        status = cuMemAlloc_v2(&address, 16);
    }).join();
    SAME(status, INVALID_CONTEXT);
}

TEST("a graph replays what was enqueued, with the values of then") {
    Device device;
    Address from = device.upload({1.0f}), to = device.allocate(4);
    Handle graph, executable;
    SAME(cuStreamBeginCapture_v2(device.stream, 1), 0);
    SAME(cuMemcpyDtoDAsync_v2(to, from, 4, device.stream), 0);
    SAME(cuStreamEndCapture(device.stream, &graph), 0);
    SAME(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    SAME(cuGraphDestroy(graph), 0);
    CHECK(std::isnan(device.download(to, 1)[0])); // captured, not done
    SAME(cuGraphLaunch(executable, device.stream), 0);
    SAME(device.download(to, 1)[0], 1.0f);
    float two = 2.0f;
    SAME(cuMemcpyHtoDAsync_v2(from, &two, 4, device.stream), 0);
    SAME(cuGraphLaunch(executable, device.stream), 0);
    SAME(device.download(to, 1)[0], 2.0f);
    SAME(cuGraphExecDestroy(executable), 0);
    SAME(cuGraphLaunch(executable, device.stream), INVALID_HANDLE);
}

TEST("a graph that uses freed memory is refused") {
    Device device;
    Address memory;
    Handle graph, executable;
    SAME(cuMemAlloc_v2(&memory, 16), 0);
    SAME(cuStreamBeginCapture_v2(device.stream, 1), 0);
    SAME(cuMemsetD8Async(memory, 0, 16, device.stream), 0);
    SAME(cuStreamEndCapture(device.stream, &graph), 0);
    SAME(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    SAME(cuMemFree_v2(memory), 0);
    CHECK(cuGraphLaunch(executable, device.stream) != 0);
    SAME(cuGraphExecDestroy(executable), 0);
    SAME(cuGraphDestroy(graph), 0);
}

TEST("what a capture does not allow invalidates it") {
    Device device;
    Address memory = device.allocate(16), address;
    Handle graph;
    char pageable[16] = {};
    auto refused = [&](int expected, auto call) {
        SAME(cuStreamBeginCapture_v2(device.stream, 1), 0);
        SAME(call(), expected);
        SAME(cuMemsetD8Async(memory, 0, 16, device.stream), CAPTURE_INVALIDATED);
        SAME(cuStreamEndCapture(device.stream, &graph), CAPTURE_INVALIDATED);
        SAME(cuMemsetD8Async(memory, 0, 16, device.stream), 0); // the stream is itself again
    };
    refused(CAPTURE_UNSUPPORTED, [&] { return cuMemAlloc_v2(&address, 16); });
    refused(CAPTURE_UNSUPPORTED, [&] { return cuMemFree_v2(memory); });
    refused(CAPTURE_UNSUPPORTED, [&] { return cuStreamSynchronize(device.stream); });
    refused(CAPTURE_UNSUPPORTED, [&] { return cuMemcpyHtoDAsync_v2(memory, pageable, 16, device.stream); });
    refused(CAPTURE_IMPLICIT, [&] { return cuMemsetD8Async(memory, 0, 16, 0); });
    refused(5003, [&] {
        Handle cudnn;
        return cudnnCreate(&cudnn);
    });
    SAME(cuStreamBeginCapture_v2(device.stream, 1), 0);
    int status = 0;
    std::thread([&] { status = cuStreamEndCapture(device.stream, &graph); }).join();
    SAME(status, INVALID_CONTEXT);
    SAME(cuStreamEndCapture(device.stream, &graph), 0);
    SAME(cuGraphDestroy(graph), 0);
}

TEST("the nth call fails when a test asks for it, once, and counts go on") {
    Device device;
    Address memory = device.allocate(16);
    software_reset();
    software_fail("cuMemsetD8Async", 2, 999);
    SAME(cuMemsetD8Async(memory, 0, 16, device.stream), 0);
    SAME(cuMemsetD8Async(memory, 0, 16, device.stream), 999);
    SAME(cuMemsetD8Async(memory, 0, 16, device.stream), 0);
    SAME(software_calls("cuMemsetD8Async"), 3);
    software_fail("cuStreamSynchronize", 1, ILLEGAL_ADDRESS);
    SAME(cuStreamSynchronize(device.stream), ILLEGAL_ADDRESS);
    SAME(cuMemsetD8Async(memory, 0, 16, device.stream), ILLEGAL_ADDRESS); // it sticks
    SAME(software_live("memory"), 1);
    SAME(software_live("bytes"), 16);
}

} // namespace
