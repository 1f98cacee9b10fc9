// The functions of cuDNN that have Convolution in their names.
#include "algorithms.h"

#include <dlfcn.h>

namespace software {

namespace {

// Where cuBLASLt is not in memory yet, cuDNN loads it by its name alone, and ends the process where that does not find it.
void requireBlas() {
    void* library = dlopen("libcublasLt.so.13", RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr)
        throw Refusal{Fault::other, "libcublasLt.so.13 is not in memory, and its name alone may not find it",
                      CUDNN_SUBLIBRARY_LOADING_FAILED};
    dlclose(library);
}

Use workspaceUse(Pass pass, const Problem& p, int algorithm, Address workspace, std::size_t bytes) {
    std::size_t needed = workspaceBytes(pass, p, algorithm);
    if (bytes < needed)
        throw Refusal{Fault::tooSmall, format("algorithm %d needs a workspace of %zu bytes for math type %d, not of %zu",
                                              algorithm, needed, p.by.math, bytes)};
    if (needed > 0 && workspace == 0) throw Refusal{Fault::nullPointer, "the workspace is null"};
    return {"the workspace", workspace, needed, 16, Access::scratch};
}

// Nobody may count on what is left in scratch.
void spoil(const Use& scratch) {
    if (scratch.bytes > 0) std::memset(pointer<void>(scratch.address), 0xFF, scratch.bytes);
}

// One pass, its arguments in the order of forward: x, w, y, one of which it computes.
struct Run {
    Pass pass;
    Problem problem;
    Address x, w, y;

    // What happens to the operands, and to the one that it computes.
    std::vector<Use> uses(const Use& workspace, Access computed, Access operands = Access::read) const {
        auto access = [&](Pass pass) { return this->pass == pass ? computed : operands; };
        Use ofX = problem.x.use(pass == Pass::backwardData ? "dx" : "x", x, access(Pass::backwardData));
        Use ofW = problem.w.use(pass == Pass::backwardFilter ? "dw" : "w", w, access(Pass::backwardFilter));
        Use ofY = problem.y.use(pass == Pass::forward ? "y" : "dy", y, access(Pass::forward));
        if (pass == Pass::forward) requireApart(ofY, {ofX, ofW, workspace});
        else if (pass == Pass::backwardData) requireApart(ofX, {ofY, ofW, workspace});
        else requireApart(ofW, {ofX, ofY, workspace});
        return {ofX, ofW, ofY, workspace};
    }

    void operator()(int algorithm, Scaling scale) const {
        static unsigned turn = 0;
        if (pass == Pass::forward) convolveForward(problem, x, w, y, scale);
        else if (pass == Pass::backwardData) convolveBackwardData(problem, w, y, x, scale);
        else convolveBackwardFilter(problem, x, y, w, scale, deterministic(pass, algorithm) ? 0 : ++turn);
    }
};

void enqueue(Handle handle, const char* name, const Run& run, int algorithm, Address workspace, std::size_t bytes,
             Scaling scale) {
    requireBlas();
    Use scratch = workspaceUse(run.pass, run.problem, algorithm, workspace, bytes);
    enqueue(handle, name, run.uses(scratch, scale.access()), [=] {
        spoil(scratch);
        run(algorithm, scale);
    });
}

void give(const std::vector<Performance>& list, int requested, int* returned, Performance* results) {
    int& count = result("returnedAlgoCount", returned);
    software_check_host("perfResults", results);
    if (requested < 1) throw Refusal{Fault::invalidValue, format("%d algorithms are asked for", requested)};
    count = std::min(requested, static_cast<int>(list.size()));
    std::copy_n(list.begin(), count, results);
}

int guess(const char* name, Pass pass, Handle handle, Handle x, Handle w, Handle convolution, Handle y, int requested,
          int* returned, Performance* results) {
    return cudnn(name, ON_STREAM, [&] {
        software_find(HANDLE, handle);
        give(performances(pass, problemOf(x, w, convolution, y)), requested, returned, results);
    });
}

// Runs each algorithm that the workspace suffices for; leaves no numbers in what it wrote.
int measure(const char* name, Handle handle, Pass pass, Handle xDescriptor, Address x, Handle wDescriptor, Address w,
            Handle convolution, Handle yDescriptor, Address y, int requested, int* returned, Performance* results,
            Address workspace, std::size_t bytes) {
    return cudnn(name, {}, [&] {
        requireBlas();
        Run run{pass, problemOf(xDescriptor, wDescriptor, convolution, yDescriptor), x, w, y};
        std::vector<Performance> runnable, rest;
        for (Performance each : performances(pass, run.problem)) {
            if (each.status == CUDNN_SUCCESS && each.memory > bytes)
                each = {each.algorithm, CUDNN_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, -1.0f, each.memory, each.determinism,
                        each.math, {}};
            (each.status == CUDNN_SUCCESS ? runnable : rest).push_back(each);
        }
        Use scratch{"the workspace", workspace, bytes, 16, Access::scratch};
        auto uses = run.uses(scratch, Access::scratch, Access::unknown); // time does not depend on what the operands are
        enqueue(handle, name, uses, [=] {
            for (const Use& use : uses)
                if (use.access == Access::scratch) spoil(use);
        });
        software_drain();
        runnable.insert(runnable.end(), rest.begin(), rest.end());
        give(runnable, requested, returned, results);
    });
}

int askWorkspace(const char* name, Pass pass, Handle handle, Handle x, Handle w, Handle convolution, Handle y,
                 int algorithm, std::size_t* bytes) {
    return cudnn(name, ON_STREAM, [&] {
        software_find(HANDLE, handle);
        result("sizeInBytes", bytes) = workspaceBytes(pass, problemOf(x, w, convolution, y), algorithm);
    });
}

int askMaxCount(const char* name, Pass pass, Handle handle, int* count) {
    return cudnn(name, ON_STREAM, [&] {
        software_find(HANDLE, handle);
        result("count", count) = maxCount(pass);
    });
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cudnnCreateConvolutionDescriptor(Handle* convolution) {
    return cudnn("cudnnCreateConvolutionDescriptor", ON_HOST, [&] {
        Handle& given = result("convDesc", convolution);
        given = create(CONVOLUTION, Convolution{});
    });
}

extern "C" int cudnnDestroyConvolutionDescriptor(Handle convolution) {
    return cudnn("cudnnDestroyConvolutionDescriptor", ON_HOST, [&] { software_destroy(CONVOLUTION, convolution); });
}

extern "C" int cudnnSetConvolution2dDescriptor(Handle convolution, int padH, int padW, int strideH, int strideW,
                                               int dilationH, int dilationW, int mode, int computeType) {
    return cudnn("cudnnSetConvolution2dDescriptor", ON_HOST, [&] {
        if (padH < 0 || padW < 0 || strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1)
            throw Refusal{Fault::invalidValue, format("padding %d x %d, stride %d x %d, dilation %d x %d", padH, padW, strideH,
                                                      strideW, dilationH, dilationW)};
        if (mode != 1)
            throw Refusal{Fault::notSupported, format("mode %d: networks use CUDNN_CROSS_CORRELATION, 1; 0 turns the filter", mode)};
        if (computeType != FLOAT)
            throw Refusal{Fault::notSupported, format("compute type %d: the software device sums in float, 0", computeType)};
        auto& descriptor = find<Convolution>(CONVOLUTION, convolution);
        descriptor = {true, padH, padW, strideH, strideW, dilationH, dilationW, DEFAULT_MATH};
    });
}

extern "C" int cudnnSetConvolutionMathType(Handle convolution, int math) {
    return cudnn("cudnnSetConvolutionMathType", ON_HOST, [&] {
        if (math < DEFAULT_MATH || math > FMA_MATH) throw Refusal{Fault::invalidValue, format("there is no math type %d", math)};
        setDescriptor<Convolution>(CONVOLUTION, convolution).math = math;
    });
}

extern "C" int cudnnGetConvolutionForwardAlgorithmMaxCount(Handle handle, int* count) {
    return askMaxCount("cudnnGetConvolutionForwardAlgorithmMaxCount", Pass::forward, handle, count);
}

extern "C" int cudnnGetConvolutionBackwardDataAlgorithmMaxCount(Handle handle, int* count) {
    return askMaxCount("cudnnGetConvolutionBackwardDataAlgorithmMaxCount", Pass::backwardData, handle, count);
}

extern "C" int cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(Handle handle, int* count) {
    return askMaxCount("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount", Pass::backwardFilter, handle, count);
}

extern "C" int cudnnGetConvolutionForwardAlgorithm_v7(Handle handle, Handle x, Handle w, Handle convolution, Handle y,
                                                      int requested, int* returned, Performance* results) {
    return guess("cudnnGetConvolutionForwardAlgorithm_v7", Pass::forward, handle, x, w, convolution, y, requested, returned,
                 results);
}

extern "C" int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle handle, Handle w, Handle dy, Handle convolution, Handle dx,
                                                           int requested, int* returned, Performance* results) {
    return guess("cudnnGetConvolutionBackwardDataAlgorithm_v7", Pass::backwardData, handle, dx, w, convolution, dy, requested,
                 returned, results);
}

extern "C" int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle handle, Handle x, Handle dy, Handle convolution,
                                                             Handle dw, int requested, int* returned, Performance* results) {
    return guess("cudnnGetConvolutionBackwardFilterAlgorithm_v7", Pass::backwardFilter, handle, x, dw, convolution, dy,
                 requested, returned, results);
}

extern "C" int cudnnFindConvolutionForwardAlgorithmEx(Handle handle, Handle xDescriptor, Address x, Handle wDescriptor,
                                                      Address w, Handle convolution, Handle yDescriptor, Address y,
                                                      int requested, int* returned, Performance* results, Address workspace,
                                                      std::size_t bytes) {
    return measure("cudnnFindConvolutionForwardAlgorithmEx", handle, Pass::forward, xDescriptor, x, wDescriptor, w,
                   convolution, yDescriptor, y, requested, returned, results, workspace, bytes);
}

extern "C" int cudnnFindConvolutionBackwardDataAlgorithmEx(Handle handle, Handle wDescriptor, Address w, Handle dyDescriptor,
                                                           Address dy, Handle convolution, Handle dxDescriptor, Address dx,
                                                           int requested, int* returned, Performance* results,
                                                           Address workspace, std::size_t bytes) {
    return measure("cudnnFindConvolutionBackwardDataAlgorithmEx", handle, Pass::backwardData, dxDescriptor, dx, wDescriptor,
                   w, convolution, dyDescriptor, dy, requested, returned, results, workspace, bytes);
}

extern "C" int cudnnFindConvolutionBackwardFilterAlgorithmEx(Handle handle, Handle xDescriptor, Address x,
                                                             Handle dyDescriptor, Address dy, Handle convolution,
                                                             Handle dwDescriptor, Address dw, int requested, int* returned,
                                                             Performance* results, Address workspace, std::size_t bytes) {
    return measure("cudnnFindConvolutionBackwardFilterAlgorithmEx", handle, Pass::backwardFilter, xDescriptor, x, dwDescriptor,
                   dw, convolution, dyDescriptor, dy, requested, returned, results, workspace, bytes);
}

extern "C" int cudnnGetConvolutionForwardWorkspaceSize(Handle handle, Handle x, Handle w, Handle convolution, Handle y,
                                                       int algorithm, std::size_t* bytes) {
    return askWorkspace("cudnnGetConvolutionForwardWorkspaceSize", Pass::forward, handle, x, w, convolution, y, algorithm,
                        bytes);
}

extern "C" int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle handle, Handle w, Handle dy, Handle convolution, Handle dx,
                                                            int algorithm, std::size_t* bytes) {
    return askWorkspace("cudnnGetConvolutionBackwardDataWorkspaceSize", Pass::backwardData, handle, dx, w, convolution, dy,
                        algorithm, bytes);
}

extern "C" int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle handle, Handle x, Handle dy, Handle convolution,
                                                              Handle dw, int algorithm, std::size_t* bytes) {
    return askWorkspace("cudnnGetConvolutionBackwardFilterWorkspaceSize", Pass::backwardFilter, handle, x, dw, convolution, dy,
                        algorithm, bytes);
}

extern "C" int cudnnConvolutionForward(Handle handle, const void* alpha, Handle xDescriptor, Address x, Handle wDescriptor,
                                       Address w, Handle convolution, int algorithm, Address workspace, std::size_t bytes,
                                       const void* beta, Handle yDescriptor, Address y) {
    return cudnn("cudnnConvolutionForward", ON_STREAM, [&] {
        Run run{Pass::forward, problemOf(xDescriptor, wDescriptor, convolution, yDescriptor), x, w, y};
        enqueue(handle, "cudnnConvolutionForward", run, algorithm, workspace, bytes, scaling(alpha, beta));
    });
}

extern "C" int cudnnConvolutionBackwardData(Handle handle, const void* alpha, Handle wDescriptor, Address w,
                                            Handle dyDescriptor, Address dy, Handle convolution, int algorithm,
                                            Address workspace, std::size_t bytes, const void* beta, Handle dxDescriptor,
                                            Address dx) {
    return cudnn("cudnnConvolutionBackwardData", ON_STREAM, [&] {
        Run run{Pass::backwardData, problemOf(dxDescriptor, wDescriptor, convolution, dyDescriptor), dx, w, dy};
        enqueue(handle, "cudnnConvolutionBackwardData", run, algorithm, workspace, bytes, scaling(alpha, beta));
    });
}

extern "C" int cudnnConvolutionBackwardFilter(Handle handle, const void* alpha, Handle xDescriptor, Address x,
                                              Handle dyDescriptor, Address dy, Handle convolution, int algorithm,
                                              Address workspace, std::size_t bytes, const void* beta, Handle dwDescriptor,
                                              Address dw) {
    return cudnn("cudnnConvolutionBackwardFilter", ON_STREAM, [&] {
        Run run{Pass::backwardFilter, problemOf(xDescriptor, dwDescriptor, convolution, dyDescriptor), x, dw, dy};
        enqueue(handle, "cudnnConvolutionBackwardFilter", run, algorithm, workspace, bytes, scaling(alpha, beta));
    });
}
