// Modules: kernel libraries that stand beside libcuda, compiled from the same sources as the real thing, and launches.
#include <dlfcn.h>

#include <cstring>
#include <filesystem>

#include "block.h"
#include "cuda.h"
#include "image.h"
#include "state.h"
#include "watch.h"

namespace software {

namespace {

struct Module {
    const KernelTable* table;
};

struct Function {
    const Kernel* kernel;
    const KernelTable* table;
    Handle module;
    int mostSharedBytes = USUAL_SHARED_BYTES;
};

int compiledFor = ARCHITECTURE;

Order orderAsked = [] {
    const char* asked = std::getenv("SOFTWARE_DEVICE_ORDER");
    std::string name = asked == nullptr ? "forward" : asked;
    return name == "reverse" ? Order::reverse : name == "shuffled" ? Order::shuffled : Order::forward;
}();

// Foreign images as a GPU of an unknown kind would take them: no fatbin and no cubin fits, no PTX is new enough.
const KernelTable* load(const void* image) {
    auto* bytes = static_cast<const unsigned char*>(image);
    if (bytes[0] == 0x50 && bytes[1] == 0xED && bytes[2] == 0x55 && bytes[3] == 0xBA)
        throw Refusal{Fault::other, "", CUDA_ERROR_NO_BINARY_FOR_GPU};
    if (std::memcmp(bytes, "\x7F" "ELF", 4) == 0) throw Refusal{Fault::other, "", CUDA_ERROR_NO_BINARY_FOR_GPU};
    if (std::memcmp(bytes, "//", 2) == 0 || bytes[0] == '.' || bytes[0] == '\n')
        throw Refusal{Fault::other, "", CUDA_ERROR_UNSUPPORTED_PTX_VERSION};
    auto* own = static_cast<const Image*>(image);
    if (std::strncmp(own->magic, IMAGE_MAGIC, sizeof own->magic) != 0)
        throw Refusal{Fault::other, "this is no image of the software NVRTC", CUDA_ERROR_INVALID_IMAGE};
    if (own->architecture != ARCHITECTURE) throw Refusal{Fault::other, "", CUDA_ERROR_NO_BINARY_FOR_GPU};
    Dl_info self{};
    dladdr(reinterpret_cast<void*>(&software_lock), &self);
    auto path = std::filesystem::path(self.dli_fname).parent_path() / own->library;
    if (watch::on()) path.replace_filename(path.stem().string() + "_watched.so");
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw Refusal{Fault::other, dlerror(), CUDA_ERROR_INVALID_IMAGE};
    return reinterpret_cast<const KernelTable* (*)()>(dlsym(library, "software_kernels"))();
}

void checkShape(const Function& function, dim3 grid, dim3 block, unsigned sharedBytes) {
    auto in = [](unsigned value, unsigned most) { return value >= 1 && value <= most; };
    if (!in(grid.x, 2147483647) || !in(grid.y, 65535) || !in(grid.z, 65535))
        throw Refusal{Fault::invalidValue, format("a grid of %u x %u x %u blocks", grid.x, grid.y, grid.z)};
    unsigned most = static_cast<unsigned>(function.kernel->maxThreads);
    if (!in(block.x, 1024) || !in(block.y, 1024) || !in(block.z, 64) || block.x * block.y * block.z > most)
        throw Refusal{Fault::invalidValue, format("kernel %s: blocks of %u x %u x %u threads, at most %u are allowed",
                                                  function.kernel->name, block.x, block.y, block.z, most)};
    if (sharedBytes > static_cast<unsigned>(function.mostSharedBytes))
        throw Refusal{Fault::invalidValue, format("kernel %s: %u bytes of shared memory, at most %d are allowed",
                                                  function.kernel->name, sharedBytes, function.mostSharedBytes)};
}

// The launch's own copy of the parameters.
struct Values {
    std::vector<std::uint64_t> words;
    std::vector<void*> pointers;
};

std::shared_ptr<Values> copy(const Kernel& kernel, void** parameters, std::vector<Use>& uses) {
    auto values = std::make_shared<Values>();
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i < kernel.parameterCount; ++i) {
        const Parameter& parameter = kernel.parameters[i];
        software_check_host("a kernel parameter", parameters[i]);
        offsets.push_back(values->words.size());
        values->words.resize(values->words.size() + (parameter.bytes + 7) / 8);
        std::memcpy(&values->words[offsets.back()], parameters[i], parameter.bytes);
        if (parameter.alignment != 0 && values->words[offsets.back()] != 0)
            uses.push_back({"a pointer given to a kernel", values->words[offsets.back()], parameter.alignment,
                            parameter.alignment, Access::unknown});
    }
    for (std::size_t offset : offsets) values->pointers.push_back(&values->words[offset]);
    return values;
}

void runGrid(const Launch& launch) {
    watch::beginLaunch(launch.mayOverlap);
    std::size_t width = launch.grid.x, plane = width * launch.grid.y, count = plane * launch.grid.z;
    std::size_t batch = std::max<std::size_t>(1, std::min<std::size_t>(64, count / 16)); // blocks that a thread takes at once
    auto run = [&](std::size_t part) {
        for (std::size_t i = part * batch; i < std::min(count, (part + 1) * batch); ++i) {
            std::size_t index = launch.order == Order::forward ? i : count - 1 - i;
            Block::ofThisThread().run(launch, {static_cast<unsigned>(index % width),
                                               static_cast<unsigned>(index % plane / width),
                                               static_cast<unsigned>(index / plane)});
        }
    };
    std::size_t parts = (count + batch - 1) / batch;
    if (!watch::on()) return software_parallel(parts, run);
    for (std::size_t part = 0; part < parts; ++part) run(part);
}

} // namespace

} // namespace software

using namespace software;

// For tests: the order of threads from the next launch on, 0 forward, 1 reverse, 2 shuffled.
extern "C" void software_order(int order) {
    Lock lock;
    orderAsked = static_cast<Order>(order);
}

extern "C" int cuModuleLoadData(Handle* module, const void* image) {
    return call(statusOf, "cuModuleLoadData", {}, [&] {
        Handle& given = result("module", module);
        software_check_host("image", image);
        given = create("module", Module{load(image)});
    });
}

extern "C" int cuModuleUnload(Handle module) {
    return call(statusOf, "cuModuleUnload", {.releases = true}, [&] {
        software_find("module", module);
        software_drain();
        for (Handle handle : handlesOf("function"))
            if (find<Function>("function", handle).module == module) software_destroy("function", handle);
        software_destroy("module", module);
        if (sticky() != 0) throw Refusal{Fault::sticky, ""};
    });
}

extern "C" int cuModuleGetFunction(Handle* function, Handle module, const char* name) {
    return call(statusOf, "cuModuleGetFunction", {.capture = true}, [&] {
        Handle& given = result("hfunc", function);
        software_check_host("name", name);
        const KernelTable* table = find<Module>("module", module).table;
        for (std::size_t i = 0; i < table->count; ++i)
            if (std::strcmp(table->kernels[i].name, name) == 0) {
                given = create("function", Function{&table->kernels[i], table, module});
                return;
            }
        throw Refusal{Fault::notFound, format("there is no kernel %s", name)};
    });
}

extern "C" int cuFuncGetParamInfo(Handle function, std::size_t index, std::size_t* offset, std::size_t* bytes) {
    return call(statusOf, "cuFuncGetParamInfo", {.capture = true}, [&] {
        const Kernel& kernel = *find<Function>("function", function).kernel;
        if (index >= kernel.parameterCount) throw Refusal{Fault::invalidValue, ""}; // how a caller finds the end
        std::size_t at = 0;
        for (std::size_t i = 0; i <= index; ++i) {
            std::size_t size = kernel.parameters[i].bytes; // a scalar's alignment is its size
            at = (at + size - 1) / size * size;
            result("paramOffset", offset) = at;
            result("paramSize", bytes) = size;
            at += size;
        }
    });
}

extern "C" int cuFuncGetAttribute(int* value, int attribute, Handle function) {
    return call(statusOf, "cuFuncGetAttribute", {.capture = true}, [&] {
        software_find("function", function);
        if (attribute != PTX_VERSION)
            throw Refusal{Fault::invalidValue, format("the software device does not know attribute %d", attribute)};
        result("pi", value) = compiledFor;
    });
}

// For tests: the compute capability that kernels say they were compiled for, 90 at first.
extern "C" void software_compiled_for(int architecture) {
    Lock lock;
    compiledFor = architecture;
}

extern "C" int cuFuncSetAttribute(Handle function, int attribute, int value) {
    return call(statusOf, "cuFuncSetAttribute", {.capture = true}, [&] {
        if (attribute != MAX_DYNAMIC_SHARED_SIZE_BYTES)
            throw Refusal{Fault::invalidValue, format("the software device cannot set attribute %d", attribute)};
        if (value < 0 || value > MOST_SHARED_BYTES)
            throw Refusal{Fault::invalidValue, format("%d bytes of shared memory, at most %d", value, MOST_SHARED_BYTES)};
        find<Function>("function", function).mostSharedBytes = value;
    });
}

namespace {

// CUlaunchConfig and CUlaunchAttribute of cuda.h.
struct LaunchAttribute {
    int id;
    int padding;
    int value;
    char rest[60];
};
static_assert(sizeof(LaunchAttribute) == 72);

struct LaunchConfig {
    unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
    Handle stream;
    const LaunchAttribute* attributes;
    unsigned count;
};
static_assert(sizeof(LaunchConfig) == 56);

void launch(Handle function, dim3 grid, dim3 block, unsigned sharedBytes, Handle target, void** parameters,
            bool mayOverlap) {
    Function wanted = find<Function>("function", function);
    checkShape(wanted, grid, block, sharedBytes);
    if (wanted.kernel->parameterCount > 0) software_check_host("kernelParams", parameters);
    Operation operation{format("kernel %s", wanted.kernel->name), {}, {{"function", function}}, {}};
    auto values = copy(*wanted.kernel, parameters, operation.uses);
    operation.run = [wanted, grid, block, sharedBytes, values, mayOverlap] {
        runGrid({wanted.kernel, wanted.table, values->pointers.data(), grid, block, sharedBytes, orderAsked, mayOverlap});
    };
    software_enqueue(target, std::move(operation));
}

} // namespace

extern "C" int cuLaunchKernel(Handle function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                              unsigned blockY, unsigned blockZ, unsigned sharedBytes, Handle target, void** parameters,
                              void** extra) {
    return call(statusOf, "cuLaunchKernel", {.capture = true}, [&] {
        if (extra != nullptr) throw Refusal{Fault::notSupported, "extra is not null"};
        launch(function, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, target, parameters, false);
    });
}

// Kernels run one after the other here, also those that may overlap.
extern "C" int cuLaunchKernelEx(const LaunchConfig* config, Handle function, void** parameters, void** extra) {
    return call(statusOf, "cuLaunchKernelEx", {.capture = true}, [&] {
        software_check_host("config", config);
        if (extra != nullptr) throw Refusal{Fault::notSupported, "extra is not null"};
        for (unsigned i = 0; i < config->count; ++i)
            if (config->attributes[i].id != PROGRAMMATIC_STREAM_SERIALIZATION || config->attributes[i].value != 1)
                throw Refusal{Fault::notSupported, format("attribute %d = %d", config->attributes[i].id,
                                                          config->attributes[i].value)};
        launch(function, {config->gridX, config->gridY, config->gridZ}, {config->blockX, config->blockY, config->blockZ},
               config->sharedBytes, config->stream, parameters, config->count > 0);
    });
}
