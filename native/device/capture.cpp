// Stream capture and graphs: the operations as they were enqueued, with the values and pointers of that moment.
#include <algorithm>

#include "cuda.h"
#include "state.h"

namespace software {

namespace {

struct Graph {
    std::shared_ptr<const Nodes> nodes;
};

std::vector<std::weak_ptr<Capture>>& captures() {
    static auto& captures = *new std::vector<std::weak_ptr<Capture>>;
    return captures;
}

// Captures that a call on this thread may disturb.
std::vector<std::shared_ptr<Capture>> concerned() {
    std::vector<std::shared_ptr<Capture>> found;
    for (auto& each : captures())
        if (auto capture = each.lock())
            if (capture->mode == CAPTURE_GLOBAL ||
                (capture->mode == CAPTURE_THREAD_LOCAL && capture->thread == std::this_thread::get_id()))
                found.push_back(capture);
    return found;
}

} // namespace

bool invalidateCaptures() {
    auto disturbed = concerned();
    for (auto& capture : disturbed) capture->valid = false;
    return !disturbed.empty();
}

void refuseInCapture(const char* what, Fault fault) {
    if (!invalidateCaptures()) return;
    throw Refusal{fault, format("%s is not allowed during a stream capture, which it invalidates", what)};
}

void forgetCaptures() {
    for (Handle handle : handlesOf("stream")) find<Stream>("stream", handle).capture.reset();
}

} // namespace software

using namespace software;

extern "C" int cuStreamBeginCapture_v2(Handle handle, int mode) {
    return call(statusOf, "cuStreamBeginCapture_v2", {.capture = true}, [&] {
        if (handle == 0) throw Refusal{Fault::captureUnsupported, "the legacy stream cannot be captured"};
        Stream& target = stream(handle);
        if (mode < CAPTURE_GLOBAL || mode > CAPTURE_RELAXED)
            throw Refusal{Fault::invalidValue, format("there is no capture mode %d", mode)};
        if (target.capture) throw Refusal{Fault::other, "the stream is being captured", 1};
        target.capture = std::make_shared<Capture>();
        target.capture->mode = mode;
        target.capture->thread = std::this_thread::get_id();
        std::erase_if(captures(), [](auto& each) { return each.expired(); });
        captures().push_back(target.capture);
    });
}

extern "C" int cuStreamEndCapture(Handle handle, Handle* graph) {
    return call(statusOf, "cuStreamEndCapture", {.capture = true}, [&] {
        Handle& given = result("phGraph", graph);
        Stream& target = stream(handle);
        auto capture = target.capture;
        if (!capture) throw Refusal{Fault::invalidValue, "the stream is not being captured"};
        if (capture->mode != CAPTURE_RELAXED && capture->thread != std::this_thread::get_id())
            throw Refusal{Fault::other, "the capture began on another thread", CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD};
        target.capture.reset();
        given = 0;
        if (!capture->valid)
            throw Refusal{Fault::other, "the capture was invalidated before", CUDA_ERROR_STREAM_CAPTURE_INVALIDATED};
        given = create("graph", Graph{std::make_shared<Nodes>(std::move(capture->nodes))});
    });
}

extern "C" int cuGraphInstantiateWithFlags(Handle* executable, Handle graph, unsigned long long flags) {
    return call(statusOf, "cuGraphInstantiateWithFlags", {.capture = true}, [&] {
        Handle& given = result("phGraphExec", executable);
        if (flags > 15) throw Refusal{Fault::invalidValue, format("flags %llu are not known", flags)};
        Graph& source = find<Graph>("graph", graph);
        given = create("graphExec", Graph{source});
    });
}

extern "C" int cuGraphUpload(Handle executable, Handle target) {
    return call(statusOf, "cuGraphUpload", {}, [&] {
        find<Graph>("graphExec", executable);
        stream(target);
    });
}

extern "C" int cuGraphLaunch(Handle executable, Handle target) {
    return call(statusOf, "cuGraphLaunch", {}, [&] {
        auto nodes = find<Graph>("graphExec", executable).nodes;
        for (auto& node : *nodes) checkOperation(node);
        software_enqueue(target, {"cuGraphLaunch", {}, {}, [nodes] {
                                      for (auto& node : *nodes) runChecked(node);
                                  }});
    });
}

extern "C" int cuGraphExecDestroy(Handle executable) {
    return call(statusOf, "cuGraphExecDestroy", {.capture = true, .releases = true},
                [&] { software_destroy("graphExec", executable); });
}

extern "C" int cuGraphDestroy(Handle graph) {
    return call(statusOf, "cuGraphDestroy", {.capture = true, .releases = true},
                [&] { software_destroy("graph", graph); });
}
