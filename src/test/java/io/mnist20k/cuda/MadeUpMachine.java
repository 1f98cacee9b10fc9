package io.mnist20k.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A machine made of a folder: files where the test puts them, and an environment.
final class MadeUpMachine {
    static final List<String> CUDNN = List.of(
            "libcudnn.so.9",
            "libcudnn_adv.so.9",
            "libcudnn_cnn.so.9",
            "libcudnn_engines_precompiled.so.9",
            "libcudnn_engines_runtime_compiled.so.9",
            "libcudnn_graph.so.9",
            "libcudnn_heuristic.so.9",
            "libcudnn_ops.so.9");

    private final Path root;
    private final Map<String, String> environment = new HashMap<>();
    private String system = "Linux";
    private String architecture = "amd64";
    private String property = "";

    MadeUpMachine(Path root) {
        this.root = root;
    }

    /// Puts empty files into a folder.
    ///
    /// @param folder absolute, seen from the machine
    MadeUpMachine with(String folder, String... files) {
        return with(folder, List.of(files));
    }

    MadeUpMachine with(String folder, List<String> files) {
        try {
            Files.createDirectories(at(folder));
            for (String file : files) {
                Files.writeString(at(folder).resolve(file), "");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    MadeUpMachine withText(String file, String text) {
        try {
            Files.createDirectories(at(file).resolveSibling("."));
            Files.writeString(at(file), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /// @param value each `@` stands for the machine's root, so `@/opt/x` for a path on it
    MadeUpMachine variable(String name, String value) {
        environment.put(name, value.replace("@", root.toString()));
        return this;
    }

    /// What the property says, as in [#variable].
    MadeUpMachine property(String value) {
        property = value.replace("@", root.toString());
        return this;
    }

    MadeUpMachine system(String name, String processor) {
        system = name;
        architecture = processor;
        return this;
    }

    Path at(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    Machine machine() {
        return new Machine(root, system, architecture, environment, property);
    }

    /// The folders of the search, as seen from the machine.
    List<String> toolkitPlaces() {
        return seen(Places.ofToolkit(machine()));
    }

    List<String> seen(Places places) {
        return places.all().stream()
                .map(place -> "/" + root.relativize(place.folder()))
                .toList();
    }
}
