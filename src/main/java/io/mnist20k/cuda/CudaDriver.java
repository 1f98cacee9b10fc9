package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import jcuda.driver.CUresult;

/// NVIDIA's driver, `libcuda.so.1`: a handle and a checked method for each function, named as `cuda.h` names
/// them. Where `cuda.h` renames a function by macro, the symbol bound is the one that the macro names.
final class CudaDriver {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.DRIVER);

    private static final MethodHandle GET_ERROR_NAME = FUNCTIONS.bind("cuGetErrorName", "IP");
    private static final MethodHandle GET_ERROR_STRING = FUNCTIONS.bind("cuGetErrorString", "IP");
    private static final MethodHandle INIT = FUNCTIONS.bind("cuInit", "I");
    private static final MethodHandle DRIVER_GET_VERSION = FUNCTIONS.bind("cuDriverGetVersion", "P");
    private static final MethodHandle DEVICE_GET_COUNT = FUNCTIONS.bind("cuDeviceGetCount", "P");
    private static final MethodHandle DEVICE_GET = FUNCTIONS.bind("cuDeviceGet", "PI");
    private static final MethodHandle DEVICE_GET_NAME = FUNCTIONS.bind("cuDeviceGetName", "PII");
    private static final MethodHandle DEVICE_TOTAL_MEM = FUNCTIONS.bind("cuDeviceTotalMem_v2", "PI");
    private static final MethodHandle DEVICE_GET_ATTRIBUTE = FUNCTIONS.bind("cuDeviceGetAttribute", "PII");
    private static final MethodHandle PRIMARY_CTX_RETAIN = FUNCTIONS.bind("cuDevicePrimaryCtxRetain", "PI");
    private static final MethodHandle PRIMARY_CTX_RELEASE = FUNCTIONS.bind("cuDevicePrimaryCtxRelease_v2", "I");
    private static final MethodHandle CTX_SET_CURRENT = FUNCTIONS.bind("cuCtxSetCurrent", "J");

    private static final MethodHandle MEM_ALLOC = FUNCTIONS.bind("cuMemAlloc_v2", "PJ");
    private static final MethodHandle MEM_FREE = FUNCTIONS.bind("cuMemFree_v2", "J");
    private static final MethodHandle MEM_GET_INFO = FUNCTIONS.bind("cuMemGetInfo_v2", "PP");
    private static final MethodHandle MEM_HOST_ALLOC = FUNCTIONS.bind("cuMemHostAlloc", "PJI");
    private static final MethodHandle MEM_FREE_HOST = FUNCTIONS.bind("cuMemFreeHost", "P");
    private static final MethodHandle MEMCPY_HTOD_ASYNC = FUNCTIONS.bind("cuMemcpyHtoDAsync_v2", "JPJJ");
    private static final MethodHandle MEMCPY_DTOH_ASYNC = FUNCTIONS.bind("cuMemcpyDtoHAsync_v2", "PJJJ");
    private static final MethodHandle MEMCPY_DTOD_ASYNC = FUNCTIONS.bind("cuMemcpyDtoDAsync_v2", "JJJJ");
    private static final MethodHandle MEMSET_D8_ASYNC = FUNCTIONS.bind("cuMemsetD8Async", "JBJJ");

    private static final MethodHandle STREAM_CREATE = FUNCTIONS.bind("cuStreamCreate", "PI");
    private static final MethodHandle STREAM_DESTROY = FUNCTIONS.bind("cuStreamDestroy_v2", "J");
    private static final MethodHandle STREAM_SYNCHRONIZE = FUNCTIONS.bind("cuStreamSynchronize", "J");
    private static final MethodHandle STREAM_BEGIN_CAPTURE = FUNCTIONS.bind("cuStreamBeginCapture_v2", "JI");
    private static final MethodHandle STREAM_END_CAPTURE = FUNCTIONS.bind("cuStreamEndCapture", "JP");
    private static final MethodHandle GRAPH_INSTANTIATE = FUNCTIONS.bind("cuGraphInstantiateWithFlags", "PJJ");
    private static final MethodHandle GRAPH_UPLOAD = FUNCTIONS.bind("cuGraphUpload", "JJ");
    private static final MethodHandle GRAPH_LAUNCH = FUNCTIONS.bind("cuGraphLaunch", "JJ");
    private static final MethodHandle GRAPH_EXEC_DESTROY = FUNCTIONS.bind("cuGraphExecDestroy", "J");
    private static final MethodHandle GRAPH_DESTROY = FUNCTIONS.bind("cuGraphDestroy", "J");

    private static final MethodHandle EVENT_CREATE = FUNCTIONS.bind("cuEventCreate", "PI");
    private static final MethodHandle EVENT_DESTROY = FUNCTIONS.bind("cuEventDestroy_v2", "J");
    private static final MethodHandle EVENT_RECORD = FUNCTIONS.bind("cuEventRecord", "JJ");
    private static final MethodHandle EVENT_QUERY = FUNCTIONS.bind("cuEventQuery", "J");
    private static final MethodHandle EVENT_SYNCHRONIZE = FUNCTIONS.bind("cuEventSynchronize", "J");
    // Drivers before CUDA 13 know the same function by its old name only.
    private static final MethodHandle EVENT_ELAPSED_TIME =
            FUNCTIONS.bind("cuEventElapsedTime_v2", "cuEventElapsedTime", "PJJ");

    private static final MethodHandle MODULE_LOAD_DATA = FUNCTIONS.bind("cuModuleLoadData", "PP");
    private static final MethodHandle MODULE_UNLOAD = FUNCTIONS.bind("cuModuleUnload", "J");
    private static final MethodHandle MODULE_GET_FUNCTION = FUNCTIONS.bind("cuModuleGetFunction", "PJP");
    // Since CUDA 12.4.
    private static final MethodHandle FUNC_GET_PARAM_INFO = FUNCTIONS.bindIfPresent("cuFuncGetParamInfo", "JJPP");
    private static final MethodHandle FUNC_GET_ATTRIBUTE = FUNCTIONS.bind("cuFuncGetAttribute", "PIJ");
    private static final MethodHandle FUNC_SET_ATTRIBUTE = FUNCTIONS.bind("cuFuncSetAttribute", "JII");
    private static final MethodHandle LAUNCH_KERNEL_EX = FUNCTIONS.bind("cuLaunchKernelEx", "PJPP");
    private static final MethodHandle LAUNCH_KERNEL = FUNCTIONS.bind("cuLaunchKernel", "JIIIIIIIJPP");

    private CudaDriver() {}

    static void init() {
        check(() -> (int) INIT.invokeExact(0), () -> "cuInit(0)");
    }

    /// The newest CUDA that the driver supports, `1000·major + 10·minor`.
    static int driverGetVersion() {
        return FunctionTable.outInt(
                out -> check(() -> (int) DRIVER_GET_VERSION.invokeExact(out), () -> "cuDriverGetVersion()"));
    }

    static int deviceGetCount() {
        return FunctionTable.outInt(
                out -> check(() -> (int) DEVICE_GET_COUNT.invokeExact(out), () -> "cuDeviceGetCount()"));
    }

    static int deviceGet(int ordinal) {
        return FunctionTable.outInt(out ->
                check(() -> (int) DEVICE_GET.invokeExact(out, ordinal), () -> "cuDeviceGet(ordinal=" + ordinal + ")"));
    }

    static String deviceGetName(int device) {
        int length = 256;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(length);
            check(
                    () -> (int) DEVICE_GET_NAME.invokeExact(name, length, device),
                    () -> "cuDeviceGetName(device=" + device + ")");
            return name.getString(0);
        }
    }

    static long deviceTotalMem(int device) {
        return FunctionTable.outLong(out -> check(
                () -> (int) DEVICE_TOTAL_MEM.invokeExact(out, device),
                () -> "cuDeviceTotalMem_v2(device=" + device + ")"));
    }

    /// @param attribute a `CUdevice_attribute`
    static int deviceGetAttribute(int attribute, int device) {
        return FunctionTable.outInt(out -> check(
                () -> (int) DEVICE_GET_ATTRIBUTE.invokeExact(out, attribute, device),
                () -> "cuDeviceGetAttribute(attribute=" + attribute + ", device=" + device + ")"));
    }

    static long primaryCtxRetain(int device) {
        return FunctionTable.outLong(out -> check(
                () -> (int) PRIMARY_CTX_RETAIN.invokeExact(out, device),
                () -> "cuDevicePrimaryCtxRetain(device=" + device + ")"));
    }

    static void primaryCtxRelease(int device) {
        check(
                () -> (int) PRIMARY_CTX_RELEASE.invokeExact(device),
                () -> "cuDevicePrimaryCtxRelease_v2(device=" + device + ")");
    }

    static void ctxSetCurrent(long context) {
        check(() -> (int) CTX_SET_CURRENT.invokeExact(context), () -> "cuCtxSetCurrent()");
    }

    /// @param bytes more than 0
    /// @throws CudaException where there is not as much, with how much there is
    static long memAlloc(long bytes) {
        return FunctionTable.outLong(out ->
                check(() -> (int) MEM_ALLOC.invokeExact(out, bytes), () -> "cuMemAlloc_v2(bytes=" + bytes + ")"));
    }

    static void memFree(long address) {
        check(() -> (int) MEM_FREE.invokeExact(address), () -> "cuMemFree_v2(" + hex(address) + ")");
    }

    /// Pinned memory of the host, which the device can reach by itself.
    static long memHostAlloc(long bytes) {
        return FunctionTable.outLong(out -> check(
                () -> (int) MEM_HOST_ALLOC.invokeExact(out, bytes, 0),
                () -> "cuMemHostAlloc(bytes=" + bytes + ")",
                DriverRemedy::ofHostMemory));
    }

    static void memFreeHost(MemorySegment memory) {
        check(() -> (int) MEM_FREE_HOST.invokeExact(memory), () -> "cuMemFreeHost(" + hex(memory.address()) + ")");
    }

    static void memcpyHtoDAsync(long to, MemorySegment from, long bytes, long stream) {
        check(
                () -> (int) MEMCPY_HTOD_ASYNC.invokeExact(to, from, bytes, stream),
                () -> "cuMemcpyHtoDAsync_v2(to " + hex(to) + ", bytes=" + bytes + ")");
    }

    static void memcpyDtoHAsync(MemorySegment to, long from, long bytes, long stream) {
        check(
                () -> (int) MEMCPY_DTOH_ASYNC.invokeExact(to, from, bytes, stream),
                () -> "cuMemcpyDtoHAsync_v2(from " + hex(from) + ", bytes=" + bytes + ")");
    }

    static void memcpyDtoDAsync(long to, long from, long bytes, long stream) {
        check(
                () -> (int) MEMCPY_DTOD_ASYNC.invokeExact(to, from, bytes, stream),
                () -> "cuMemcpyDtoDAsync_v2(to " + hex(to) + ", from " + hex(from) + ", bytes=" + bytes + ")");
    }

    static void memsetD8Async(long address, byte value, long bytes, long stream) {
        check(
                () -> (int) MEMSET_D8_ASYNC.invokeExact(address, value, bytes, stream),
                () -> "cuMemsetD8Async(" + hex(address) + ", value=" + value + ", bytes=" + bytes + ")");
    }

    static long streamCreate(int flags) {
        return FunctionTable.outLong(out ->
                check(() -> (int) STREAM_CREATE.invokeExact(out, flags), () -> "cuStreamCreate(flags=" + flags + ")"));
    }

    static void streamDestroy(long stream) {
        check(() -> (int) STREAM_DESTROY.invokeExact(stream), () -> "cuStreamDestroy_v2()");
    }

    static void streamSynchronize(long stream) {
        check(() -> (int) STREAM_SYNCHRONIZE.invokeExact(stream), () -> "cuStreamSynchronize()");
    }

    /// @param mode a `CUstreamCaptureMode`
    static void streamBeginCapture(long stream, int mode) {
        check(
                () -> (int) STREAM_BEGIN_CAPTURE.invokeExact(stream, mode),
                () -> "cuStreamBeginCapture_v2(mode=" + mode + ")");
    }

    static long streamEndCapture(long stream) {
        return FunctionTable.outLong(
                out -> check(() -> (int) STREAM_END_CAPTURE.invokeExact(stream, out), () -> "cuStreamEndCapture()"));
    }

    static long graphInstantiate(long graph) {
        return FunctionTable.outLong(out -> check(
                () -> (int) GRAPH_INSTANTIATE.invokeExact(out, graph, 0L), () -> "cuGraphInstantiateWithFlags()"));
    }

    static void graphUpload(long executable, long stream) {
        check(() -> (int) GRAPH_UPLOAD.invokeExact(executable, stream), () -> "cuGraphUpload()");
    }

    static void graphLaunch(long executable, long stream) {
        check(() -> (int) GRAPH_LAUNCH.invokeExact(executable, stream), () -> "cuGraphLaunch()");
    }

    static void graphExecDestroy(long executable) {
        check(() -> (int) GRAPH_EXEC_DESTROY.invokeExact(executable), () -> "cuGraphExecDestroy()");
    }

    static void graphDestroy(long graph) {
        check(() -> (int) GRAPH_DESTROY.invokeExact(graph), () -> "cuGraphDestroy()");
    }

    static long eventCreate(int flags) {
        return FunctionTable.outLong(out ->
                check(() -> (int) EVENT_CREATE.invokeExact(out, flags), () -> "cuEventCreate(flags=" + flags + ")"));
    }

    static void eventDestroy(long event) {
        check(() -> (int) EVENT_DESTROY.invokeExact(event), () -> "cuEventDestroy_v2()");
    }

    static void eventRecord(long event, long stream) {
        check(() -> (int) EVENT_RECORD.invokeExact(event, stream), () -> "cuEventRecord()");
    }

    /// Whether everything recorded before the event is done; waits for nothing.
    static boolean eventQuery(long event) {
        int status = FunctionTable.status(() -> (int) EVENT_QUERY.invokeExact(event));
        if (status == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        check(() -> status, () -> "cuEventQuery()");
        return true;
    }

    static void eventSynchronize(long event) {
        check(() -> (int) EVENT_SYNCHRONIZE.invokeExact(event), () -> "cuEventSynchronize()");
    }

    /// Milliseconds from one event to a later one.
    static float eventElapsedTime(long from, long to) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
            check(() -> (int) EVENT_ELAPSED_TIME.invokeExact(milliseconds, from, to), () -> "cuEventElapsedTime_v2()");
            return milliseconds.get(JAVA_FLOAT, 0);
        }
    }

    /// @param image cubin, fatbin, or PTX that ends in 0
    static long moduleLoadData(MemorySegment image) {
        return FunctionTable.outLong(out -> check(
                () -> (int) MODULE_LOAD_DATA.invokeExact(out, image),
                () -> "cuModuleLoadData(" + image.byteSize() + " bytes)"));
    }

    static void moduleUnload(long module) {
        check(() -> (int) MODULE_UNLOAD.invokeExact(module), () -> "cuModuleUnload()");
    }

    static long moduleGetFunction(long module, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chars = arena.allocateFrom(name);
            return FunctionTable.outLong(out -> check(
                    () -> (int) MODULE_GET_FUNCTION.invokeExact(out, module, chars),
                    () -> "cuModuleGetFunction(" + name + ")"));
        }
    }

    /// The bytes of each of a kernel's parameters, or nothing where the driver is older than CUDA 12.4.
    static Optional<List<Integer>> funcGetParameterBytes(long function) {
        if (!FUNCTIONS.has("cuFuncGetParamInfo")) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(JAVA_LONG);
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            List<Integer> all = new ArrayList<>();
            for (long index = 0; ; index++) {
                long asked = index;
                int status = FunctionTable.status(
                        () -> (int) FUNC_GET_PARAM_INFO.invokeExact(function, asked, offset, bytes));
                if (status == CUresult.CUDA_ERROR_INVALID_VALUE) {
                    return Optional.of(all); // the index after the last parameter
                }
                check(() -> status, () -> "cuFuncGetParamInfo(index=" + asked + ")");
                all.add(Math.toIntExact(bytes.get(JAVA_LONG, 0)));
            }
        }
    }

    /// @param attribute a `CUfunction_attribute`
    static int funcGetAttribute(long function, int attribute) {
        return FunctionTable.outInt(out -> check(
                () -> (int) FUNC_GET_ATTRIBUTE.invokeExact(out, attribute, function),
                () -> "cuFuncGetAttribute(attribute=" + attribute + ")"));
    }

    /// @param attribute a `CUfunction_attribute`
    static void funcSetAttribute(long function, int attribute, int value) {
        check(
                () -> (int) FUNC_SET_ATTRIBUTE.invokeExact(function, attribute, value),
                () -> "cuFuncSetAttribute(attribute=" + attribute + ", value=" + value + ")");
    }

    /// @param parameters an array of pointers, one to the value of each parameter
    static void launchKernel(
            long function, LaunchShape shape, long stream, MemorySegment parameters, Supplier<String> description) {
        check(
                () -> (int) LAUNCH_KERNEL.invokeExact(
                        function,
                        shape.gridX(),
                        shape.gridY(),
                        1,
                        shape.block(),
                        1,
                        1,
                        shape.sharedBytes(),
                        stream,
                        parameters,
                        MemorySegment.NULL),
                description);
    }

    /// @param config     a `CUlaunchConfig`
    /// @param parameters an array of pointers, one to the value of each parameter
    static void launchKernelEx(
            MemorySegment config, long function, MemorySegment parameters, Supplier<String> description) {
        check(
                () -> (int) LAUNCH_KERNEL_EX.invokeExact(config, function, parameters, MemorySegment.NULL),
                () -> description.get().replaceFirst("cuLaunchKernel", "cuLaunchKernelEx"));
    }

    private static void check(FunctionTable.Call call, Supplier<String> description) {
        check(call, description, status -> DriverRemedy.of(status, CudaDriver::memory));
    }

    private static void check(FunctionTable.Call call, Supplier<String> description, IntFunction<String> remedy) {
        int status = FunctionTable.status(call);
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(
                    description.get(),
                    status,
                    errorText(GET_ERROR_NAME, status),
                    errorText(GET_ERROR_STRING, status),
                    remedy.apply(status));
        }
    }

    private static String errorText(MethodHandle function, int status) {
        return FunctionTable.text(MemorySegment.ofAddress(FunctionTable.outLong(out -> {
            int unknown = FunctionTable.status(() -> (int) function.invokeExact(status, out));
            if (unknown != CUresult.CUDA_SUCCESS) {
                out.set(JAVA_LONG, 0, 0);
            }
        })));
    }

    /// How much memory of the current device is free, in words; empty where the driver does not say.
    static String memory() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            int status = FunctionTable.status(() -> (int) MEM_GET_INFO.invokeExact(free, total));
            return status == CUresult.CUDA_SUCCESS
                    ? free.get(JAVA_LONG, 0) + " bytes of " + total.get(JAVA_LONG, 0) + " are free"
                    : "";
        }
    }

    private static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }
}
