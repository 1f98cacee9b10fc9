// Live objects by handle: what is used after its end, or as something else, is refused; what is left over is a leak.
#include <cstdio>
#include <map>

#include "state.h"

namespace software {

namespace {

struct Object {
    std::string kind;
    std::shared_ptr<void> body;
};

// Never destroyed: the report at the end of the process comes after static destructors.
auto& objects = *new std::map<Handle, Object>;
Handle last = 0x5D00000000000000; // no address that a process can have

} // namespace

std::vector<Handle> handlesOf(const char* kind) {
    std::vector<Handle> handles;
    for (auto& [handle, object] : objects)
        if (object.kind == kind) handles.push_back(handle);
    return handles;
}

} // namespace software

using namespace software;

Handle software_create(const char* kind, std::shared_ptr<void> body) {
    last += 16;
    objects[last] = {kind, std::move(body)};
    return last;
}

void* software_find(const char* kind, Handle handle) {
    auto found = objects.find(handle);
    if (found != objects.end() && found->second.kind == kind) return found->second.body.get();
    if (found != objects.end())
        throw Refusal{Fault::invalidHandle, format("a %s was given where a %s belongs", found->second.kind.c_str(), kind)};
    bool known = handle > 0x5D00000000000000 && handle <= last;
    throw Refusal{Fault::invalidHandle, known ? format("this %s was destroyed before", kind)
                                              : format("%#llx is no %s", static_cast<unsigned long long>(handle), kind)};
}

void software_destroy(const char* kind, Handle handle) {
    software_find(kind, handle);
    objects.erase(handle);
}

// For tests: how much is alive of a kind; "memory" and "pinned" count allocations, "bytes" is device memory in bytes,
// "context" the times that the primary context is retained; "" is all of them but the bytes.
extern "C" long software_live(const char* kind) {
    Lock lock;
    std::string name = kind;
    if (name == "bytes") return static_cast<long>(deviceBytes());
    long count = 0;
    for (auto& [handle, object] : objects)
        if (object.kind != "function" && (name.empty() || object.kind == name)) ++count;
    if (name.empty() || name == "memory") count += deviceAllocations();
    if (name.empty() || name == "pinned") count += pinnedAllocations();
    if (name.empty() || name == "context") count += contextsRetained();
    return count;
}

// Says what is alive, for tests and at the end of the process.
extern "C" void software_report() {
    Lock lock;
    std::map<std::string, long> kinds;
    for (auto& [handle, object] : objects)
        if (object.kind != "function") ++kinds[object.kind];
    kinds["pinned host allocation"] = pinnedAllocations();
    kinds["retained primary context"] = contextsRetained();
    for (auto& [kind, count] : kinds)
        if (count > 0) std::fprintf(stderr, "software device: never released: %ld x %s\n", count, kind.c_str());
    if (deviceAllocations() > 0)
        std::fprintf(stderr, "software device: never released: %ld device allocations, %zu bytes\n", deviceAllocations(),
                     deviceBytes());
}

namespace {

[[gnu::destructor]] void reportAtExit() {
    software_report();
}

} // namespace
