package io.mnist20k.cuda;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// What the search for one of NVIDIA's libraries came to.
public sealed interface Finding {
    /// It is in memory and stays there.
    ///
    /// @param file    its main file, as the system's loader names it
    /// @param origin  why it was looked for there
    /// @param symbols every function of the library, and of its siblings where it is a family of files
    /// @param notes   what was odd on the way, each a phrase
    record Loaded(Path file, String origin, SymbolLookup symbols, List<String> notes) implements Finding {
        /// In words, for `doctor`.
        @Override
        public String toString() {
            return withNotes(file + " (" + origin + ")", notes);
        }
    }

    /// It cannot be used.
    ///
    /// @param reason a phrase that says what is in the way and ends in the remedy
    /// @param looked the folders that were looked in, in order
    /// @param notes  what was met on the way, each a phrase
    record Missing(Library library, String reason, List<Place> looked, List<String> notes) implements Finding {
        /// In words, for `doctor`.
        @Override
        public String toString() {
            String folders =
                    looked.stream().map(place -> place.folder().toString()).collect(Collectors.joining(", "));
            return withNotes(reason + "; looked in " + (folders.isEmpty() ? "no folder" : folders), notes);
        }
    }

    private static String withNotes(String finding, List<String> notes) {
        return notes.isEmpty() ? finding : finding + "; " + String.join("; ", notes);
    }
}
