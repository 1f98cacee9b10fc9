package io.mnist20k.cuda;

import io.mnist20k.cuda.Versions.Cuda;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The search for NVIDIA's libraries on a machine, each looked for once. All files of a library come from one
/// folder: the first of [Places] that has a complete copy which the system's loader takes.
final class LibrarySearch {
    /// The versions of CUDA whose libraries have the functions we call, newest first.
    private static final List<Integer> CUDA_MAJORS = List.of(13, 12);

    private final Machine machine;
    private final Map<Library, Finding> findings = new EnumMap<>(Library.class);

    LibrarySearch(Machine machine) {
        this.machine = machine;
    }

    synchronized Finding find(Library library) {
        Finding known = findings.get(library);
        if (known == null) {
            known = machine.withoutCuda()
                    .<Finding>map(obstacle -> new Finding.Missing(library, obstacle, List.of(), List.of()))
                    .orElseGet(() -> look(library));
            findings.put(library, known);
        }
        return known;
    }

    private Finding look(Library library) {
        var trail = new Trail(library);
        return switch (library) {
            case DRIVER -> driver(trail);
            case CUDNN -> cudnn(trail);
            case CUBLAS -> cublas(trail);
            case NVRTC -> nvrtc(trail);
        };
    }

    /// The driver's library belongs to the driver in the kernel, so the system's loader knows best which it is;
    /// only what the user names goes before it.
    private Finding driver(Trail trail) {
        Places named = Places.named(machine);
        trail.looksIn(named);
        Optional<Finding> found = trail.first(named.all(), Copy::ofDriver).map(trail::loaded);
        if (found.isEmpty()) {
            found = askLoaderForDriver(trail);
        }
        if (found.isEmpty()) {
            Places system = Places.ofDriver(machine);
            trail.looksIn(system);
            found = trail.first(system.all(), Copy::ofDriver).map(trail::loaded);
        }
        return found.orElseGet(
                () -> trail.nothing("NVIDIA's driver (libcuda.so.1) was not found", Remedy.findDriver(machine)));
    }

    private static Optional<Finding> askLoaderForDriver(Trail trail) {
        try {
            SymbolLookup symbols = DynamicLoader.open("libcuda.so.1");
            Path file = symbols.find("cuInit").map(DynamicLoader::fileOf).orElse(Path.of("libcuda.so.1"));
            return Optional.of(trail.loaded(file, "the system's loader", symbols));
        } catch (DynamicLoader.Refusal refusal) {
            trail.note("the system's loader says " + refusal.reason());
            return Optional.empty();
        }
    }

    private Finding cudnn(Trail trail) {
        Optional<Cuda> supported = versionOf(Library.DRIVER);
        String install = Remedy.install(Library.CUDNN, majorForDriver());
        Places places = Places.ofToolkit(machine);
        trail.looksIn(places);
        Optional<Loading> loading = trail.first(places.all(), Copy::ofCudnn);
        if (loading.isEmpty()) {
            return trail.nothing(olderCudnn(places).orElse("cuDNN 9 was not found"), install);
        }
        Loading cudnn = loading.get();
        Optional<Cuda> builtFor = Versions.of(Library.CUDNN, cudnn.symbols());
        String built = "cuDNN in " + cudnn.copy().place().folder() + " was built for CUDA "
                + builtFor.map(Cuda::toString).orElse("of unknown version");
        if (builtFor.filter(cuda -> CUDA_MAJORS.contains(cuda.major())).isEmpty()) {
            return trail.unfit(built, install);
        }
        int major = builtFor.get().major();
        if (supported.filter(cuda -> cuda.major() < major).isPresent()) {
            return trail.unfit(
                    built + ", and the NVIDIA driver supports CUDA up to " + supported.get(),
                    Remedy.updateDriver(major) + ", or " + install);
        }
        noteStrangers(trail, cudnn.copy());
        return trail.loaded(cudnn);
    }

    private static Optional<String> olderCudnn(Places places) {
        return places.all().stream()
                .map(Place::folder)
                .filter(folder -> Files.exists(folder.resolve("libcudnn.so.8")))
                .findFirst()
                .map(folder -> folder + " holds cuDNN 8, and this program calls cuDNN 9");
    }

    /// cuDNN opens parts of itself by name, and one that its own folder lacks it finds where the system's loader
    /// looks, of another release.
    private void noteStrangers(Trail trail, Copy chosen) {
        for (Place place : Places.ofLoader(machine).all()) {
            String strangers = Folders.matching(place.folder(), "libcudnn_e*.so.9").stream()
                    .map(Path::getFileName)
                    .filter(part -> !Files.exists(chosen.place().folder().resolve(part)))
                    .map(Path::toString)
                    .collect(Collectors.joining(", "));
            if (!strangers.isEmpty()) {
                trail.note("another cuDNN, in " + place.folder() + ", also has " + strangers + ": remove one of the"
                        + " two if a call fails with CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH");
            }
        }
    }

    /// cuDNN calls cuBLAS too, and only that of the CUDA that it was built for.
    private Finding cublas(Trail trail) {
        Optional<Integer> wanted = versionOf(Library.CUDNN).map(Cuda::major);
        List<Integer> majors = wanted.map(List::of).orElse(CUDA_MAJORS);
        Places places = Places.ofToolkit(machine);
        trail.looksIn(places);
        return trail.first(places.all(), place -> majors.stream().flatMap(major -> Copy.ofCublas(place, major)))
                .<Finding>map(trail::loaded)
                .orElseGet(() -> trail.nothing(
                        wanted.flatMap(major -> otherCublas(major, places)).orElse("cuBLAS was not found"),
                        Remedy.install(Library.CUBLAS, wanted.orElseGet(this::majorForDriver))));
    }

    private static Optional<String> otherCublas(int wanted, Places places) {
        return places.all().stream()
                .flatMap(place -> CUDA_MAJORS.stream().flatMap(major -> Copy.ofCublas(place, major)))
                .findFirst()
                .map(copy -> "cuDNN was built for CUDA " + wanted + ", and the only cuBLAS found is "
                        + copy.required().getLast());
    }

    /// Any NVRTC compiles our kernels. That of cuDNN's CUDA goes first, because cuDNN may use it as well.
    private Finding nvrtc(Trail trail) {
        int wanted = versionOf(Library.CUDNN).map(Cuda::major).orElseGet(this::majorForDriver);
        int other = wanted == 13 ? 12 : 13;
        Places places = Places.ofToolkit(machine);
        trail.looksIn(places);
        return trail.first(places.all(), place -> Copy.ofNvrtc(place, wanted))
                .or(() -> trail.first(places.all(), place -> Copy.ofNvrtc(place, other)))
                .map(compiler -> withBuiltins(trail, compiler))
                .orElseGet(() -> trail.nothing("NVRTC was not found", Remedy.install(Library.NVRTC, wanted)));
    }

    /// NVRTC opens the file of its built-in functions by its bare name when it first compiles, which finds it
    /// wherever it was loaded from.
    private static Finding withBuiltins(Trail trail, Loading compiler) {
        Optional<Cuda> version = Versions.of(Library.NVRTC, compiler.symbols());
        if (version.isEmpty()) {
            return trail.unfit(compiler.mainFile() + " does not say its version", Remedy.install(Library.NVRTC, 12));
        }
        return trail.first(List.of(compiler.copy().place()), place -> Copy.ofBuiltins(place, version.get()))
                .<Finding>map(_ -> trail.loaded(compiler))
                .orElseGet(() -> trail.unfit(
                        compiler.mainFile() + " needs libnvrtc-builtins.so." + version.get() + " beside it",
                        Remedy.install(Library.NVRTC, version.get().major())));
    }

    private int majorForDriver() {
        return versionOf(Library.DRIVER).filter(cuda -> cuda.major() >= 13).isPresent() ? 13 : 12;
    }

    private Optional<Cuda> versionOf(Library library) {
        return find(library) instanceof Finding.Loaded loaded
                ? Versions.of(library, loaded.symbols())
                : Optional.empty();
    }
}
