// The smallest thing that can fail: claims, the device as a program has it, and messages that are expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

using Handle = std::uint64_t;
using Address = std::uint64_t;

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(Handle*, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(Handle);
int cuMemAlloc_v2(Address*, std::size_t);
int cuMemFree_v2(Address);
int cuMemHostAlloc(void**, std::size_t, unsigned);
int cuMemFreeHost(void*);
int cuMemcpyHtoDAsync_v2(Address, const void*, std::size_t, Handle);
int cuMemcpyDtoHAsync_v2(void*, Address, std::size_t, Handle);
int cuMemcpyDtoDAsync_v2(Address, Address, std::size_t, Handle);
int cuMemsetD8Async(Address, unsigned char, std::size_t, Handle);
int cuStreamCreate(Handle*, unsigned);
int cuStreamDestroy_v2(Handle);
int cuStreamSynchronize(Handle);
int cuStreamBeginCapture_v2(Handle, int);
int cuStreamEndCapture(Handle, Handle*);
int cuGraphInstantiateWithFlags(Handle*, Handle, unsigned long long);
int cuGraphLaunch(Handle, Handle);
int cuGraphExecDestroy(Handle);
int cuGraphDestroy(Handle);
int cuModuleLoadData(Handle*, const void*);
int cuModuleUnload(Handle);
int cuModuleGetFunction(Handle*, Handle, const char*);
int cuFuncSetAttribute(Handle, int, int);
int cuFuncGetAttribute(int*, int, Handle);
int cuLaunchKernelEx(const void*, Handle, void**, void**);
int cuLaunchKernel(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void**, void**);
int nvrtcCreateProgram(Handle*, const char*, const char*, int, const char* const*, const char* const*);
int nvrtcCompileProgram(Handle, int, const char* const*);
int nvrtcGetCUBINSize(Handle, std::size_t*);
int nvrtcGetCUBIN(Handle, char*);
int nvrtcDestroyProgram(Handle*);
void software_fail(const char*, long, int);
long software_calls(const char*);
long software_live(const char*);
void software_reset();
void software_memory(std::size_t);
void software_order(int);
void software_watch(int);
void software_compiled_for(int);
}

namespace test {

struct Case {
    const char* claim;
    std::function<void()> body;
};

inline std::vector<Case>& cases() {
    static std::vector<Case> cases;
    return cases;
}

struct Register {
    Register(const char* claim, std::function<void()> body) {
        cases().push_back({claim, std::move(body)});
    }
};

struct Failed {
    std::string what;
};

inline void check(bool holds, const char* text, int line) {
    if (!holds) throw Failed{"line " + std::to_string(line) + ": " + text};
}

template <class Left, class Right> void same(const Left& left, const Right& right, const char* text, int line) {
    if (!(left == static_cast<Left>(right)))
        throw Failed{"line " + std::to_string(line) + ": " + text + ": " + std::to_string(left) + " and " +
                     std::to_string(right)};
}

// The device as a program opens it, with one stream, and everything gone at the end.
class Device {
  public:
    Device();
    ~Device();

    Address upload(const std::vector<float>& values);
    Address uploadBytes(const void* bytes, std::size_t count);
    Address allocate(std::size_t bytes);
    std::vector<float> download(Address from, std::size_t count);
    void downloadBytes(void* to, Address from, std::size_t count);

    Handle stream = 0;

  private:
    std::vector<Address> memory;
};

// The next numbers of a sequence that every run has alike, between -1 and 1.
std::vector<float> numbers(std::size_t count, unsigned seed);

} // namespace test

#define CHECK(condition) test::check(condition, #condition, __LINE__)
#define SAME(left, right) test::same(left, right, #left " == " #right, __LINE__)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEST(claim) \
    static void JOIN(test_, __LINE__)(); \
    static const test::Register JOIN(register_, __LINE__)(claim, JOIN(test_, __LINE__)); \
    static void JOIN(test_, __LINE__)()
