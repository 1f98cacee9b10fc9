package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The system's dynamic loader, asked directly: it makes a library's symbols known to those loaded later, and it
/// says why it refuses, which [SymbolLookup#libraryLookup] does not. Nothing is ever unloaded.
@SuppressWarnings("restricted")
final class DynamicLoader {
    /// `RTLD_NOW | RTLD_GLOBAL` of dlfcn.h, on Linux.
    private static final int NOW_FOR_ALL = 0x2 | 0x100;

    /// `Dl_info` of dlfcn.h: the file's name, its base, the symbol's name, its address.
    private static final MemoryLayout INFO = MemoryLayout.sequenceLayout(4, ADDRESS);

    private static final MethodHandle DLOPEN = function("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle DLERROR = function("dlerror", FunctionDescriptor.of(ADDRESS));
    private static final MethodHandle DLADDR = function("dladdr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private DynamicLoader() {}

    /// The loader would not open a library; the message is its own reason.
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal(String reason) {
            super(reason);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /// Loads a library for the rest of the process.
    ///
    /// @param file a path, or a bare name for the loader's own search
    static SymbolLookup open(String file) throws Refusal {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment handle;
            MemorySegment error;
            try {
                handle = (MemorySegment) DLOPEN.invokeExact(call.allocateFrom(file), NOW_FOR_ALL);
                error = handle.address() == 0 ? (MemorySegment) DLERROR.invokeExact() : MemorySegment.NULL;
            } catch (Throwable t) {
                throw new AssertionError("dlopen: descriptor does not fit", t);
            }
            if (handle.address() == 0) {
                throw new Refusal(error.address() == 0 ? "no reason given" : string(error));
            }
        }
        return file.contains("/")
                ? SymbolLookup.libraryLookup(Path.of(file), Arena.global())
                : SymbolLookup.libraryLookup(file, Arena.global());
    }

    /// The file that a symbol was loaded from.
    static Path fileOf(MemorySegment symbol) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment info = call.allocate(INFO);
            int found;
            try {
                found = (int) DLADDR.invokeExact(symbol, info);
            } catch (Throwable t) {
                throw new AssertionError("dladdr: descriptor does not fit", t);
            }
            if (found == 0) {
                throw new IllegalArgumentException("no library holds the address " + symbol.address());
            }
            return Path.of(string(info.get(ADDRESS, 0)));
        }
    }

    private static String string(MemorySegment zeroTerminated) {
        return zeroTerminated.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
}
