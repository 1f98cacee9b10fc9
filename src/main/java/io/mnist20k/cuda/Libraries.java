package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.lang.foreign.SymbolLookup;

/// NVIDIA's libraries in this process. Each is looked for when it is first asked for, once, and never unloaded.
public final class Libraries {
    private static final Search SEARCH = new Search(Machine.here());

    private Libraries() {}

    /// @throws UserError where it cannot be had, with what to do
    public static SymbolLookup driver() {
        return symbols(Library.DRIVER);
    }

    /// All parts of cuDNN.
    ///
    /// @throws UserError where it cannot be had, with what to do
    public static SymbolLookup cudnn() {
        return symbols(Library.CUDNN);
    }

    /// @throws UserError where it cannot be had, with what to do
    public static SymbolLookup cublas() {
        return symbols(Library.CUBLAS);
    }

    /// @throws UserError where it cannot be had, with what to do
    public static SymbolLookup nvrtc() {
        return symbols(Library.NVRTC);
    }

    /// Looks for a library, and loads it where it is there.
    public static Finding find(Library library) {
        return SEARCH.find(library);
    }

    private static SymbolLookup symbols(Library library) {
        return switch (find(library)) {
            case Finding.Loaded loaded -> loaded.symbols();
            case Finding.Missing missing -> throw new UserError(missing.reason());
        };
    }
}
