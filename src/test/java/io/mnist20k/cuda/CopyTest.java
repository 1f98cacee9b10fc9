package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CopyTest {
    @TempDir
    private Path root;

    private Place place(List<String> files) {
        new MadeUpMachine(root).with("/", files);
        return new Place("a test", root);
    }

    private static List<String> names(List<Path> files) {
        return files.stream().map(file -> file.getFileName().toString()).toList();
    }

    @Test
    void aFolderWithNothingOfALibraryHoldsNoCopy() {
        Place place = place(List.of("libcudart.so.13", "libcudnn.so.8", "libcublas.so.11"));
        assertEquals(0, Copy.ofDriver(place).count());
        assertEquals(0, Copy.ofCudnn(place).count());
        assertEquals(0, Copy.ofCublas(place, 13).count());
        assertEquals(0, Copy.ofNvrtc(place, 13).count());
    }

    @Test
    void theGraphPartOfCudnnIsLoadedFirstAndTheOneThatOnlyPassesOnLast() {
        Copy copy = Copy.ofCudnn(place(MadeUpMachine.CUDNN)).findFirst().orElseThrow();
        assertEquals(
                List.of(
                        "libcudnn_graph.so.9",
                        "libcudnn_engines_precompiled.so.9",
                        "libcudnn_engines_runtime_compiled.so.9",
                        "libcudnn_heuristic.so.9",
                        "libcudnn_ops.so.9",
                        "libcudnn_cnn.so.9"),
                names(copy.required()));
        assertEquals(List.of("libcudnn.so.9"), names(copy.others()));
        assertEquals(List.of(), copy.lacking());
    }

    @Test
    void partsThatNewerReleasesAddAreLoadedToo() {
        var files = new ArrayList<>(MadeUpMachine.CUDNN);
        files.add("libcudnn_engines_tensor_ir.so.9");
        files.add("libcudnn_ext.so.9");
        Copy copy = Copy.ofCudnn(place(files)).findFirst().orElseThrow();
        assertEquals(true, names(copy.required()).contains("libcudnn_engines_tensor_ir.so.9"));
        assertEquals(List.of("libcudnn.so.9", "libcudnn_ext.so.9"), names(copy.others()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_cnn.so.9", "libcudnn_heuristic.so.9"})
    void cudnnCannotDoWithout(String part) {
        var files = new ArrayList<>(MadeUpMachine.CUDNN);
        files.remove(part);
        Copy copy = Copy.ofCudnn(place(files)).findFirst().orElseThrow();
        assertEquals(List.of(part), copy.lacking());
    }

    @Test
    void cudnnNeedsOneOfItsEngines() {
        var files = new ArrayList<>(MadeUpMachine.CUDNN);
        files.remove("libcudnn_engines_runtime_compiled.so.9");
        assertEquals(
                List.of(), Copy.ofCudnn(place(files)).findFirst().orElseThrow().lacking());
    }

    @Test
    void cudnnWithoutEnginesLacksThem() {
        var files = new ArrayList<>(MadeUpMachine.CUDNN);
        files.removeIf(name -> name.contains("engines"));
        Copy copy = Copy.ofCudnn(place(files)).findFirst().orElseThrow();
        assertEquals(List.of("libcudnn_engines_precompiled.so.9"), copy.lacking());
    }

    @Test
    void thePartThatPassesOnIsNotEnough() {
        Copy copy = Copy.ofCudnn(place(List.of("libcudnn.so.9"))).findFirst().orElseThrow();
        assertEquals(5, copy.lacking().size());
    }

    @Test
    void cublasIsTwoFilesOfOneCuda() {
        Place place = place(List.of("libcublas.so.12", "libcublasLt.so.12", "libcublas.so.13"));
        assertEquals(
                List.of("libcublasLt.so.12", "libcublas.so.12"),
                names(Copy.ofCublas(place, 12).findFirst().orElseThrow().required()));
        assertEquals(
                List.of("libcublasLt.so.13"),
                Copy.ofCublas(place, 13).findFirst().orElseThrow().lacking());
    }

    @Test
    void nvrtcNeedsBuiltinsOfItsCuda() {
        Place place = place(List.of("libnvrtc.so.12", "libnvrtc.so.13", "libnvrtc-builtins.so.12.6"));
        assertEquals(
                List.of(), Copy.ofNvrtc(place, 12).findFirst().orElseThrow().lacking());
        assertEquals(
                1, Copy.ofNvrtc(place, 13).findFirst().orElseThrow().lacking().size());
    }
}
