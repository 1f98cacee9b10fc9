// Streams as queues that run when somebody waits for them, as late as CUDA allows: what is read too early is not there yet.
#include <algorithm>

#include "cuda.h"
#include "state.h"
#include "watch.h"

namespace software {

namespace {

// As a real device has it: a program that enqueues more than this waits until there is room.
constexpr std::size_t DEPTH = 1024;

Stream& legacy() {
    static Stream& legacy = *new Stream;
    return legacy;
}

// The legacy stream and blocking streams wait for each other.
void orderWithLegacy(Stream& stream) {
    if (&stream != &legacy()) {
        if ((stream.flags & CU_STREAM_NON_BLOCKING) == 0) drain(legacy(), legacy().enqueued);
        return;
    }
    for (Handle handle : handlesOf("stream")) {
        auto& other = find<Stream>("stream", handle);
        if ((other.flags & CU_STREAM_NON_BLOCKING) == 0) drain(other, other.enqueued);
    }
}

watch::Memory memoryOf(const Use& use) {
    return {pointer<void>(use.address), use.bytes};
}

} // namespace

Stream& stream(Handle handle) {
    return handle == 0 ? legacy() : find<Stream>("stream", handle);
}

void checkOperation(const Operation& operation) {
    for (auto& [kind, handle] : operation.objects) software_find(kind, handle);
    for (auto& use : operation.uses) software_check_device(use);
}

// A failure now is one that the device meets, long after the call returned: it sticks.
void runChecked(const Operation& operation) {
    if (sticky() != 0) return;
    try {
        checkOperation(operation);
        for (auto& use : operation.uses)
            if (use.access == Access::read || use.access == Access::update) watch::requireWritten(use.what, memoryOf(use));
        operation.run();
        for (auto& use : operation.uses) {
            if (use.access == Access::write || use.access == Access::update) watch::written(memoryOf(use));
            if (use.access == Access::scratch) watch::spoiled(memoryOf(use));
        }
        checkGuards(operation.name);
    } catch (const Refusal& refusal) {
        software_say(operation.name.c_str(), refusal.message);
        stick(refusal.fault == Fault::misaligned  ? CUDA_ERROR_MISALIGNED_ADDRESS
              : refusal.fault == Fault::execution ? CUDA_ERROR_LAUNCH_FAILED
                                                  : CUDA_ERROR_ILLEGAL_ADDRESS);
    }
}

void drain(Stream& stream, std::uint64_t ticket) {
    while (stream.done < ticket && !stream.queue.empty()) {
        Operation operation = std::move(stream.queue.front());
        stream.queue.pop_front();
        ++stream.done;
        runChecked(operation);
    }
}

void drainAll() {
    drain(legacy(), legacy().enqueued);
    for (Handle handle : handlesOf("stream")) {
        auto& each = find<Stream>("stream", handle);
        drain(each, each.enqueued);
    }
}

} // namespace software

using namespace software;

void software_drain() {
    drainAll();
}

void software_check_stream(Handle handle) {
    stream(handle);
}

void software_enqueue(Handle handle, Operation operation) {
    Stream& target = stream(handle);
    if (handle == 0) refuseInCapture("the legacy stream", Fault::captureImplicit);
    checkOperation(operation);
    if (target.capture) {
        if (!target.capture->valid)
            throw Refusal{Fault::other, "the capture was invalidated before", CUDA_ERROR_STREAM_CAPTURE_INVALIDATED};
        target.capture->nodes.push_back(std::move(operation));
        return;
    }
    orderWithLegacy(target);
    if (target.queue.size() >= DEPTH) drain(target, target.enqueued - DEPTH / 2);
    target.queue.push_back(std::move(operation));
    ++target.enqueued;
}

extern "C" int cuStreamCreate(Handle* handle, unsigned flags) {
    return call(statusOf, "cuStreamCreate", {.capture = true}, [&] {
        Handle& given = result("phStream", handle);
        if (flags > CU_STREAM_NON_BLOCKING) throw Refusal{Fault::invalidValue, format("flags %u are not known", flags)};
        Stream made;
        made.flags = flags;
        given = create("stream", std::move(made));
    });
}

extern "C" int cuStreamDestroy_v2(Handle handle) {
    return call(statusOf, "cuStreamDestroy_v2", {.releases = true}, [&] {
        Stream& target = find<Stream>("stream", handle);
        drain(target, target.enqueued);
        software_destroy("stream", handle);
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}

extern "C" int cuStreamSynchronize(Handle handle) {
    return call(statusOf, "cuStreamSynchronize", {}, [&] {
        Stream& target = stream(handle);
        orderWithLegacy(target);
        drain(target, target.enqueued);
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}
