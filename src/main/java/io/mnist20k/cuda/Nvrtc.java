package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.mnist20k.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// NVIDIA's run-time compiler, `libnvrtc`: a handle and a checked method for each function, named as
/// `nvrtc.h` names them. It needs neither a driver nor a GPU.
final class Nvrtc {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.NVRTC);

    // nvrtcResult of nvrtc.h.
    private static final int SUCCESS = 0;
    private static final int OUT_OF_MEMORY = 1;
    private static final int COMPILATION = 6;
    private static final int BUILTIN_OPERATION_FAILURE = 7;

    private static final MethodHandle GET_ERROR_STRING = FUNCTIONS.bind("nvrtcGetErrorString", "P:I");
    private static final MethodHandle VERSION = FUNCTIONS.bind("nvrtcVersion", "PP");
    private static final MethodHandle GET_NUM_SUPPORTED_ARCHS = FUNCTIONS.bind("nvrtcGetNumSupportedArchs", "P");
    private static final MethodHandle GET_SUPPORTED_ARCHS = FUNCTIONS.bind("nvrtcGetSupportedArchs", "P");
    private static final MethodHandle CREATE_PROGRAM = FUNCTIONS.bind("nvrtcCreateProgram", "PPPIPP");
    private static final MethodHandle DESTROY_PROGRAM = FUNCTIONS.bind("nvrtcDestroyProgram", "P");
    private static final MethodHandle COMPILE_PROGRAM = FUNCTIONS.bind("nvrtcCompileProgram", "JIP");
    private static final MethodHandle GET_PROGRAM_LOG_SIZE = FUNCTIONS.bind("nvrtcGetProgramLogSize", "JP");
    private static final MethodHandle GET_PROGRAM_LOG = FUNCTIONS.bind("nvrtcGetProgramLog", "JP");
    private static final MethodHandle GET_CUBIN_SIZE = FUNCTIONS.bind("nvrtcGetCUBINSize", "JP");
    private static final MethodHandle GET_CUBIN = FUNCTIONS.bind("nvrtcGetCUBIN", "JP");
    private static final MethodHandle GET_PTX_SIZE = FUNCTIONS.bind("nvrtcGetPTXSize", "JP");
    private static final MethodHandle GET_PTX = FUNCTIONS.bind("nvrtcGetPTX", "JP");

    private Nvrtc() {}

    /// Of the toolkit that it belongs to, such as `13.0`.
    ///
    /// @throws UserError where there is no NVRTC
    static String version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(JAVA_INT);
            MemorySegment minor = arena.allocate(JAVA_INT);
            check(() -> (int) VERSION.invokeExact(major, minor), () -> "nvrtcVersion()");
            return major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
        }
    }

    /// Compute capabilities that it compiles for, each `10·major + minor`, ascending.
    ///
    /// @throws UserError where there is no NVRTC
    static List<Integer> supportedArchitectures() {
        int count = FunctionTable.outInt(out ->
                check(() -> (int) GET_NUM_SUPPORTED_ARCHS.invokeExact(out), () -> "nvrtcGetNumSupportedArchs()"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(JAVA_INT, count);
            check(() -> (int) GET_SUPPORTED_ARCHS.invokeExact(all), () -> "nvrtcGetSupportedArchs()");
            return IntStream.of(all.toArray(JAVA_INT)).boxed().toList();
        }
    }

    static long createProgram(KernelSources sources) {
        try (Arena arena = Arena.ofConfined()) {
            List<Map.Entry<String, String>> headers =
                    sources.headers().entrySet().stream().toList();
            MemorySegment text = arena.allocateFrom(sources.text());
            MemorySegment name = arena.allocateFrom(sources.name());
            MemorySegment texts = strings(arena, headers, Map.Entry::getValue);
            MemorySegment names = strings(arena, headers, Map.Entry::getKey);
            return FunctionTable.outLong(out -> check(
                    () -> (int) CREATE_PROGRAM.invokeExact(out, text, name, headers.size(), texts, names),
                    () -> "nvrtcCreateProgram(" + sources.name() + ")"));
        }
    }

    static void destroyProgram(long program) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocateFrom(JAVA_LONG, program);
            check(() -> (int) DESTROY_PROGRAM.invokeExact(handle), () -> "nvrtcDestroyProgram()");
        }
    }

    static void compileProgram(long program, List<String> options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = strings(arena, options, Function.identity());
            int count = options.size();
            int status = FunctionTable.status(() -> (int) COMPILE_PROGRAM.invokeExact(program, count, all));
            String call = "nvrtcCompileProgram(" + String.join(" ", options) + ")";
            if (status == COMPILATION) {
                throw new UserError(
                        call + " refused the kernels:\n" + log(program).strip());
            }
            check(() -> status, () -> call);
        }
    }

    static byte[] getCubin(long program) {
        return bytes(program, GET_CUBIN_SIZE, GET_CUBIN, "nvrtcGetCUBIN");
    }

    static byte[] getPtx(long program) {
        return bytes(program, GET_PTX_SIZE, GET_PTX, "nvrtcGetPTX");
    }

    private static String log(long program) {
        byte[] text = bytes(program, GET_PROGRAM_LOG_SIZE, GET_PROGRAM_LOG, "nvrtcGetProgramLog");
        int length = Math.max(0, text.length - 1); // without the 0 at the end
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(long program, MethodHandle size, MethodHandle get, String name) {
        long count =
                FunctionTable.outLong(out -> check(() -> (int) size.invokeExact(program, out), () -> name + "Size()"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(Math.max(1, count));
            check(() -> (int) get.invokeExact(program, all), () -> name + "()");
            return all.asSlice(0, count).toArray(JAVA_BYTE);
        }
    }

    private static <T> MemorySegment strings(Arena arena, List<T> items, Function<T, String> text) {
        MemorySegment pointers = arena.allocate(ADDRESS, items.size() + 1L);
        for (int index = 0; index < items.size(); index++) {
            pointers.setAtIndex(ADDRESS, index, arena.allocateFrom(text.apply(items.get(index))));
        }
        return pointers;
    }

    private static void check(FunctionTable.Call call, Supplier<String> description) {
        int status = FunctionTable.status(call);
        if (status == SUCCESS) {
            return;
        }
        throw new CudaException(
                description.get(), status, FunctionTable.text(GET_ERROR_STRING, status), "", remedy(status));
    }

    private static String remedy(int status) {
        return switch (status) {
            case BUILTIN_OPERATION_FAILURE ->
                "libnvrtc-builtins of the same version as libnvrtc must lie beside it: install all of NVRTC";
            case OUT_OF_MEMORY -> "free some of this machine's memory";
            default -> "";
        };
    }
}
