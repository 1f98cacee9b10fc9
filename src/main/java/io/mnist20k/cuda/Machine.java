package io.mnist20k.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// What the search for libraries may know of a machine.
///
/// @param root         the folder that stands for `/`
/// @param system       as in the property `os.name`
/// @param architecture as in the property `os.arch`
/// @param environment  the process's
/// @param folders      what the property [#PROPERTY] says, empty where it says nothing; it goes before [#VARIABLE]
record Machine(Path root, String system, String architecture, Map<String, String> environment, String folders) {
    static final String PROPERTY = "mnist20k.cuda.libraries";
    static final String VARIABLE = "MNIST20K_CUDA_LIBRARIES";

    static Machine here() {
        return new Machine(
                Path.of("/"),
                System.getProperty("os.name", ""),
                System.getProperty("os.arch", ""),
                System.getenv(),
                System.getProperty(PROPERTY, ""));
    }

    /// The value of an environment variable; an empty one counts as unset.
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    /// @param absolute a path on that machine
    Path at(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    boolean has(String absolute) {
        return Files.exists(at(absolute));
    }

    /// The name of this architecture in the folders of Debian, as in `/usr/lib/x86_64-linux-gnu`.
    String triplet() {
        return (architecture.equals("aarch64") ? "aarch64" : "x86_64") + "-linux-gnu";
    }

    /// The name of this architecture in the folders of a CUDA toolkit, as in `targets/x86_64-linux`.
    String toolkitTarget() {
        return architecture.equals("aarch64") ? "sbsa-linux" : "x86_64-linux";
    }

    /// Why none of NVIDIA's libraries can be here, a phrase that ends in the remedy.
    Optional<String> withoutCuda() {
        String elsewhere = "use a Linux machine with an NVIDIA GPU, or --device cpu";
        if (system.startsWith("Windows")) {
            return Optional.of("this program calls CUDA only on Linux: run it under WSL 2");
        }
        if (!system.equals("Linux")) {
            return Optional.of("NVIDIA has no CUDA for " + system + ": " + elsewhere);
        }
        return architecture.equals("amd64") || architecture.equals("aarch64")
                ? Optional.empty()
                : Optional.of("NVIDIA has no CUDA for " + architecture + " processors: " + elsewhere);
    }
}
