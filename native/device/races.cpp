// Kernels that the compiler instrumented as for ThreadSanitizer call the __tsan_ functions before each access; here they are
// this device's own, and nothing but watched kernels calls them. Each byte of device and shared memory has a cell that says who
// wrote it last and who has read it since.
//
// Blocks and threads run one after the other, so that a clock which advances with each launch, block and barrier says of two
// accesses what orders them: a thread is in order with itself, a block with what it did before its last barrier, a launch
// with those before it, but for the one that it overlaps. Shuffles order nothing. Between others, one of which writes, there
// is a race, in whichever order they happened to run.
#include "races.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "block.h"
#include "state.h"

namespace software::races {

namespace {

using Clock = std::uint64_t;

struct Stamp {
    Clock at : 54 = 0; // 0: never
    Clock thread : 10 = 0;
};

// Of the accesses that can still race with a later one, as many as it takes to find one that does.
struct Cell {
    Stamp written;
    Stamp read, readByOther; // since the same barrier of the block that read last
    Stamp readBefore;        // by a block before that
};

constexpr Address PAGE_BYTES = 4096;

struct Page {
    Cell cells[PAGE_BYTES];
};

enum class Kind { read, write };

// Where a block's memory is, and its cells.
struct Watched {
    const char* begin = nullptr;
    std::size_t bytes = 0;
    std::vector<Cell> cells;

    void is(Memory memory) {
        begin = static_cast<const char*>(memory.begin);
        bytes = memory.bytes;
        if (cells.size() < bytes) cells.resize(bytes);
    }

    bool holds(const char* at) const {
        return static_cast<std::size_t>(at - begin) < bytes;
    }
};

bool watching = [] {
    const char* asked = std::getenv("SOFTWARE_DEVICE_RACES");
    return asked != nullptr && std::strcmp(asked, "1") == 0;
}();
Clock now = 1, blockBegan = 1, launchBegan = 1, launchBeforeBegan = 1;
bool mayOverlap = false;
std::array<bool, 1024> waited;
unsigned current = 0;
Watched shared, dynamicShared;

// Cells of device memory by page, and a shortcut to those of late.
struct Shortcut {
    Address page = 0;
    Page* cells = nullptr;
};
std::array<Shortcut, 4096> shortcuts;

std::unordered_map<Address, std::unique_ptr<Page>>& pages() {
    static auto& pages = *new std::unordered_map<Address, std::unique_ptr<Page>>;
    return pages;
}

Shortcut& shortcutTo(Address page) {
    return shortcuts[page / PAGE_BYTES % shortcuts.size()];
}

Cell& cellOf(Address at) {
    Address page = at / PAGE_BYTES * PAGE_BYTES;
    Shortcut& shortcut = shortcutTo(page);
    if (shortcut.page != page) {
        auto& found = pages()[page];
        if (!found) found = std::make_unique<Page>();
        shortcut = {page, found.get()};
    }
    return shortcut.cells->cells[at - page];
}

bool inOrder(Stamp before, bool ofBlock) {
    if (before.at == now) return before.thread == current;
    if (before.at >= blockBegan || ofBlock) return true;
    if (before.at >= launchBegan) return false;
    return waited[current] || before.at < launchBeforeBegan;
}

// "file:line" of an instruction, with the calls in the kernel that were inlined there, if addr2line is at hand; else where
// in which library it lies.
std::string placeOf(const void* instruction) {
    Dl_info library{};
    dladdr(instruction, &library);
    // The instruction is where the call returns to.
    auto offset = static_cast<const char*>(instruction) - static_cast<const char*>(library.dli_fbase) - 1;
    std::string place = format("%s+%#tx", library.dli_fname, offset);
    FILE* lines = popen(format("addr2line -si -e '%s' %#tx 2>/dev/null", library.dli_fname, offset).c_str(), "r");
    if (lines == nullptr) return place;
    std::string found;
    char line[256];
    while (std::fgets(line, sizeof line, lines) != nullptr && line[0] != '?' && std::strstr(line, "_kernels.cpp:") == nullptr) {
        line[std::strcspn(line, "\n ")] = '\0';
        found += (found.empty() ? "" : ", called at ") + std::string(line);
    }
    pclose(lines);
    return found.empty() ? place : found;
}

[[noreturn]] void refuse(Kind kind, const void* at, bool ofBlock, Stamp other, const char* others, const void* instruction) {
    const char* whose = other.at >= blockBegan    ? ""
                        : other.at >= launchBegan ? " of another block"
                                                  : " of the launch before, which may still run,";
    Block& block = Block::ofThisThread();
    block.fail(format("a race: thread %u %s %s memory at %p, which thread %u%s %s, and nothing orders the two; %s", current,
                      kind == Kind::read ? "reads" : "writes", ofBlock ? "shared" : "device", at,
                      static_cast<unsigned>(other.thread), whose, others, placeOf(instruction).c_str()));
    block.stop();
}

void note(Cell& cell, Kind kind, const char* at, bool ofBlock, const void* instruction) {
    if (!inOrder(cell.written, ofBlock)) refuse(kind, at, ofBlock, cell.written, "writes", instruction);
    Stamp stamp{now, current};
    if (kind == Kind::write) {
        for (Stamp read : {cell.read, cell.readByOther, cell.readBefore})
            if (!inOrder(read, ofBlock)) refuse(kind, at, ofBlock, read, "reads", instruction);
        cell.written = stamp;
    } else if (cell.read.at != now) {
        if (cell.read.at < blockBegan) cell.readBefore = cell.read;
        cell.read = stamp;
    } else if (cell.read.thread != current) {
        cell.readByOther = stamp;
    }
}

void note(const void* address, std::size_t bytes, Kind kind, const void* instruction) {
    if (!watching) return;
    auto* at = static_cast<const char*>(address);
    for (Watched* memory : {&dynamicShared, &shared})
        if (memory->holds(at)) {
            for (std::size_t i = 0; i < bytes && memory->holds(at + i); ++i)
                note(memory->cells[static_cast<std::size_t>(at + i - memory->begin)], kind, at + i, true, instruction);
            return;
        }
    if (!inHeap(reinterpret_cast<Address>(at))) return; // a thread's own, or a parameter
    for (std::size_t i = 0; i < bytes; ++i)
        note(cellOf(reinterpret_cast<Address>(at + i)), kind, at + i, false, instruction);
}

} // namespace

bool watched() {
    return watching;
}

void beginLaunch(bool overlaps) {
    if (!watching) return;
    launchBeforeBegan = launchBegan;
    launchBegan = ++now;
    mayOverlap = overlaps;
}

void beginBlock(Memory newShared, Memory newDynamicShared) {
    if (!watching) return;
    blockBegan = ++now;
    waited.fill(!mayOverlap);
    shared.is(newShared);
    dynamicShared.is(newDynamicShared);
}

void thread(unsigned index) {
    if (watching) current = index;
}

void barrier() {
    if (!watching) return;
    ++now;
    if (awaited()) waited.fill(true);
}

void awaitLaunchBefore() {
    if (watching) waited[current] = true;
}

bool awaited() {
    return !watching || std::ranges::any_of(waited, std::identity());
}

void forget(Memory memory) {
    if (!watching) return;
    auto begin = reinterpret_cast<Address>(memory.begin), from = begin / PAGE_BYTES * PAGE_BYTES, to = begin + memory.bytes;
    for (Address page = from; page < to; page += PAGE_BYTES) {
        shortcutTo(page) = {};
        pages().erase(page);
    }
}

} // namespace software::races

// For tests: whether launches are watched from now on, of modules that are loaded from now on.
extern "C" void software_watch(int on) {
    software::Lock lock;
    software::races::watching = on != 0;
}

#define SOFTWARE_ACCESS(name, bytes, kind) \
    extern "C" void __tsan_##name(void* at) { \
        software::races::note(at, bytes, software::races::Kind::kind, __builtin_return_address(0)); \
    }

SOFTWARE_ACCESS(read1, 1, read)
SOFTWARE_ACCESS(read2, 2, read)
SOFTWARE_ACCESS(read4, 4, read)
SOFTWARE_ACCESS(read8, 8, read)
SOFTWARE_ACCESS(read16, 16, read)
SOFTWARE_ACCESS(write1, 1, write)
SOFTWARE_ACCESS(write2, 2, write)
SOFTWARE_ACCESS(write4, 4, write)
SOFTWARE_ACCESS(write8, 8, write)
SOFTWARE_ACCESS(write16, 16, write)
SOFTWARE_ACCESS(unaligned_read2, 2, read)
SOFTWARE_ACCESS(unaligned_read4, 4, read)
SOFTWARE_ACCESS(unaligned_read8, 8, read)
SOFTWARE_ACCESS(unaligned_read16, 16, read)
SOFTWARE_ACCESS(unaligned_write2, 2, write)
SOFTWARE_ACCESS(unaligned_write4, 4, write)
SOFTWARE_ACCESS(unaligned_write8, 8, write)
SOFTWARE_ACCESS(unaligned_write16, 16, write)

extern "C" void __tsan_read_range(void* at, std::size_t bytes) {
    software::races::note(at, bytes, software::races::Kind::read, __builtin_return_address(0));
}

extern "C" void __tsan_write_range(void* at, std::size_t bytes) {
    software::races::note(at, bytes, software::races::Kind::write, __builtin_return_address(0));
}

// Atomics race with nothing.
extern "C" std::uint32_t __tsan_atomic32_fetch_add(std::uint32_t* at, std::uint32_t value, int) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

extern "C" std::uint64_t __tsan_atomic64_fetch_add(std::uint64_t* at, std::uint64_t value, int) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void*) {}
extern "C" void __tsan_func_exit() {}
