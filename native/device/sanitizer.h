// AddressSanitizer's view of device memory and of fibers, where the build has it.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define SOFTWARE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SOFTWARE_ASAN 1
#endif
#endif

#ifdef SOFTWARE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace software {

#ifdef SOFTWARE_ASAN
inline void poison(const void* at, std::size_t bytes) {
    __asan_poison_memory_region(at, bytes);
}

inline void unpoison(const void* at, std::size_t bytes) {
    __asan_unpoison_memory_region(at, bytes);
}
#else
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
#endif

} // namespace software
