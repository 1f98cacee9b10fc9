package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// What the software CUDA device does on request, for tests marked [OnSoftwareDevice].
public final class SoftwareDevice {
    /// Bound when first asked for: a GPU's driver has none of them.
    private static final class Functions {
        static final MethodHandle FAIL = bind("software_fail", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_INT));
        static final MethodHandle CALLS = bind("software_calls", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        static final MethodHandle LIVE = bind("software_live", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        static final MethodHandle MEMORY = bind("software_memory", FunctionDescriptor.ofVoid(JAVA_LONG));
        static final MethodHandle ORDER = bind("software_order", FunctionDescriptor.ofVoid(JAVA_INT));
        static final MethodHandle COMPILED_FOR = bind("software_compiled_for", FunctionDescriptor.ofVoid(JAVA_INT));
        static final MethodHandle RESET = bind("software_reset", FunctionDescriptor.ofVoid());

        @SuppressWarnings("restricted")
        private static MethodHandle bind(String name, FunctionDescriptor descriptor) {
            MemorySegment symbol = Libraries.symbols(Library.DRIVER).findOrThrow(name);
            return Linker.nativeLinker().downcallHandle(symbol, descriptor);
        }
    }

    private SoftwareDevice() {}

    /// Makes the nth call of a function from now, 1 being the next, do nothing but return a status.
    public static void fail(String function, long nth, int status) {
        try (Arena arena = Arena.ofConfined()) {
            Functions.FAIL.invokeExact(arena.allocateFrom(function), nth, status);
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }

    /// How often a function was called since the last [#reset].
    public static long calls(String function) {
        return ask(Functions.CALLS, function);
    }

    /// How many native objects of a kind are alive: `memory`, `pinned`, `stream`, `event`, `graph`,
    /// `context`…, or of all kinds where the kind is empty. `bytes` is how much device memory is allocated.
    public static long live(String kind) {
        return ask(Functions.LIVE, kind);
    }

    /// How much memory the device has from now on; what is allocated stays.
    public static void memory(long bytes) {
        try {
            Functions.MEMORY.invokeExact(bytes);
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }

    /// In which order threads and blocks run from the next launch on: 0 forward, 1 reverse, 2 shuffled.
    public static void order(int order) {
        try {
            Functions.ORDER.invokeExact(order);
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }

    /// The compute capability that kernels say they were compiled for, 90 at first.
    public static void compiledFor(int architecture) {
        try {
            Functions.COMPILED_FOR.invokeExact(architecture);
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }

    /// Whether the driver's library is one that can be told what to do: neither NVIDIA's nor that of `untold`, on which
    /// tests for any device run.
    public static boolean canBeTold() {
        return Libraries.symbols(Library.DRIVER).find("software_order").isPresent();
    }

    /// Forgets counts of calls, failures asked for, and errors that stick.
    public static void reset() {
        try {
            Functions.RESET.invokeExact();
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }

    private static long ask(MethodHandle function, String text) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) function.invokeExact(arena.allocateFrom(text));
        } catch (Throwable mistake) {
            throw new AssertionError(mistake);
        }
    }
}
