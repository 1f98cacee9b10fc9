// The parts of the device as its own files see them. All of it is used under the one lock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device.h"

namespace software {

// calls.cpp
int sticky();
void stick(int status);
int statusOf(const Refusal& refusal);

// context.cpp
bool initialised();
bool contextCurrent();
long contextsRetained();

// memory.cpp
bool inHeap(Address address); // whether device memory, allocated or not, has this address
bool isPinned(Address address, std::size_t bytes);
void checkGuards(const std::string& after); // throws where a guard was written to
long deviceAllocations();
std::size_t deviceBytes();
long pinnedAllocations();

// streams.cpp
using Nodes = std::vector<Operation>;

struct Capture {
    int mode;
    std::thread::id thread;
    bool valid = true;
    Nodes nodes;
};

struct Stream {
    unsigned flags = 0;
    std::deque<Operation> queue;
    std::uint64_t enqueued = 0, done = 0;
    std::shared_ptr<Capture> capture;
};

Stream& stream(Handle handle); // 0 is the legacy stream
void drain(Stream& stream, std::uint64_t ticket);
void drainAll();
void checkOperation(const Operation& operation);
void runChecked(const Operation& operation);

// capture.cpp
// Invalidates the captures that a call on this thread may disturb; says whether there were any.
bool invalidateCaptures();
// The same, and throws where there were any.
void refuseInCapture(const char* what, Fault fault = Fault::captureUnsupported);
void forgetCaptures();

// registry.cpp
std::vector<Handle> handlesOf(const char* kind);

} // namespace software
