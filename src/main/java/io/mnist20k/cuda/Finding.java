package io.mnist20k.cuda;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;

/// What the search for one of NVIDIA's libraries came to.
public sealed interface Finding {
    Library library();

    /// What was looked at on the way, in order, and what is odd about it; each a phrase for `doctor`.
    List<String> notes();

    /// It is in memory and stays there.
    ///
    /// @param file    its main file, as the system's loader names it
    /// @param symbols every function of the library, and of its siblings where it is a family of files
    record Loaded(Library library, Path file, SymbolLookup symbols, List<String> notes) implements Finding {}

    /// @param reason a phrase that says what is missing and ends in the remedy
    record Missing(Library library, String reason, List<String> notes) implements Finding {}
}
