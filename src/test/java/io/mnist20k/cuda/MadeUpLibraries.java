package io.mnist20k.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Shared libraries that say the versions a test wants, made by the C compiler. They have no SONAME, so that none
/// is taken for another, or for NVIDIA's, in the same process.
final class MadeUpLibraries {
    private static final Map<String, byte[]> COMPILED = new ConcurrentHashMap<>();

    private final MadeUpMachine machine;

    MadeUpLibraries(MadeUpMachine machine) {
        this.machine = machine;
    }

    static boolean canBeMade() {
        return Files.isExecutable(Path.of("/usr/bin/cc"));
    }

    /// @param cuda `1000 * major + 10 * minor`
    MadeUpLibraries driver(String folder, int cuda) {
        return library(folder, "libcuda.so.1", "int cuDriverGetVersion(int *v) { *v = " + cuda + "; return 0; }");
    }

    /// @param cuda as in [#driver]
    MadeUpLibraries cudnn(String folder, int cuda) {
        for (String part : MadeUpMachine.CUDNN) {
            library(folder, part, "");
        }
        return library(
                folder, "libcudnn_graph.so.9", "unsigned long cudnnGetCudartVersion(void) { return " + cuda + "; }");
    }

    MadeUpLibraries cublas(String folder, int major) {
        library(folder, "libcublasLt.so." + major, "");
        return library(folder, "libcublas.so." + major, "");
    }

    /// @param builtins the version in the name of the file of built-in functions
    MadeUpLibraries nvrtc(String folder, int major, int minor, String builtins) {
        library(folder, "libnvrtc-builtins.so." + builtins, "");
        return library(
                folder,
                "libnvrtc.so." + major,
                "int nvrtcVersion(int *a, int *b) { *a = " + major + "; *b = " + minor + "; return 0; }");
    }

    MadeUpLibraries library(String folder, String file, String source) {
        machine.with(folder);
        try {
            Files.write(machine.at(folder).resolve(file), COMPILED.computeIfAbsent(source, MadeUpLibraries::compile));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private static byte[] compile(String source) {
        try {
            Path folder = Files.createTempDirectory("made-up");
            Path input = Files.writeString(folder.resolve("library.c"), source + "\n");
            Path output = folder.resolve("library.so");
            Process compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-o", output.toString(), input.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!compiler.waitFor(1, TimeUnit.MINUTES) || compiler.exitValue() != 0) {
                throw new IllegalStateException(said);
            }
            byte[] library = Files.readAllBytes(output);
            Files.delete(input);
            Files.delete(output);
            Files.delete(folder);
            return library;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
