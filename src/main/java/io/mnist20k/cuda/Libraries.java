package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.lang.foreign.SymbolLookup;

/// NVIDIA's libraries in this process. Each is looked for when it is first asked for, once, and never unloaded.
public final class Libraries {
    private static final LibrarySearch SEARCH = new LibrarySearch(Machine.here());

    private Libraries() {}

    /// Looks for a library, and loads it where it is there.
    public static Finding find(Library library) {
        return SEARCH.find(library);
    }

    /// The functions of a library; of cuDNN, of all its parts.
    ///
    /// @throws UserError where it cannot be had, with what to do
    static SymbolLookup symbols(Library library) {
        return switch (find(library)) {
            case Finding.Loaded loaded -> loaded.symbols();
            case Finding.Missing missing -> throw new UserError(missing.reason());
        };
    }
}
