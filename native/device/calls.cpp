// What every exported function goes through: counting, failures that a test asked for, sticky errors, common checks.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "cuda.h"
#include "state.h"

namespace software {

namespace {

struct Failure {
    std::string function;
    long calls; // this many calls from now, 1 is the next one
    int status;
};

std::recursive_mutex mutex;
// Never destroyed: where a process ends, other threads may still call.
auto& counts = *new std::map<std::string, long>;
auto& failures = *new std::vector<Failure>;
int stickyStatus = 0;
thread_local std::string lastMessage;

bool isSticky(int status) {
    return status == CUDA_ERROR_ILLEGAL_ADDRESS || status == CUDA_ERROR_MISALIGNED_ADDRESS ||
           status == CUDA_ERROR_LAUNCH_FAILED;
}

// Whether a library says that the device refused what it queued, which during a capture invalidates that.
bool failsToExecute(const char* function, int status) {
    constexpr int CUDNN_EXECUTION_FAILED = 5000, CUBLAS_EXECUTION_FAILED = 13;
    return std::strncmp(function, "cudnn", 5) == 0 ? status / 1000 * 1000 == CUDNN_EXECUTION_FAILED
                                                   : std::strncmp(function, "cublas", 6) == 0 &&
                                                         status == CUBLAS_EXECUTION_FAILED;
}

int injected(const char* function) {
    for (auto failure = failures.begin(); failure != failures.end(); ++failure) {
        if (failure->function != function || --failure->calls > 0) continue;
        int status = failure->status;
        failures.erase(failure);
        return status;
    }
    return 0;
}

} // namespace

int sticky() {
    return stickyStatus;
}

void stick(int status) {
    if (stickyStatus == 0) stickyStatus = status;
}

int statusOf(const Refusal& refusal) {
    switch (refusal.fault) {
        case Fault::invalidValue:
        case Fault::nullPointer:
        case Fault::misaligned:
        case Fault::illegalAddress:
        case Fault::tooSmall:
        case Fault::shapeMismatch: return CUDA_ERROR_INVALID_VALUE;
        case Fault::invalidHandle: return CUDA_ERROR_INVALID_HANDLE;
        case Fault::outOfMemory: return CUDA_ERROR_OUT_OF_MEMORY;
        case Fault::notInitialised: return CUDA_ERROR_NOT_INITIALIZED;
        case Fault::noContext: return CUDA_ERROR_INVALID_CONTEXT;
        case Fault::notSupported: return CUDA_ERROR_NOT_SUPPORTED;
        case Fault::notFound: return CUDA_ERROR_NOT_FOUND;
        case Fault::captureUnsupported: return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        case Fault::captureImplicit: return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        case Fault::sticky: return stickyStatus;
        case Fault::execution: return CUDA_ERROR_LAUNCH_FAILED;
        case Fault::other: return refusal.status;
    }
    return CUDA_ERROR_UNKNOWN;
}

} // namespace software

using namespace software;

void software_lock() {
    software::mutex.lock();
}

void software_unlock() {
    software::mutex.unlock();
}

int software_enter(const char* function, const Entry& entry) {
    lastMessage.clear();
    ++counts[function];
    if (int status = injected(function)) {
        lastMessage = "a test asked for this failure";
        if (std::strcmp(function, "cuStreamEndCapture") == 0) forgetCaptures(); // it ends the capture also where it fails
        if (function[0] == 'c' && function[1] == 'u' && function[2] >= 'A' && function[2] <= 'Z' && isSticky(status))
            stick(status);
        if (failsToExecute(function, status)) invalidateCaptures();
        return status;
    }
    if (entry.initialised && !initialised()) throw Refusal{Fault::notInitialised, "cuInit has not been called"};
    if (entry.initialised && stickyStatus != 0 && !entry.releases) throw Refusal{Fault::sticky, ""};
    if (entry.context && !contextCurrent())
        throw Refusal{Fault::noContext, "no context is current on this thread (cuCtxSetCurrent is per thread)"};
    if (!entry.capture) refuseInCapture("this call");
    return 0;
}

void software_say(const char* function, const std::string& message) {
    lastMessage = message;
    if (!message.empty()) std::fprintf(stderr, "software device: %s: %s\n", function, message.c_str());
}

const char* software_last_message() {
    return lastMessage.c_str();
}

// For tests: the nth call of the function from now, 1 being the next, does nothing and returns the status.
extern "C" void software_fail(const char* function, long nth, int status) {
    Lock lock;
    failures.push_back({function, std::max(nth, 1L), status});
}

// For tests: how often the function was called since the last software_reset.
extern "C" long software_calls(const char* function) {
    Lock lock;
    auto found = counts.find(function);
    return found == counts.end() ? 0 : found->second;
}

// For tests: forgets counts, failures asked for, a sticky error and open captures; what is alive stays alive.
extern "C" void software_reset() {
    Lock lock;
    counts.clear();
    failures.clear();
    stickyStatus = 0;
    forgetCaptures();
}
