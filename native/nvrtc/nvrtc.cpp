// NVRTC for the one program that the device was built from: it compiles nothing, but takes care that what it is given is
// that program, byte for byte, with every header.
#include <algorithm>
#include <cstring>
#include <map>

#include "device.h"
#include "image.h"
#include "sources.h"

namespace software {

namespace {

enum { SUCCESS = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

constexpr const char* RESULTS[] = {"NVRTC_SUCCESS",
                                   "NVRTC_ERROR_OUT_OF_MEMORY",
                                   "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
                                   "NVRTC_ERROR_INVALID_INPUT",
                                   "NVRTC_ERROR_INVALID_PROGRAM",
                                   "NVRTC_ERROR_INVALID_OPTION",
                                   "NVRTC_ERROR_COMPILATION",
                                   "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE"};

constexpr int ARCHITECTURES[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

struct Program {
    std::string text, name;
    std::map<std::string, std::string> headers;
    std::string log, cubin, ptx;
};

constexpr Entry ANYWHERE{.context = false, .capture = true, .initialised = false};

int statusOf(const Refusal& refusal) {
    return refusal.fault == Fault::other           ? refusal.status
           : refusal.fault == Fault::invalidHandle ? INVALID_PROGRAM
                                                   : INVALID_INPUT;
}

template <class Body> int nvrtc(const char* function, Body body) {
    return call(statusOf, function, ANYWHERE, body);
}

Program& programOf(Handle handle) {
    return find<Program>("NVRTC program", handle);
}

const char* textOf(const Source& source) {
    return source.text + 1;
}

const Source* mainSourceOf(const Program& program) {
    for (const Source* source = SOURCES; source->name != nullptr; ++source)
        if (std::strstr(source->name, ".cuh") == nullptr && program.text == textOf(*source)) return source;
    return nullptr;
}

// What differs from the sources that the device was built from; nothing where they are the same.
std::string difference(const Program& program) {
    const Source* main = mainSourceOf(program);
    if (main == nullptr)
        return program.name + "(1): error: the software device was not built from this source; run make native\n";
    std::string log;
    for (const Source* header = SOURCES; header->name != nullptr; ++header) {
        if (header == main || std::strcmp(header->folder, main->folder) != 0) continue;
        auto given = program.headers.find(header->name);
        if (given == program.headers.end())
            log += program.name + "(1): error: cannot open source file \"" + header->name + "\"\n";
        else if (given->second != textOf(*header))
            log += given->first + "(1): error: the software device was not built from this header; run make native\n";
    }
    return log;
}

// 90 for sm_90, -75 for compute_75.
int architectureOf(const std::string& name) {
    bool real = name.starts_with("sm_");
    if (!real && !name.starts_with("compute_")) return 0;
    int number = std::atoi(name.c_str() + (real ? 3 : 8));
    if (std::ranges::find(ARCHITECTURES, number) == std::end(ARCHITECTURES)) return 0;
    return real ? number : -number;
}

int readOptions(int count, const char* const* options) {
    int architecture = -75;
    for (int i = 0; i < count; ++i) {
        software_check_host("an option", options[i]);
        std::string option = options[i];
        std::string value = option.substr(std::min(option.size(), option.find('=') + 1));
        std::string key = option.substr(0, option.find('='));
        if (key == "--gpu-architecture" || key == "-arch") {
            architecture = architectureOf(value);
            if (architecture == 0)
                throw Refusal{Fault::other, "nvrtc: error: invalid value for --gpu-architecture (" + value + ")", INVALID_OPTION};
        } else if (key != "--std" && key != "-std" && key != "--fmad" && key != "-fmad" && key != "--restrict" &&
                   key != "--generate-line-info" && key != "-lineinfo" && key != "--device-as-default-execution-space" &&
                   key != "-default-device" && key != "--ftz" && key != "--prec-div" && key != "--prec-sqrt" &&
                   key != "--extra-device-vectorization" && !key.starts_with("-D") && !key.starts_with("--define-macro") &&
                   !key.starts_with("-I") && !key.starts_with("--include-path")) {
            throw Refusal{Fault::other, "nvrtc: error: unrecognized option " + option + " found", INVALID_OPTION};
        }
    }
    return architecture;
}

void give(const std::string& bytes, char* to) {
    software_check_host("the destination", to);
    std::memcpy(to, bytes.data(), bytes.size());
}

} // namespace

} // namespace software

using namespace software;

extern "C" const char* nvrtcGetErrorString(int result) {
    bool known = result >= 0 && result < static_cast<int>(std::size(RESULTS));
    return known ? RESULTS[result] : "NVRTC_ERROR unknown";
}

extern "C" int nvrtcVersion(int* major, int* minor) {
    return nvrtc("nvrtcVersion", [&] {
        result("major", major) = 13;
        result("minor", minor) = 0;
    });
}

extern "C" int nvrtcGetNumSupportedArchs(int* count) {
    return nvrtc("nvrtcGetNumSupportedArchs",
                 [&] { result("numArchs", count) = static_cast<int>(std::size(ARCHITECTURES)); });
}

extern "C" int nvrtcGetSupportedArchs(int* architectures) {
    return nvrtc("nvrtcGetSupportedArchs", [&] {
        software_check_host("supportedArchs", architectures);
        std::ranges::copy(ARCHITECTURES, architectures);
    });
}

extern "C" int nvrtcCreateProgram(Handle* program, const char* source, const char* name, int headerCount,
                                  const char* const* headers, const char* const* includeNames) {
    return nvrtc("nvrtcCreateProgram", [&] {
        Handle& given = result("prog", program);
        software_check_host("src", source);
        if (headerCount < 0) throw Refusal{Fault::invalidValue, format("%d headers", headerCount)};
        Program made;
        made.text = source;
        made.name = name == nullptr ? "default_program" : name;
        for (int i = 0; i < headerCount; ++i) {
            software_check_host("headers", headers[i]);
            software_check_host("includeNames", includeNames[i]);
            made.headers[includeNames[i]] = headers[i];
        }
        given = create("NVRTC program", std::move(made));
    });
}

extern "C" int nvrtcDestroyProgram(Handle* program) {
    return nvrtc("nvrtcDestroyProgram", [&] {
        software_destroy("NVRTC program", result("prog", program));
        *program = 0;
    });
}

extern "C" int nvrtcCompileProgram(Handle handle, int optionCount, const char* const* options) {
    return nvrtc("nvrtcCompileProgram", [&] {
        Program& program = programOf(handle);
        program.cubin = program.ptx = program.log = "";
        int architecture = 0;
        try {
            architecture = readOptions(optionCount, options);
        } catch (const Refusal& refusal) {
            program.log = refusal.message + "\n";
            throw;
        }
        program.log = difference(program);
        if (!program.log.empty()) throw Refusal{Fault::other, "", COMPILATION};
        program.ptx = "//\n// text that only says what it would be\n//\n.version 9.0\n.target sm_" +
                      std::to_string(std::abs(architecture)) + std::string("\n", 2);
        if (architecture < 0) return;
        Image image{};
        std::memcpy(image.magic, IMAGE_MAGIC, sizeof image.magic);
        std::string main = mainSourceOf(program)->name;
        std::string library = "lib" + main.substr(0, main.find('.')) + "_kernels.so";
        std::memcpy(image.library, library.c_str(), library.size());
        image.architecture = architecture;
        program.cubin.assign(reinterpret_cast<const char*>(&image), sizeof image);
    });
}

extern "C" int nvrtcGetProgramLogSize(Handle program, std::size_t* bytes) {
    return nvrtc("nvrtcGetProgramLogSize", [&] { result("logSizeRet", bytes) = programOf(program).log.size() + 1; });
}

extern "C" int nvrtcGetProgramLog(Handle program, char* log) {
    return nvrtc("nvrtcGetProgramLog", [&] {
        const std::string& text = programOf(program).log;
        give(std::string(text.c_str(), text.size() + 1), log);
    });
}

extern "C" int nvrtcGetCUBINSize(Handle program, std::size_t* bytes) {
    return nvrtc("nvrtcGetCUBINSize", [&] { result("cubinSizeRet", bytes) = programOf(program).cubin.size(); });
}

extern "C" int nvrtcGetCUBIN(Handle program, char* cubin) {
    return nvrtc("nvrtcGetCUBIN", [&] {
        if (programOf(program).cubin.empty()) throw Refusal{Fault::invalidValue, "the program has no cubin"};
        give(programOf(program).cubin, cubin);
    });
}

extern "C" int nvrtcGetPTXSize(Handle program, std::size_t* bytes) {
    return nvrtc("nvrtcGetPTXSize", [&] { result("ptxSizeRet", bytes) = programOf(program).ptx.size(); });
}

extern "C" int nvrtcGetPTX(Handle program, char* ptx) {
    return nvrtc("nvrtcGetPTX", [&] {
        if (programOf(program).ptx.empty()) throw Refusal{Fault::invalidValue, "the program was not compiled"};
        give(programOf(program).ptx, ptx);
    });
}
