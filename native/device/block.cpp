#include "block.h"

#include <link.h>

#include <algorithm>
#include <cstring>

#include "sanitizer.h"
#include "watch.h"

__thread software_lane_t software_lane;

namespace software {

namespace {

// On either side of a block's shared memory.
constexpr unsigned char GUARD_BYTE = 0x5A;
constexpr std::uint64_t GUARD = 0x5A5A5A5A5A5A5A5A;
constexpr std::ptrdiff_t GUARD_WORDS = Block::GUARD_BYTES / 8;

struct Segment {
    const KernelTable* table;
    char* begin;
    std::size_t bytes;
};

// Of the ABI of thread-local variables: where this thread has those of a library, made if need be. What dl_iterate_phdr
// says of them is null while nobody asked for them by this function, as on aarch64, where code finds them without it.
struct TlsIndex {
    std::size_t module, offset;
};
extern "C" void* __tls_get_addr(TlsIndex*);

// The thread-local variables of a kernel library are its shared arrays, and nothing else.
Segment sharedOf(const KernelTable* table) {
    struct Search {
        const KernelTable* table;
        std::size_t module = 0, bytes = 0;
    } search{table};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* found) {
            auto& wanted = *static_cast<Search*>(found);
            auto at = reinterpret_cast<ElfW(Addr)>(wanted.table);
            bool holds = false;
            std::size_t bytes = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                auto& header = info->dlpi_phdr[i];
                ElfW(Addr) from = info->dlpi_addr + header.p_vaddr;
                if (header.p_type == PT_LOAD && at >= from && at < from + header.p_memsz) holds = true;
                if (header.p_type == PT_TLS) bytes = header.p_memsz;
            }
            if (!holds) return 0;
            wanted.module = info->dlpi_tls_modid;
            wanted.bytes = bytes;
            return 1;
        },
        &search);
    if (search.bytes == 0) return {table, nullptr, 0};
    TlsIndex first{search.module, 0}; // asked for here: the callback runs under a lock of the loader
    return {table, static_cast<char*>(__tls_get_addr(&first)), search.bytes};
}

const Segment& segmentOf(const KernelTable* table) {
    static thread_local std::vector<Segment> known;
    auto found = std::ranges::find(known, table, &Segment::table);
    if (found == known.end()) found = known.insert(found, sharedOf(table));
    return *found;
}

// Small and repeatable: x -> x * 1664525 + 1013904223.
std::vector<unsigned> orderOf(Order order, unsigned count) {
    std::vector<unsigned> threads(count);
    for (unsigned i = 0; i < count; ++i) threads[i] = order == Order::reverse ? count - 1 - i : i;
    if (order == Order::shuffled) {
        unsigned state = count;
        for (unsigned i = count; i > 1; --i) {
            state = state * 1664525 + 1013904223;
            std::swap(threads[i - 1], threads[(state >> 8) % i]);
        }
    }
    return threads;
}

} // namespace

Block& Block::ofThisThread() {
    static thread_local Block block;
    return block;
}

void Block::run(const Launch& newLaunch, uint3 index) {
    launch = &newLaunch;
    unsigned newCount = launch->block.x * launch->block.y * launch->block.z;
    if (launch->kernel != kernelBefore || launch->order != orderBefore || newCount != count) {
        kernelBefore = launch->kernel;
        orderBefore = launch->order;
        waited = true; // until a block shows that these threads never wait for each other
        order = orderOf(launch->order, newCount);
        count = newCount;
        threads.resize(count);
    }
    if (waited) fillShared();
    if (launch->sharedBytes > 0) fillDynamicShared();
    auto& [table, shared, bytes] = segmentOf(launch->table);
    watch::beginBlock({shared, bytes},
                      launch->sharedBytes > 0 ? watch::Memory{dynamicShared(), launch->sharedBytes} : watch::Memory{});
    waited = false;
    std::fill(threads.begin(), threads.end(), Thread{});
    next = finished = 0;
    fault.clear();
    software_lane.blockIdx = index;
    software_lane.blockDim = launch->block;
    software_lane.gridDim = launch->grid;
    idle.clear();
    for (auto& fiber : fibers) idle.push_back(fiber.get());
    while (next < count) {
        if (idle.empty()) idle.push_back(fibers.emplace_back(std::make_unique<Fiber>()).get());
        running = idle.back();
        idle.pop_back();
        running->begin(work, this);
        running->resume();
        if (!fault.empty()) refuse(fault);
    }
    while (finished < count) release();
    if (launch->sharedBytes > 0) checkDynamicShared();
    if (launch->mayOverlap && !watch::awaited())
        refuse("a launch that may begin before the one before it is done does not wait for it");
}

void Block::work(void* self) {
    Block& block = *static_cast<Block*>(self);
    Fiber* fiber = block.running;
    while (block.next < block.count) {
        unsigned thread = block.order[block.next++];
        block.threads[thread].fiber = fiber;
        block.place(thread);
        block.launch->kernel->invoke(block.launch->values);
        block.threads[thread].state = State::done;
        ++block.finished;
    }
    block.idle.push_back(fiber);
}

void Block::place(unsigned thread) {
    current = thread;
    unsigned width = launch->block.x, plane = width * launch->block.y;
    watch::thread(thread);
    software_lane.threadIdx = {thread % width, thread % plane / width, thread / plane};
}

void Block::suspend(State state, const char* file, int line) {
    Thread& thread = threads[current];
    thread.state = state;
    thread.file = file;
    thread.line = line;
    waited = true;
    thread.fiber->suspend();
}

void Block::resume(unsigned thread) {
    threads[thread].state = State::running;
    place(thread);
    running = threads[thread].fiber;
    running->resume();
    if (!fault.empty()) refuse(fault);
}

void Block::barrier(const char* file, int line) {
    suspend(State::atBarrier, file, line);
}

std::uint64_t Block::exchange(unsigned mask, std::uint64_t value, int source, const char* file, int line) {
    Thread& thread = threads[current];
    thread.mask = mask;
    thread.value = value;
    thread.source = source;
    suspend(State::atWarp, file, line);
    return thread.result;
}

void Block::fail(const std::string& what) {
    fault = what;
}

void Block::stop() {
    for (;;) suspend(State::done, "", 0);
}

// All threads wait or are done. Lets those go on whose company is complete.
void Block::release() {
    std::vector<unsigned> released;
    bool anyAtWarp = false;
    for (unsigned thread = 0; thread < count; ++thread)
        if (threads[thread].state == State::atWarp) {
            anyAtWarp = true;
            releaseWarp(thread, released);
        }
    if (!anyAtWarp) return releaseBarrier();
    if (released.empty()) {
        auto stuck = std::ranges::find(threads, State::atWarp, &Thread::state);
        refuse(format("a warp waits at %s for lanes %#x that do not all come there", where(*stuck).c_str(), stuck->mask));
    }
    std::vector<bool> goesOn(count);
    for (unsigned thread : released) goesOn[thread] = true;
    for (unsigned thread : order)
        if (goesOn[thread]) resume(thread);
}

// The lanes that `first` waits for, if they all wait at the same place with the same mask; lanes that returned do not count.
void Block::releaseWarp(unsigned first, std::vector<unsigned>& released) {
    unsigned warp = first / 32 * 32, bits = 0;
    const Thread& leader = threads[first];
    if ((leader.mask >> (first - warp) & 1) == 0)
        refuse(format("a thread at %s is not in its own mask %#x", where(leader).c_str(), leader.mask));
    std::size_t before = released.size();
    for (unsigned lane = 0; lane < 32 && warp + lane < count; ++lane) {
        Thread& thread = threads[warp + lane];
        if ((leader.mask >> lane & 1) == 0 || thread.state == State::done) continue;
        bool together = thread.state == State::atWarp && thread.mask == leader.mask && thread.line == leader.line &&
                        std::strcmp(thread.file, leader.file) == 0;
        if (!together) {
            released.resize(before);
            return;
        }
        released.push_back(warp + lane);
        if (thread.value != 0) bits |= 1u << lane;
    }
    unsigned members = 0;
    for (std::size_t i = before; i < released.size(); ++i) members |= 1u << (released[i] - warp);
    for (std::size_t i = before; i < released.size(); ++i) {
        Thread& thread = threads[released[i]];
        thread.state = State::running;
        if (thread.source == BALLOT) thread.result = bits;
        else if (thread.source < 32 && (members >> thread.source & 1) != 0)
            thread.result = threads[warp + static_cast<unsigned>(thread.source)].value;
        else thread.result = ~std::uint64_t{0};
    }
}

void Block::releaseBarrier() {
    const Thread& leader = *std::ranges::find(threads, State::atBarrier, &Thread::state);
    for (Thread& thread : threads) {
        if (thread.state == State::done)
            refuse(format("divergent __syncthreads: %u of %u threads returned while others wait at %s", finished, count,
                          where(leader).c_str()));
        if (thread.line != leader.line || std::strcmp(thread.file, leader.file) != 0)
            refuse(format("divergent __syncthreads: threads wait at %s and at %s", where(leader).c_str(),
                          where(thread).c_str()));
    }
    watch::barrier();
    for (unsigned thread : order) resume(thread);
}

std::string Block::where(const Thread& thread) const {
    return format("%s:%d", thread.file, thread.line);
}

void Block::refuse(const std::string& message) {
    throw Refusal{Fault::execution, format("%s (block %u, %u, %u)", message.c_str(),
                                           software_lane.blockIdx.x, software_lane.blockIdx.y, software_lane.blockIdx.z)};
}

void Block::fillShared() {
    auto& [table, begin, bytes] = segmentOf(launch->table);
    std::fill_n(begin, bytes, '\xFF');
}

void Block::fillDynamicShared() {
    dynamic.assign(2 * GUARD_WORDS + (launch->sharedBytes + 7) / 8, ~std::uint64_t{0});
    std::fill_n(dynamic.begin(), GUARD_WORDS, GUARD);
    std::memset(behindShared(), GUARD_BYTE, guardBytesBehind());
}

unsigned char* Block::behindShared() {
    return static_cast<unsigned char*>(dynamicShared()) + launch->sharedBytes;
}

std::size_t Block::guardBytesBehind() const {
    return GUARD_BYTES + (8 - launch->sharedBytes % 8) % 8;
}

void Block::checkDynamicShared() {
    auto isGuard = [](std::uint64_t word) { return word == GUARD; };
    auto isGuardByte = [](unsigned char byte) { return byte == GUARD_BYTE; };
    if (!std::all_of(dynamic.begin(), dynamic.begin() + GUARD_WORDS, isGuard) ||
        !std::all_of(behindShared(), behindShared() + guardBytesBehind(), isGuardByte))
        refuse(format("kernel %s wrote beside the %u bytes of shared memory that it was launched with",
                      launch->kernel->name, launch->sharedBytes));
}

void* Block::dynamicShared() {
    return dynamic.data() + GUARD_WORDS;
}

} // namespace software

void software_barrier(const char* file, int line) {
    software::Block::ofThisThread().barrier(file, line);
}

std::uint64_t software_exchange(unsigned mask, std::uint64_t value, int lane, const char* file, int line) {
    return software::Block::ofThisThread().exchange(mask, value, lane, file, line);
}

unsigned software_ballot(unsigned mask, bool value, const char* file, int line) {
    return static_cast<unsigned>(software::Block::ofThisThread().exchange(mask, value, software::Block::BALLOT, file, line));
}

void software_await_launch_before() {
    software::watch::awaitLaunchBefore();
}

void* software_dynamic_shared() {
    return software::Block::ofThisThread().dynamicShared();
}

void software_trap(const char* what, const char* file, int line) {
    auto& block = software::Block::ofThisThread();
    block.fail(software::format("%s at %s:%d", what, file, line));
    block.stop();
}
