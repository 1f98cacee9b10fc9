// What kernels must not do with memory, found while a launch runs, by kernels that report each access: accesses that nothing
// puts in an order, reads of what nobody wrote, and anything outside what was allocated.
#pragma once

#include <cstddef>

namespace software::watch {

struct Memory {
    const void* begin = nullptr;
    std::size_t bytes = 0;
};

// Whether modules are loaded with such kernels, and the blocks of a launch run one after the other, on one thread of the host.
// Nothing below does anything where it is not.
bool on();

// The scheduler says what goes on.
void beginLaunch(bool mayOverlap);
void beginBlock(Memory shared, Memory dynamicShared);
void thread(unsigned index);
void barrier();
void awaitLaunchBefore();
bool awaited(); // whether a thread of this block waited for the launch before, or need not

// What happens to device memory outside of kernels.
void allocated(Memory memory);
void freed(Memory memory);
void requireWritten(const char* what, Memory memory); // throws where a byte was not
void written(Memory memory);
void spoiled(Memory memory); // as if nobody had written it

} // namespace software::watch
