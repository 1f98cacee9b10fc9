// What the software device offers to the stand-in libraries: refusals, live objects, device memory, streams and threads.
// Everything lives in libcuda; cuDNN, cuBLAS and NVRTC reach it through the software_ functions declared here.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace software {

// What was wrong, before a library turns it into a status of its own.
enum class Fault {
    invalidValue,
    nullPointer,
    invalidHandle,
    outOfMemory,
    notInitialised,
    noContext,
    illegalAddress,
    misaligned,
    tooSmall,
    shapeMismatch,
    notSupported,
    notFound,
    captureUnsupported,
    captureImplicit,
    sticky,
    execution,
    other, // `status` says it
};

// Thrown by whatever finds something wrong. A message is printed; an empty one means that a correct program may meet this.
struct Refusal {
    Fault fault;
    std::string message;
    int status = 0;
};

[[gnu::format(printf, 1, 2)]] inline std::string format(const char* pattern, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}

using Handle = std::uint64_t;  // stream, event, descriptor…: never dereferenced, never used twice
using Address = std::uint64_t; // CUdeviceptr

// What an operation does with device memory. Nobody may count on what it leaves in scratch; what kernels do is not known.
enum class Access { unknown, read, write, update, scratch };

// A range of device memory that an operation reads or writes. A range of 0 bytes is not looked at.
struct Use {
    const char* what;
    Address address;
    std::size_t bytes;
    std::size_t alignment;
    Access access;
};

// Work for a stream. Uses and objects are checked when it is enqueued and again each time that it runs.
struct Operation {
    std::string name;
    std::vector<Use> uses;
    std::vector<std::pair<const char*, Handle>> objects; // kind and handle of what must still be alive
    std::function<void()> run;
};

// What must hold for a call to be made at all.
struct Entry {
    bool context = true;     // a context is current on this thread
    bool capture = false;    // allowed while a stream is captured
    bool releases = false;   // goes on after a sticky error, so that everything can be freed
    bool initialised = true; // after cuInit
};

} // namespace software

extern "C" {
// Counts the call, throws where it may not be made; a status other than 0 is one that a test asked for.
int software_enter(const char* function, const software::Entry& entry);
// Forgets what a failed call said last, prints what this one says.
void software_say(const char* function, const std::string& message);
const char* software_last_message();
void software_lock();
void software_unlock();

software::Handle software_create(const char* kind, std::shared_ptr<void> body);
void* software_find(const char* kind, software::Handle handle); // throws where it is not alive
void software_destroy(const char* kind, software::Handle handle);

void software_check_device(const software::Use& use);
void software_check_host(const char* what, const void* pointer);

void software_enqueue(software::Handle stream, software::Operation operation);
void software_drain(); // runs whatever is pending on any stream
void software_check_stream(software::Handle stream);

// Runs body(0) … body(count - 1) on all threads of the pool; what a body throws first is thrown here.
void software_parallel(std::size_t count, const std::function<void(std::size_t)>& body);
}

namespace software {

class Lock {
  public:
    Lock() { software_lock(); }
    ~Lock() { software_unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
};

// Runs one exported function: the checks common to all, then the body; a refusal becomes the library's status.
template <class Body>
int call(int (*statusOf)(const Refusal&), const char* function, const Entry& entry, Body body) {
    Lock lock;
    try {
        if (int asked = software_enter(function, entry)) return asked;
        body();
        return 0;
    } catch (const Refusal& refusal) {
        software_say(function, refusal.message);
        return statusOf(refusal);
    }
}

template <class Body> Handle create(const char* kind, Body body) {
    return software_create(kind, std::make_shared<Body>(std::move(body)));
}

template <class Body> Body& find(const char* kind, Handle handle) {
    return *static_cast<Body*>(software_find(kind, handle));
}

// Where a call puts what it gives back.
template <class Value> Value& result(const char* what, Value* pointer) {
    software_check_host(what, pointer);
    return *pointer;
}

template <class Value> Value* pointer(Address address) {
    return reinterpret_cast<Value*>(static_cast<std::uintptr_t>(address));
}

// alpha and beta, read from the host when the call is made.
struct Scaling {
    float alpha, beta;

    // To what is scaled: where beta is 0, it is not read.
    Access access() const {
        return beta == 0.0f ? Access::write : Access::update;
    }
};

inline Scaling scaling(const void* alpha, const void* beta) {
    software_check_host("alpha", alpha);
    software_check_host("beta", beta);
    return {*static_cast<const float*>(alpha), *static_cast<const float*>(beta)};
}

// What is read and written at once must not be the same memory.
inline void requireApart(const Use& written, std::initializer_list<Use> others) {
    for (const Use& other : others)
        if (written.address < other.address + other.bytes && other.address < written.address + written.bytes)
            throw Refusal{Fault::invalidValue, format("%s and %s overlap", written.what, other.what)};
}

} // namespace software
