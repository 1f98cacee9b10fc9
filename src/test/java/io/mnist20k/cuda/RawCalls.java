package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Calls of NVIDIA's libraries that only tests make: reading back what was set, and statuses as they are.
@SuppressWarnings("restricted")
final class RawCalls {
    private RawCalls() {}

    private static MethodHandle function(Library library, String name, FunctionDescriptor descriptor) {
        Finding.Loaded loaded = (Finding.Loaded) Libraries.find(library);
        return Linker.nativeLinker().downcallHandle(loaded.symbols().findOrThrow(name), descriptor);
    }

    /// What a getter of cuDNN writes through its `int*`.
    static List<Integer> ints(String getter, long handle, int count) {
        return ints(getter, List.of(handle), count);
    }

    static List<Integer> ints(String getter, List<Long> handles, int count) {
        var parameters = new ArrayList<MemoryLayout>();
        handles.forEach(_ -> parameters.add(JAVA_LONG));
        IntStream.range(0, count).forEach(_ -> parameters.add(ADDRESS));
        MethodHandle handle = function(
                Library.CUDNN, getter, FunctionDescriptor.of(JAVA_INT, parameters.toArray(MemoryLayout[]::new)));
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> out = IntStream.range(0, count)
                    .mapToObj(_ -> arena.allocate(JAVA_INT))
                    .toList();
            var arguments = new ArrayList<Object>(handles);
            arguments.addAll(out);
            int status = (int) handle.invokeWithArguments(arguments);
            if (status != 0) {
                throw new AssertionError(getter + " gave " + status);
            }
            return out.stream().map(value -> value.get(JAVA_INT, 0)).toList();
        } catch (Throwable t) {
            throw new AssertionError(getter, t);
        }
    }

    /// The status of making a handle.
    static int create(Library library, String name) {
        MethodHandle handle = function(library, name, FunctionDescriptor.of(JAVA_INT, ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            return (int) handle.invokeExact(arena.allocate(ADDRESS));
        } catch (Throwable t) {
            throw new AssertionError(name, t);
        }
    }

    /// The words of a library for a status.
    static String text(Library library, String name, int status) {
        MethodHandle handle = function(library, name, FunctionDescriptor.of(ADDRESS, JAVA_INT));
        try {
            return FunctionTable.text((MemorySegment) handle.invokeExact(status));
        } catch (Throwable t) {
            throw new AssertionError(name, t);
        }
    }
}
