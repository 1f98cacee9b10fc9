// Copies and fills. A copy from pinned memory reads it when it runs; until then its destination on the host reads as NaN.
#include <cstring>

#include "cuda.h"
#include "state.h"

namespace software {

namespace {

Address addressOf(const void* host) {
    return reinterpret_cast<Address>(host);
}

void checkPinnedInCapture(const Stream& target, const void* host, std::size_t bytes) {
    if (target.capture && !isPinned(addressOf(host), bytes)) {
        target.capture->valid = false;
        throw Refusal{Fault::captureUnsupported, "a copy of pageable host memory cannot be captured"};
    }
}

void checkNotEmpty(std::size_t bytes) {
    if (bytes == 0) throw Refusal{Fault::invalidValue, "0 bytes are to be copied or filled"};
}

Operation toDevice(const char* name, Address destination, const void* source, std::size_t bytes) {
    software_check_host("srcHost", source);
    checkNotEmpty(bytes);
    Operation operation{name, {{"dstDevice", destination, bytes, 1, Access::write}}, {}, {}};
    if (isPinned(addressOf(source), bytes)) {
        operation.run = [=] {
            if (!isPinned(addressOf(source), bytes))
                throw Refusal{Fault::illegalAddress, "srcHost was freed before the copy ran"};
            std::memcpy(pointer<void>(destination), source, bytes);
        };
    } else { // pageable memory is staged before the call returns
        auto* from = static_cast<const char*>(source);
        operation.run = [=, staged = std::vector<char>(from, from + bytes)] {
            std::memcpy(pointer<void>(destination), staged.data(), bytes);
        };
    }
    return operation;
}

Operation toHost(const char* name, void* destination, Address source, std::size_t bytes) {
    software_check_host("dstHost", destination);
    checkNotEmpty(bytes);
    bool pinned = isPinned(addressOf(destination), bytes);
    return {name, {{"srcDevice", source, bytes, 1, Access::read}}, {}, [=] {
                if (pinned && !isPinned(addressOf(destination), bytes))
                    throw Refusal{Fault::illegalAddress, "dstHost was freed before the copy ran"};
                std::memcpy(destination, pointer<void>(source), bytes);
            }};
}

Operation within(const char* name, Address destination, Address source, std::size_t bytes) {
    checkNotEmpty(bytes);
    if (source < destination + bytes && destination < source + bytes)
        throw Refusal{Fault::invalidValue, "source and destination overlap"};
    Use to{"dstDevice", destination, bytes, 1, Access::write}, from{"srcDevice", source, bytes, 1, Access::read};
    return {name, {to, from}, {}, [=] { std::memcpy(pointer<void>(destination), pointer<void>(source), bytes); }};
}

void finish(Handle target) {
    drain(stream(target), stream(target).enqueued);
    if (sticky() != 0) throw Refusal{Fault::sticky, ""};
}

Operation fill(const char* name, Address destination, unsigned char value, std::size_t bytes) {
    checkNotEmpty(bytes);
    Use to{"dstDevice", destination, bytes, 1, Access::write};
    return {name, {to}, {}, [=] { std::memset(pointer<void>(destination), value, bytes); }};
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cuMemcpyHtoDAsync_v2(Address destination, const void* source, std::size_t bytes, Handle target) {
    return call(statusOf, "cuMemcpyHtoDAsync_v2", {.capture = true}, [&] {
        checkPinnedInCapture(stream(target), source, bytes);
        software_enqueue(target, toDevice("cuMemcpyHtoDAsync_v2", destination, source, bytes));
    });
}

extern "C" int cuMemcpyDtoHAsync_v2(void* destination, Address source, std::size_t bytes, Handle target) {
    return call(statusOf, "cuMemcpyDtoHAsync_v2", {.capture = true}, [&] {
        checkPinnedInCapture(stream(target), destination, bytes);
        software_enqueue(target, toHost("cuMemcpyDtoHAsync_v2", destination, source, bytes));
        if (!isPinned(addressOf(destination), bytes)) finish(target);
        else if (!stream(target).capture) std::memset(destination, 0xFF, bytes);
    });
}

extern "C" int cuMemcpyDtoDAsync_v2(Address destination, Address source, std::size_t bytes, Handle target) {
    return call(statusOf, "cuMemcpyDtoDAsync_v2", {.capture = true},
                [&] { software_enqueue(target, within("cuMemcpyDtoDAsync_v2", destination, source, bytes)); });
}

extern "C" int cuMemsetD8Async(Address destination, unsigned char value, std::size_t count, Handle target) {
    return call(statusOf, "cuMemsetD8Async", {.capture = true},
                [&] { software_enqueue(target, fill("cuMemsetD8Async", destination, value, count)); });
}
