// The kernels of probe.cu.
#pragma once

#include <fstream>
#include <sstream>

#include "harness.h"

namespace test {

// Of a launch that may overlap the one before.
inline constexpr int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

// Compiled and loaded by the way that a program takes.
class Probes {
  public:
    Probes() {
        std::ifstream file("test/probe.cu");
        std::stringstream text;
        text << file.rdbuf();
        Handle program;
        CHECK(nvrtcCreateProgram(&program, text.str().c_str(), "probe.cu", 0, nullptr, nullptr) == 0);
        const char* options[] = {"--gpu-architecture=sm_90"};
        CHECK(nvrtcCompileProgram(program, 1, options) == 0);
        std::size_t bytes;
        CHECK(nvrtcGetCUBINSize(program, &bytes) == 0);
        std::vector<char> cubin(bytes);
        CHECK(nvrtcGetCUBIN(program, cubin.data()) == 0);
        CHECK(nvrtcDestroyProgram(&program) == 0);
        CHECK(cuModuleLoadData(&module, cubin.data()) == 0);
    }

    ~Probes() {
        software_reset();
        cuModuleUnload(module);
    }

    template <class... Arguments>
    int launch(const test::Device& device, const char* name, unsigned grid, unsigned block, Arguments... arguments) {
        return launchSharing(device, function(name), 0, grid, block, arguments...);
    }

    Handle function(const char* name) {
        Handle function;
        CHECK(cuModuleGetFunction(&function, module, name) == 0);
        return function;
    }

    template <class... Arguments>
    int launchSharing(const test::Device& device, Handle function, unsigned sharedBytes, unsigned grid, unsigned block,
                      Arguments... arguments) {
        void* parameters[] = {&arguments..., nullptr};
        return cuLaunchKernel(function, grid, 1, 1, block, 1, 1, sharedBytes, device.stream, parameters, nullptr);
    }

    // By cuLaunchKernelEx, with one attribute, set to 1.
    template <class... Arguments>
    int launchWith(const test::Device& device, int attribute, const char* name, unsigned grid, unsigned block,
                   Arguments... arguments) {
        struct Attribute {
            int id, padding, value;
            char rest[60];
        } given{attribute, 0, 1, {}};
        struct Config {
            unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
            Handle stream;
            const Attribute* attributes;
            unsigned count;
        } config{grid, 1, 1, block, 1, 1, 0, device.stream, &given, 1};
        void* parameters[] = {&arguments..., nullptr};
        return cuLaunchKernelEx(&config, function(name), parameters, nullptr);
    }

  private:
    Handle module = 0;
};

} // namespace test
