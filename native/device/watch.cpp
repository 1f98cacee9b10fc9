// Kernels that the compiler instrumented as for ThreadSanitizer call the __tsan_ functions before each access; here they are
// this device's own, and nothing but watched kernels calls them. Each byte of device and shared memory has a cell that says who
// wrote it last and who has read it since. Device memory also knows which of its bytes were written at all, by whomever.
// Of shared memory kernels may read what nobody wrote, the unneeded neighbours of what they need: that it is not used shows in
// their results, since it is NaN.
//
// Blocks and threads run one after the other, so that a clock which advances with each launch, block and barrier says of two
// accesses what orders them: a thread is in order with itself, a block with what it did before its last barrier, a launch
// with those before it, but for the one that it overlaps. Shuffles order nothing. Between others, one of which writes, there
// is a race, in whichever order they happened to run.
#include "watch.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <bitset>
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

namespace software::watch {

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

// Of device memory; it lies in one allocation.
struct Page {
    std::size_t bytes; // that belong to the allocation
    std::bitset<PAGE_BYTES> written;
    std::unique_ptr<Cell[]> cells; // once a kernel has come here
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

    bool isNear(const char* at) const {
        return bytes > 0 && at >= begin - Block::GUARD_BYTES && at < begin + bytes + Block::GUARD_BYTES;
    }
};

bool watching = [] {
    const char* asked = std::getenv("SOFTWARE_DEVICE_WATCH");
    return asked != nullptr && std::strcmp(asked, "1") == 0;
}();
Clock now = 1, blockBegan = 1, launchBegan = 1, launchBeforeBegan = 1;
bool mayOverlap = false;
std::array<bool, 1024> waited;
unsigned current = 0;
// Never destroyed: where a process ends, a launch may still go on.
Watched &shared = *new Watched, &dynamicShared = *new Watched;

std::unordered_map<Address, Page>& pages() {
    static auto& pages = *new std::unordered_map<Address, Page>;
    return pages;
}

// Pages that kernels came to of late.
struct Shortcut {
    Address begin = 0;
    Page* page = nullptr;
};
std::array<Shortcut, 4096> shortcuts;

Shortcut& shortcutTo(Address begin) {
    return shortcuts[begin / PAGE_BYTES % shortcuts.size()];
}

// Null where no allocation has this byte.
Page* pageOf(Address at) {
    Address begin = at / PAGE_BYTES * PAGE_BYTES;
    Shortcut& shortcut = shortcutTo(begin);
    if (shortcut.begin != begin) {
        auto found = pages().find(begin);
        if (found == pages().end()) return nullptr;
        if (!found->second.cells) found->second.cells = std::make_unique<Cell[]>(PAGE_BYTES);
        shortcut = {begin, &found->second};
    }
    return at - begin < shortcut.page->bytes ? shortcut.page : nullptr;
}

// Calls body(page, from, to) with the part of each page of an allocation that the memory covers.
template <class Body> void forEachPage(Memory memory, Body body) {
    if (memory.bytes == 0) return;
    auto from = reinterpret_cast<Address>(memory.begin), to = from + memory.bytes;
    for (Address begin = from / PAGE_BYTES * PAGE_BYTES; begin < to; begin += PAGE_BYTES)
        body(pages().at(begin), std::max(from, begin) - begin, std::min(to - begin, PAGE_BYTES));
}

void mark(Memory memory, bool written) {
    if (!watching) return;
    forEachPage(memory, [&](Page& page, std::size_t from, std::size_t to) {
        if (to - from == PAGE_BYTES) { // at once: libraries are given workspaces of many megabytes
            if (written) page.written.set();
            else page.written.reset();
            return;
        }
        for (std::size_t i = from; i < to; ++i) page.written[i] = written;
    });
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

// An access of the thread that runs, to one byte.
struct ByteAccess {
    Kind kind;
    const char* at;
    bool ofBlock; // to its shared memory
    const void* instruction;
};

// Whoever calls this is never continued, and must have nothing left to destroy.
[[noreturn]] void refuse(const ByteAccess& access, const char* why) {
    Block& block = Block::ofThisThread();
    block.fail(format("thread %u %s %s memory at %p, %s; %s", current, access.kind == Kind::read ? "reads" : "writes",
                      access.ofBlock ? "shared" : "device", static_cast<const void*>(access.at), why,
                      placeOf(access.instruction).c_str()));
    block.stop();
}

[[noreturn]] void refuseRace(const ByteAccess& access, Stamp other, const char* others) {
    const char* whose = other.at >= blockBegan    ? ""
                        : other.at >= launchBegan ? " of another block"
                                                  : " of the launch before, which may still run,";
    char why[128];
    std::snprintf(why, sizeof why, "which thread %u%s %s, and nothing orders the two", static_cast<unsigned>(other.thread), whose,
                  others);
    refuse(access, why);
}

void note(Cell& cell, const ByteAccess& access) {
    bool ofBlock = access.ofBlock;
    if (!inOrder(cell.written, ofBlock)) refuseRace(access, cell.written, "writes");
    Stamp stamp{now, current};
    if (access.kind == Kind::write) {
        for (Stamp read : {cell.read, cell.readByOther, cell.readBefore})
            if (!inOrder(read, ofBlock)) refuseRace(access, read, "reads");
        cell.written = stamp;
    } else if (cell.read.at != now) {
        if (cell.read.at < blockBegan) cell.readBefore = cell.read;
        cell.read = stamp;
    } else if (cell.read.thread != current) {
        cell.readByOther = stamp;
    }
}

// What is added to atomically races with nothing.
void noteDevice(const ByteAccess& access, bool atomic) {
    auto address = reinterpret_cast<Address>(access.at);
    Page* page = pageOf(address);
    if (page == nullptr) refuse(access, "which lies in no allocation");
    if (access.kind == Kind::read && !page->written[address % PAGE_BYTES]) refuse(access, "which nobody has written");
    if (access.kind == Kind::write) page->written[address % PAGE_BYTES] = true;
    if (!atomic) note(page->cells[address % PAGE_BYTES], access);
}

void note(const void* address, std::size_t bytes, Kind kind, const void* instruction, bool atomic = false) {
    if (!watching) return;
    auto* at = static_cast<const char*>(address);
    for (Watched* memory : {&dynamicShared, &shared}) {
        if (!memory->holds(at) && !(memory == &dynamicShared && memory->isNear(at))) continue;
        for (std::size_t i = 0; i < bytes; ++i) {
            ByteAccess access{kind, at + i, true, instruction};
            if (!memory->holds(at + i)) {
                char why[64];
                std::snprintf(why, sizeof why, "beside the %zu bytes that the block has", memory->bytes);
                refuse(access, why);
            }
            if (!atomic) note(memory->cells[static_cast<std::size_t>(at + i - memory->begin)], access);
        }
        return;
    }
    if (!inHeap(reinterpret_cast<Address>(at))) return; // a thread's own, or a parameter
    for (std::size_t i = 0; i < bytes; ++i) noteDevice({kind, at + i, false, instruction}, atomic);
}

} // namespace

bool on() {
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

void allocated(Memory memory) {
    if (!watching) return;
    auto from = reinterpret_cast<Address>(memory.begin), to = from + memory.bytes;
    for (Address begin = from; begin < to; begin += PAGE_BYTES)
        pages()[begin] = {std::min(to - begin, PAGE_BYTES), {}, nullptr};
}

void freed(Memory memory) {
    auto from = reinterpret_cast<Address>(memory.begin), to = from + memory.bytes;
    for (Address begin = from; begin < to; begin += PAGE_BYTES) {
        shortcutTo(begin) = {};
        pages().erase(begin);
    }
}

void requireWritten(const char* what, Memory memory) {
    if (!watching) return;
    std::size_t before = 0;
    forEachPage(memory, [&](Page& page, std::size_t from, std::size_t to) {
        if (!page.written.all())
            for (std::size_t i = from; i < to; ++i)
                if (!page.written[i])
                    throw Refusal{Fault::execution, format("%s: of %zu bytes that are read from %p on, nobody has written the one "
                                                           "at %zu", what, memory.bytes, memory.begin, before + i - from)};
        before += to - from;
    });
}

void written(Memory memory) {
    mark(memory, true);
}

void spoiled(Memory memory) {
    mark(memory, false);
}

} // namespace software::watch

// For tests: whether launches are watched from now on, of modules and in memory that come from now on.
extern "C" void software_watch(int on) {
    software::Lock lock;
    software::watch::watching = on != 0;
}

#define SOFTWARE_ACCESS(name, bytes, kind) \
    extern "C" void __tsan_##name(void* at) { \
        software::watch::note(at, bytes, software::watch::Kind::kind, __builtin_return_address(0)); \
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
    software::watch::note(at, bytes, software::watch::Kind::read, __builtin_return_address(0));
}

extern "C" void __tsan_write_range(void* at, std::size_t bytes) {
    software::watch::note(at, bytes, software::watch::Kind::write, __builtin_return_address(0));
}

extern "C" std::uint32_t __tsan_atomic32_fetch_add(std::uint32_t* at, std::uint32_t value, int) {
    software::watch::note(at, sizeof *at, software::watch::Kind::read, __builtin_return_address(0), true);
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

extern "C" std::uint64_t __tsan_atomic64_fetch_add(std::uint64_t* at, std::uint64_t value, int) {
    software::watch::note(at, sizeof *at, software::watch::Kind::read, __builtin_return_address(0), true);
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void*) {}
extern "C" void __tsan_func_exit() {}
