package io.mnist20k.cuda;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// A copy of a library as the system's loader took it.
///
/// @param opened  the files that are now in memory, in the order of the copy
/// @param refused the others, with the loader's reasons
record Loading(Copy copy, SequencedMap<Path, SymbolLookup> opened, SequencedMap<Path, String> refused) {
    static Loading of(Copy copy) {
        var loading = new Loading(copy, new LinkedHashMap<>(), new LinkedHashMap<>());
        copy.required().forEach(file -> loading.refused.put(file, ""));
        copy.others().forEach(file -> loading.refused.put(file, ""));
        // A file may need another that comes later: those refused are tried again while that helps.
        int before;
        do {
            before = loading.refused.size();
            loading.refused.replaceAll((file, _) -> loading.open(file));
            loading.refused.keySet().removeAll(loading.opened.keySet());
        } while (!loading.refused.isEmpty() && loading.refused.size() < before);
        return loading;
    }

    private String open(Path file) {
        try {
            opened.put(file, DynamicLoader.open(file.toString()));
            return "";
        } catch (DynamicLoader.Refusal refusal) {
            return refusal.reason();
        }
    }

    /// Whether all that the library cannot do without is in memory.
    boolean complete() {
        return opened.keySet().containsAll(copy.required());
    }

    /// The last of the files it cannot do without: the one that needs the others.
    Path mainFile() {
        return copy.required().getLast();
    }

    /// The functions of all files.
    SymbolLookup symbols() {
        return name -> opened.values().stream()
                .flatMap(file -> file.find(name).stream())
                .findFirst();
    }
}
