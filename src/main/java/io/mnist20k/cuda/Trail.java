package io.mnist20k.cuda;

import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The way that the search for one library takes, and what it met there.
final class Trail {
    private final Library library;
    private final List<Place> looked = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private @Nullable String problem;

    Trail(Library library) {
        this.library = library;
    }

    void looksIn(Places places) {
        looked.addAll(places.all());
        notes.addAll(places.absent());
    }

    void note(String phrase) {
        notes.add(phrase);
    }

    /// The first complete copy that the system's loader takes. A copy of which only a part loads ends the search:
    /// the process could not have another without mixing the two.
    Optional<Loading> first(List<Place> places, Function<Place, Stream<Copy>> copies) {
        for (Copy copy : places.stream().flatMap(copies).toList()) {
            Path folder = copy.place().folder();
            if (!copy.lacking().isEmpty()) {
                meet(folder + " has only part of " + library.title() + " and lacks "
                        + String.join(", ", copy.lacking()));
                continue;
            }
            Loading loading = Loading.of(copy);
            loading.refused().forEach((file, reason) -> note(file + " did not load (" + reason + ")"));
            if (loading.complete()) {
                return Optional.of(loading);
            }
            meet(library.title() + " in " + folder + " did not load ("
                    + loading.refused().firstEntry().getValue() + ")");
            if (!loading.opened().isEmpty()) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private void meet(String obstacle) {
        note(obstacle);
        if (problem == null) {
            problem = obstacle;
        }
    }

    Finding.Loaded loaded(Loading loading) {
        return loaded(loading.mainFile(), loading.copy().place().origin(), loading.symbols());
    }

    Finding.Loaded loaded(Path file, String origin, SymbolLookup symbols) {
        return new Finding.Loaded(file, origin, symbols, List.copyOf(notes));
    }

    /// Nothing usable was found. What was met first weighs most.
    ///
    /// @param obstacle what to say where nothing was met
    Finding.Missing nothing(String obstacle, String remedy) {
        return unfit(problem == null ? obstacle : problem, remedy);
    }

    /// What was found does not do.
    Finding.Missing unfit(String obstacle, String remedy) {
        return new Finding.Missing(library, obstacle + ": " + remedy, List.copyOf(looked), List.copyOf(notes));
    }
}
