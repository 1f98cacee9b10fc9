// Which accesses of a kernel nothing puts in an order: found while a launch runs, by kernels that report each access.
#pragma once

#include <cstddef>

namespace software::races {

struct Memory {
    const void* begin = nullptr;
    std::size_t bytes = 0;
};

// Whether modules are loaded with such kernels, and the blocks of a launch run one after the other, on one thread of the host.
bool watched();

// The scheduler says what goes on. None of it does anything where nothing is watched.
void beginLaunch(bool mayOverlap);
void beginBlock(Memory shared, Memory dynamicShared);
void thread(unsigned index);
void barrier();
void awaitLaunchBefore();
bool awaited(); // whether a thread of this block waited for the launch before, or need not
void forget(Memory memory);

} // namespace software::races
