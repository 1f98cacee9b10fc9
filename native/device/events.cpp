// Events: a place in a stream's queue, and the time at which the work before it was done.
#include <algorithm>
#include <chrono>

#include "cuda.h"
#include "state.h"

namespace software {

namespace {

using Clock = std::chrono::steady_clock;

struct Event {
    unsigned flags = 0;
    Handle stream = 0;
    std::uint64_t ticket = 0;
    bool recorded = false, captured = false;
    std::shared_ptr<Clock::time_point> time; // of the last record, set when that runs
};

void refuseCaptured(const Event& event) {
    if (event.captured)
        throw Refusal{Fault::other, "the event was recorded in a capture", CUDA_ERROR_CAPTURED_EVENT};
}

// A stream that was destroyed did its work before.
bool reached(const Event& event) {
    if (!event.recorded || (event.stream != 0 && std::ranges::count(handlesOf("stream"), event.stream) == 0)) return true;
    return stream(event.stream).done >= event.ticket;
}

void reach(const Event& event) {
    if (!reached(event)) drain(stream(event.stream), event.ticket);
    if (sticky() != 0) throw Refusal{Fault::sticky, ""};
}

float millisBetween(Handle from, Handle to) {
    Event& start = find<Event>("event", from);
    Event& end = find<Event>("event", to);
    for (Event* event : {&start, &end}) {
        refuseCaptured(*event);
        if ((event->flags & CU_EVENT_DISABLE_TIMING) != 0 || !event->recorded)
            throw Refusal{Fault::invalidHandle, "an event has no time, or was never recorded"};
        if (!reached(*event)) throw Refusal{Fault::other, "", CUDA_ERROR_NOT_READY};
    }
    return std::chrono::duration<float, std::milli>(*end.time - *start.time).count();
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cuEventCreate(Handle* handle, unsigned flags) {
    return call(statusOf, "cuEventCreate", {.capture = true}, [&] {
        Handle& given = result("phEvent", handle);
        if (flags > 3) throw Refusal{Fault::invalidValue, format("flags %u are not known", flags)};
        Event made;
        made.flags = flags;
        given = create("event", std::move(made));
    });
}

extern "C" int cuEventDestroy_v2(Handle handle) {
    return call(statusOf, "cuEventDestroy_v2", {.capture = true, .releases = true},
                [&] { software_destroy("event", handle); });
}

extern "C" int cuEventRecord(Handle handle, Handle target) {
    return call(statusOf, "cuEventRecord", {.capture = true}, [&] {
        Event& event = find<Event>("event", handle);
        auto time = std::make_shared<Clock::time_point>();
        software_enqueue(target, {"cuEventRecord", {}, {}, [time] { *time = Clock::now(); }});
        event.captured = stream(target).capture != nullptr;
        event.recorded = true;
        event.stream = target;
        event.ticket = stream(target).enqueued;
        event.time = time;
    });
}

// What is pending is reported as such once, and done by the time of the next question.
extern "C" int cuEventQuery(Handle handle) {
    return call(statusOf, "cuEventQuery", {}, [&] {
        Event& event = find<Event>("event", handle);
        refuseCaptured(event);
        bool pending = !reached(event);
        reach(event);
        if (pending) throw Refusal{Fault::other, "", CUDA_ERROR_NOT_READY};
    });
}

extern "C" int cuEventSynchronize(Handle handle) {
    return call(statusOf, "cuEventSynchronize", {}, [&] {
        Event& event = find<Event>("event", handle);
        refuseCaptured(event);
        reach(event);
    });
}

extern "C" int cuEventElapsedTime_v2(float* millis, Handle from, Handle to) {
    return call(statusOf, "cuEventElapsedTime_v2", {.capture = true},
                [&] { result("pMilliseconds", millis) = millisBetween(from, to); });
}
