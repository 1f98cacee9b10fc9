// The one device, its primary context, and on which threads that is current.
#include <algorithm>
#include <cstring>

#include "cuda.h"
#include "state.h"

namespace software {

namespace {

constexpr Handle CONTEXT = 0x5CC0000000000000;

bool started = false;
long retained = 0;
// Which life of the context a thread made current; a later life is another context.
long life = 0;
thread_local long current = 0;

void checkDevice(int device) {
    if (device != 0) throw Refusal{Fault::other, format("there is no device %d", device), CUDA_ERROR_INVALID_DEVICE};
}

Handle handleOf(long life) {
    return CONTEXT + 16 * static_cast<Handle>(life);
}

int attributeOf(int attribute) {
    switch (attribute) {
        case MAX_THREADS_PER_BLOCK:
        case MAX_BLOCK_DIM_X:
        case MAX_BLOCK_DIM_Y: return 1024;
        case MAX_BLOCK_DIM_Z: return 64;
        case MAX_GRID_DIM_X: return 2147483647;
        case MAX_GRID_DIM_Y:
        case MAX_GRID_DIM_Z: return 65535;
        case MAX_SHARED_MEMORY_PER_BLOCK: return USUAL_SHARED_BYTES;
        case WARP_SIZE: return 32;
        case CLOCK_RATE: return 1'000'000;
        case MULTIPROCESSOR_COUNT: return 4;
        case COMPUTE_MODE: return 0;
        case PCI_BUS_ID: return 0;
        case MEMORY_CLOCK_RATE: return 1'000'000;
        case L2_CACHE_SIZE: return 1 << 20;
        case MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
        case ASYNC_ENGINE_COUNT: return 1;
        case COMPUTE_CAPABILITY_MAJOR: return 9;
        case COMPUTE_CAPABILITY_MINOR: return 0;
        case MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 228 << 10;
        case MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return MOST_SHARED_BYTES;
        case MEMORY_POOLS_SUPPORTED: return 0;
        default: throw Refusal{Fault::invalidValue, format("the software device has no attribute %d", attribute)};
    }
}

} // namespace

bool initialised() {
    return started;
}

bool contextCurrent() {
    return retained > 0 && current == life;
}

long contextsRetained() {
    return retained;
}

} // namespace software

using namespace software;

extern "C" int cuInit(unsigned flags) {
    return call(statusOf, "cuInit", {.context = false, .capture = true, .initialised = false}, [&] {
        if (flags != 0) throw Refusal{Fault::invalidValue, format("flags must be 0, not %u", flags)};
        started = true;
    });
}

extern "C" int cuDriverGetVersion(int* version) {
    return call(statusOf, "cuDriverGetVersion", {.context = false, .capture = true, .initialised = false},
                [&] { result("version", version) = 13000; });
}

extern "C" int cuDeviceGetCount(int* count) {
    return call(statusOf, "cuDeviceGetCount", {.context = false, .capture = true}, [&] { result("count", count) = 1; });
}

extern "C" int cuDeviceGet(int* device, int ordinal) {
    return call(statusOf, "cuDeviceGet", {.context = false, .capture = true}, [&] {
        checkDevice(ordinal);
        result("device", device) = 0;
    });
}

extern "C" int cuDeviceGetName(char* name, int length, int device) {
    return call(statusOf, "cuDeviceGetName", {.context = false, .capture = true}, [&] {
        checkDevice(device);
        software_check_host("name", name);
        if (length < 1) throw Refusal{Fault::invalidValue, format("no name fits into %d bytes", length)};
        std::string text = "mnist20k software CUDA device";
        text.resize(std::min(text.size(), static_cast<std::size_t>(length) - 1));
        std::memcpy(name, text.c_str(), text.size() + 1);
    });
}

extern "C" int cuDeviceGetAttribute(int* value, int attribute, int device) {
    return call(statusOf, "cuDeviceGetAttribute", {.context = false, .capture = true}, [&] {
        checkDevice(device);
        result("pi", value) = attributeOf(attribute);
    });
}

extern "C" int cuDevicePrimaryCtxRetain(Handle* context, int device) {
    return call(statusOf, "cuDevicePrimaryCtxRetain", {.context = false}, [&] {
        checkDevice(device);
        Handle& given = result("pctx", context);
        if (retained++ == 0) ++life;
        given = handleOf(life);
    });
}

extern "C" int cuDevicePrimaryCtxRelease_v2(int device) {
    return call(statusOf, "cuDevicePrimaryCtxRelease_v2", {.context = false, .releases = true}, [&] {
        checkDevice(device);
        if (retained == 0) throw Refusal{Fault::noContext, "the primary context is not retained"};
        if (retained == 1) {
            software_drain();
            if (deviceAllocations() > 0)
                software_say("cuDevicePrimaryCtxRelease_v2",
                             format("%ld allocations are still alive in the context", deviceAllocations()));
        }
        --retained;
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}

extern "C" int cuCtxSetCurrent(Handle context) {
    return call(statusOf, "cuCtxSetCurrent", {.context = false, .capture = true}, [&] {
        if (context != 0 && (retained == 0 || context != handleOf(life)))
            throw Refusal{Fault::noContext, format("%#llx is no context, or was released",
                                                   static_cast<unsigned long long>(context))};
        current = context == 0 ? 0 : life;
    });
}
