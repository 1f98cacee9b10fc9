package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// NVIDIA's libraries in this process. Each is looked for when it is first asked for, once, and never unloaded.
public final class Libraries {
    private Libraries() {}

    /// @throws UserError where the library is missing, with what to do
    public static SymbolLookup driver() {
        return symbols(Library.DRIVER);
    }

    /// All parts of cuDNN.
    ///
    /// @throws UserError where the library is missing, with what to do
    public static SymbolLookup cudnn() {
        return symbols(Library.CUDNN);
    }

    /// @throws UserError where the library is missing, with what to do
    public static SymbolLookup cublas() {
        return symbols(Library.CUBLAS);
    }

    /// @throws UserError where the library is missing, with what to do
    public static SymbolLookup nvrtc() {
        return symbols(Library.NVRTC);
    }

    /// Looks for a library, and loads it where it is there. Never throws.
    public static Finding find(Library library) {
        List<String> names = switch (library) {
            case DRIVER -> List.of("libcuda.so.1");
            case CUDNN ->
                List.of(
                        "libcudnn_graph.so.9",
                        "libcudnn_engines_precompiled.so.9",
                        "libcudnn_heuristic.so.9",
                        "libcudnn_ops.so.9",
                        "libcudnn_cnn.so.9",
                        "libcudnn.so.9");
            case CUBLAS -> List.of("libcublasLt.so.13", "libcublas.so.13");
            case NVRTC -> List.of("libnvrtc-builtins.so.13.0", "libnvrtc.so.13");
        };
        Path folder = Path.of(System.getProperty("mnist20k.cuda.libraries", "/usr/lib/x86_64-linux-gnu"));
        SymbolLookup symbols = _ -> java.util.Optional.empty();
        for (String name : names) {
            Path file = folder.resolve(name);
            if (!Files.exists(file)) {
                return new Finding.Missing(library, library.title() + " lacks " + file, List.of());
            }
            symbols = open(file).or(symbols);
        }
        return new Finding.Loaded(library, folder.resolve(names.getLast()), symbols, List.of());
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup open(Path file) {
        return SymbolLookup.libraryLookup(file, Arena.global());
    }

    private static SymbolLookup symbols(Library library) {
        return switch (find(library)) {
            case Finding.Loaded loaded -> loaded.symbols();
            case Finding.Missing missing -> throw new UserError(missing.reason());
        };
    }
}
