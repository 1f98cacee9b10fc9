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
    // For AddressSanitizer alone: its fake stacks, and where the scheduler's real one is.
    [[maybe_unused]] void* schedulerFake = nullptr;
    [[maybe_unused]] void* ownFake = nullptr;
    [[maybe_unused]] const void* schedulerBottom = nullptr;
    [[maybe_unused]] std::size_t schedulerBytes = 0;
};

} // namespace software
