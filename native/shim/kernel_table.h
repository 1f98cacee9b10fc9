// A table of the kernels of one source file: what the software device must know to launch them. The parameters come from
// the functions' types.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace software {

struct Parameter {
    std::size_t bytes;
    std::size_t alignment; // of what a pointer points to; 0 where the parameter is no pointer
};

struct Kernel {
    const char* name;
    int maxThreads; // by __launch_bounds__, else 1024
    std::size_t parameterCount;
    const Parameter* parameters;
    void (*invoke)(void* const* parameters); // one thread
};

struct KernelTable {
    const Kernel* kernels;
    std::size_t count;
};

template <class Value> constexpr Parameter parameterOf() {
    if constexpr (!std::is_pointer_v<Value>) return {sizeof(Value), 0};
    else if constexpr (std::is_void_v<std::remove_pointer_t<Value>>) return {sizeof(Value), 1};
    else return {sizeof(Value), alignof(std::remove_pointer_t<Value>)};
}

template <auto function> struct KernelOf;

template <class... Arguments, void (*function)(Arguments...)> struct KernelOf<function> {
    static constexpr Parameter parameters[sizeof...(Arguments) + 1] = {parameterOf<Arguments>()..., {0, 0}};

    template <std::size_t... index> static void invokeWith(void* const* values, std::index_sequence<index...>) {
        function(*static_cast<std::remove_cv_t<Arguments>*>(values[index])...);
    }

    static void invoke(void* const* values) {
        invokeWith(values, std::index_sequence_for<Arguments...>());
    }

    static constexpr Kernel named(const char* name, int maxThreads) {
        return {name, maxThreads, sizeof...(Arguments), parameters, invoke};
    }
};

inline constexpr int threadsOf(int bound = 1024, int = 0) {
    return bound;
}

} // namespace software
