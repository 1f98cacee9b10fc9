// Device memory: a range of addresses of its own, no address ever given out twice. Each allocation stands between guards
// of 0xFF bytes that are looked at after every operation; fresh memory and guards read as NaN; freed memory is unmapped.
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "cuda.h"
#include "page.h"
#include "sanitizer.h"
#include "state.h"
#include "watch.h"

namespace software {

namespace {

constexpr std::size_t GUARD = 256;
constexpr int FRESH = 0xFF; // NaN as float, double and bfloat16

struct Range {
    std::size_t bytes;
};

struct Heap {
    Address begin = 0, end = 0, next = 0;
    std::size_t total = std::size_t{4} << 30, used = 0;
    std::map<Address, Range> live, freed;
};

Heap& heap() {
    static Heap& heap = *[] {
        auto* made = new Heap;
        for (std::size_t size = std::size_t{1} << 42; made->begin == 0 && size >= std::size_t{1} << 34; size >>= 1) {
            void* at = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (at == MAP_FAILED) continue;
            made->begin = made->next = reinterpret_cast<Address>(at);
            made->end = made->begin + size;
        }
        return made;
    }();
    return heap;
}

std::map<Address, std::size_t>& pinned() {
    static auto& pinned = *new std::map<Address, std::size_t>;
    return pinned;
}

std::size_t roundUp(std::size_t bytes, std::size_t multiple) {
    return (bytes + multiple - 1) / multiple * multiple;
}

// Pages that hold an allocation: one guard page, the bytes, at least GUARD bytes of guard.
std::size_t pagesOf(std::size_t bytes) {
    return PAGE + roundUp(bytes + GUARD, PAGE);
}

Address allocate(std::size_t bytes) {
    Heap& h = heap();
    std::size_t span = pagesOf(bytes);
    if (bytes > h.total - h.used || span + PAGE > h.end - h.next) throw Refusal{Fault::outOfMemory, ""};
    void* base = pointer<void>(h.next);
    if (mprotect(base, span, PROT_READ | PROT_WRITE) != 0) throw Refusal{Fault::outOfMemory, "the host has no more memory"};
    std::memset(base, FRESH, span);
    Address address = h.next + PAGE;
    h.next += span + PAGE; // an unmapped page between neighbours
    h.live[address] = {bytes};
    h.used += bytes;
    poison(base, PAGE);
    poison(pointer<char>(address + bytes), span - PAGE - bytes);
    watch::allocated({pointer<void>(address), bytes});
    return address;
}

void release(Address address, std::size_t bytes) {
    Heap& h = heap();
    void* base = pointer<void>(address - PAGE);
    unpoison(base, pagesOf(bytes));
    madvise(base, pagesOf(bytes), MADV_DONTNEED);
    mprotect(base, pagesOf(bytes), PROT_NONE);
    poison(base, pagesOf(bytes));
    watch::freed({pointer<void>(address), bytes});
    h.freed[address] = {bytes};
    h.live.erase(address);
    h.used -= bytes;
}

// What is known about an address that no live allocation holds.
std::string describe(const char* what, Address address) {
    auto hex = static_cast<unsigned long long>(address);
    if (!inHeap(address)) return format("%s: %#llx is not device memory", what, hex);
    auto after = heap().freed.upper_bound(address);
    if (after != heap().freed.begin() && address < std::prev(after)->first + std::prev(after)->second.bytes)
        return format("%s: %#llx lies in memory that was freed", what, hex);
    return format("%s: %#llx lies in no allocation", what, hex);
}

__attribute__((no_sanitize("address"))) bool intact(Address from, std::size_t bytes) {
    auto* words = pointer<const unsigned char>(from);
    unsigned char all = 0xFF;
    for (std::size_t i = 0; i < bytes; ++i) all &= words[i];
    return all == FRESH;
}

} // namespace

long deviceAllocations() {
    return static_cast<long>(heap().live.size());
}

std::size_t deviceBytes() {
    return heap().used;
}

long pinnedAllocations() {
    return static_cast<long>(pinned().size());
}

bool inHeap(Address address) {
    return address >= heap().begin && address < heap().end;
}

bool isPinned(Address address, std::size_t bytes) {
    auto after = pinned().upper_bound(address);
    return after != pinned().begin() && address + bytes <= std::prev(after)->first + std::prev(after)->second;
}

void checkGuards(const std::string& after) {
    for (auto& [address, range] : heap().live) {
        if (intact(address - GUARD, GUARD) && intact(address + range.bytes, GUARD)) continue;
        unpoison(pointer<void>(address - PAGE), pagesOf(range.bytes));
        std::memset(pointer<void>(address - PAGE), FRESH, PAGE);
        std::memset(pointer<void>(address + range.bytes), FRESH, pagesOf(range.bytes) - PAGE - range.bytes);
        poison(pointer<void>(address - PAGE), PAGE);
        poison(pointer<void>(address + range.bytes), pagesOf(range.bytes) - PAGE - range.bytes);
        throw Refusal{Fault::illegalAddress,
                      format("%s wrote outside an allocation of %zu bytes at %#llx", after.c_str(), range.bytes,
                             static_cast<unsigned long long>(address))};
    }
}

} // namespace software

using namespace software;

void software_check_device(const Use& use) {
    if (use.bytes == 0) return;
    if (use.address == 0) throw Refusal{Fault::nullPointer, format("%s is null", use.what)};
    auto& live = heap().live;
    auto after = live.upper_bound(use.address);
    if (after == live.begin() || use.address >= std::prev(after)->first + std::prev(after)->second.bytes)
        throw Refusal{Fault::illegalAddress, describe(use.what, use.address)};
    auto& [address, range] = *std::prev(after);
    std::size_t left = address + range.bytes - use.address;
    if (use.bytes > left)
        throw Refusal{Fault::illegalAddress,
                      format("%s: %zu bytes are used from %#llx on, but only %zu are left of an allocation of %zu", use.what,
                             use.bytes, static_cast<unsigned long long>(use.address), left, range.bytes)};
    if (use.alignment > 1 && use.address % use.alignment != 0)
        throw Refusal{Fault::misaligned, format("%s: %#llx is no multiple of %zu", use.what,
                                                static_cast<unsigned long long>(use.address), use.alignment)};
}

void software_check_host(const char* what, const void* pointer) {
    if (pointer == nullptr) throw Refusal{Fault::nullPointer, format("%s is null", what)};
    if (inHeap(reinterpret_cast<Address>(pointer)))
        throw Refusal{Fault::invalidValue, format("%s: %p is device memory where host memory belongs", what, pointer)};
}

// For tests: the memory that the device has from now on, what is allocated included.
extern "C" void software_memory(std::size_t bytes) {
    Lock lock;
    heap().total = std::max(bytes, heap().used);
}

extern "C" int cuMemAlloc_v2(Address* address, std::size_t bytes) {
    return call(statusOf, "cuMemAlloc_v2", {}, [&] {
        Address& given = result("dptr", address);
        if (bytes == 0) throw Refusal{Fault::invalidValue, "0 bytes are asked for"};
        given = allocate(bytes);
    });
}

extern "C" int cuMemFree_v2(Address address) {
    return call(statusOf, "cuMemFree_v2", {.releases = true}, [&] {
        auto found = heap().live.find(address);
        if (found == heap().live.end()) {
            if (inHeap(address) && heap().freed.contains(address))
                throw Refusal{Fault::invalidValue, "this memory was freed before"};
            throw Refusal{Fault::invalidValue, describe("dptr", address) + ", or not where its allocation begins"};
        }
        software_drain();
        release(address, found->second.bytes);
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}

extern "C" int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    return call(statusOf, "cuMemGetInfo_v2", {.capture = true}, [&] {
        result("free", free) = heap().total - heap().used;
        result("total", total) = heap().total;
    });
}

extern "C" int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
    return call(statusOf, "cuDeviceTotalMem_v2", {.context = false, .capture = true}, [&] {
        if (device != 0) throw Refusal{Fault::other, format("there is no device %d", device), CUDA_ERROR_INVALID_DEVICE};
        result("bytes", bytes) = heap().total;
    });
}

extern "C" int cuMemHostAlloc(void** memory, std::size_t bytes, unsigned flags) {
    return call(statusOf, "cuMemHostAlloc", {}, [&] {
        void*& given = result("pp", memory);
        if (bytes == 0 || flags > 7) throw Refusal{Fault::invalidValue, format("bytes %zu, flags %u", bytes, flags)};
        given = std::aligned_alloc(PAGE, roundUp(bytes, PAGE));
        if (given == nullptr) throw Refusal{Fault::outOfMemory, ""};
        std::memset(given, FRESH, bytes);
        pinned()[reinterpret_cast<Address>(given)] = bytes;
    });
}

extern "C" int cuMemFreeHost(void* memory) {
    return call(statusOf, "cuMemFreeHost", {.releases = true}, [&] {
        if (!pinned().contains(reinterpret_cast<Address>(memory)))
            throw Refusal{Fault::invalidValue, format("%p did not come from cuMemHostAlloc, or was freed before", memory)};
        software_drain();
        pinned().erase(reinterpret_cast<Address>(memory));
        std::free(memory);
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}
