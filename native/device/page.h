// The unit in which a system protects memory: 4 KiB on x86-64, up to 64 on aarch64.
#pragma once

#include <unistd.h>

#include <cstddef>

namespace software {

inline const std::size_t PAGE = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

} // namespace software
