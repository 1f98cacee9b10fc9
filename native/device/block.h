// One block of threads, run on one thread of the host.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "../shim/kernel_table.h"
#include "device.h"
#include "fiber.h"
#include "lane.h"

namespace software {

// In which order the threads of a block run between two barriers, and blocks within a grid. A kernel's result must not
// depend on it; one that does has a race.
enum class Order { forward, reverse, shuffled };

struct Launch {
    const Kernel* kernel;
    const KernelTable* table;
    void* const* values;
    dim3 grid, block;
    unsigned sharedBytes;
    Order order;
    bool mayOverlap; // the launch before
};

class Block {
  public:
    static Block& ofThisThread();

    // Throws where the threads do something that a block must not do.
    void run(const Launch& launch, uint3 index);

    // Called by the threads of the block, through the shim.
    void barrier(const char* file, int line);
    std::uint64_t exchange(unsigned mask, std::uint64_t value, int source, const char* file, int line);
    void* dynamicShared();
    // Ends the block once its thread stops, which is never continued: what that has on its stack is not destroyed.
    void fail(const std::string& what);
    [[noreturn]] void stop();

    static constexpr int BALLOT = -1; // as the source of an exchange
    static constexpr std::ptrdiff_t GUARD_BYTES = 256; // on either side of the shared memory that a block is launched with

  private:
    enum class State { running, atBarrier, atWarp, done };

    struct Thread {
        State state = State::running;
        Fiber* fiber = nullptr;
        const char* file = nullptr;
        int line = 0;
        unsigned mask = 0;
        int source = 0;
        std::uint64_t value = 0, result = 0;
    };

    static void work(void* self);
    void suspend(State state, const char* file, int line);
    void resume(unsigned thread);
    void place(unsigned thread);
    void release();
    void releaseBarrier();
    void releaseWarp(unsigned first, std::vector<unsigned>& released);
    [[noreturn]] void refuse(const std::string& message);
    std::string where(const Thread& thread) const;
    void fillShared();
    void fillDynamicShared();
    void checkDynamicShared();
    unsigned char* behindShared();
    std::size_t guardBytesBehind() const;

    const Launch* launch = nullptr;
    unsigned count = 0, next = 0, finished = 0, current = 0;
    bool waited = false; // in this block or one before it on this thread
    const Kernel* kernelBefore = nullptr;
    Order orderBefore = Order::forward;
    Fiber* running = nullptr;
    std::string fault;
    std::vector<std::uint64_t> dynamic; // what was asked for, and a guard on either side
    std::vector<Thread> threads;
    std::vector<unsigned> order;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Fiber*> idle;
};

} // namespace software
