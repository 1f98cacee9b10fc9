// A thread of a block: a function with a stack of its own that can stop in the middle and be continued.
#pragma once

#include <cstddef>

namespace software {

class Fiber {
  public:
    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    // Starts again from the beginning, whatever it was doing.
    void begin(void (*body)(void*), void* argument);
    // Called by the scheduler: goes on with the fiber until that suspends itself or its body returns.
    void resume();
    // Called in the fiber: goes back to the scheduler.
    void suspend();

    static constexpr std::size_t STACK = std::size_t{128} << 10;

  private:
    static void enter(Fiber* self);

    char* stack;
    void* own = nullptr;       // stack pointer while suspended
    void* scheduler = nullptr; // stack pointer of who resumed it
    void (*body)(void*) = nullptr;
    void* argument = nullptr;
    void* schedulerFake = nullptr; // AddressSanitizer's fake stacks
    void* ownFake = nullptr;
    const void* schedulerBottom = nullptr;
    std::size_t schedulerBytes = 0;
};

} // namespace software
