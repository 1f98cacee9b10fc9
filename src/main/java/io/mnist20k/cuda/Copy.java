package io.mnist20k.cuda;

import io.mnist20k.cuda.Versions.Cuda;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The files of one library in one folder, all of it or a part. Where a folder holds nothing of a library there is
/// no copy.
///
/// @param required those it cannot do without that are there, absolute, in the order in which they are loaded
/// @param others   those that are loaded as well, where the system's loader takes them
/// @param lacking  the names of those it cannot do without that are not there
record Copy(Place place, List<Path> required, List<Path> others, List<String> lacking) {
    static Stream<Copy> ofDriver(Place place) {
        return of(place, List.of("libcuda.so.1"), List.of());
    }

    /// The family of files, all of one release: those that hold the functions we call, in the order in which they
    /// need each other, those that these open by themselves, and whatever else of it lies beside them; less the
    /// recurrent networks of `_adv`, a quarter of a gigabyte that convolutions never open.
    static Stream<Copy> ofCudnn(Place place) {
        List<String> engines = names(place, "libcudnn_engines_*.so.9");
        var required = new ArrayList<String>();
        required.add("libcudnn_graph.so.9");
        required.addAll(engines.isEmpty() ? List.of("libcudnn_engines_precompiled.so.9") : engines);
        required.addAll(List.of("libcudnn_heuristic.so.9", "libcudnn_ops.so.9", "libcudnn_cnn.so.9"));
        List<String> others = names(place, "libcudnn*.so.9").stream()
                .filter(name -> !required.contains(name) && !name.equals("libcudnn_adv.so.9"))
                .toList();
        return of(place, required, others);
    }

    /// @param major of CUDA
    static Stream<Copy> ofCublas(Place place, int major) {
        return of(place, List.of("libcublasLt.so." + major, "libcublas.so." + major), List.of());
    }

    /// The compiler. Which file of built-in functions belongs to it, it says itself; here there must be one.
    ///
    /// @param major of CUDA
    static Stream<Copy> ofNvrtc(Place place, int major) {
        String builtins = "libnvrtc-builtins.so." + major + ".*";
        List<String> lacking = names(place, builtins).isEmpty() ? List.of(builtins) : List.of();
        return of(place, List.of("libnvrtc.so." + major), List.of())
                .map(copy -> new Copy(place, copy.required, copy.others, lacking));
    }

    static Stream<Copy> ofBuiltins(Place place, Cuda version) {
        return of(place, List.of("libnvrtc-builtins.so." + version), List.of());
    }

    private static Stream<Copy> of(Place place, List<String> required, List<String> others) {
        Path folder = place.folder();
        List<Path> there =
                required.stream().map(folder::resolve).filter(Files::exists).toList();
        List<String> lacking = required.stream()
                .filter(name -> !there.contains(folder.resolve(name)))
                .toList();
        return there.isEmpty() && others.isEmpty()
                ? Stream.empty()
                : Stream.of(new Copy(
                        place, there, others.stream().map(folder::resolve).toList(), lacking));
    }

    private static List<String> names(Place place, String glob) {
        return Folders.matching(place.folder(), glob).stream()
                .filter(Files::exists)
                .map(file -> file.getFileName().toString())
                .toList();
    }
}
