package io.mnist20k.cuda;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The folders in which NVIDIA's libraries may lie, in the order of the search: those the user names, the loader's
/// path, CUDA toolkits, the system's folders, Conda, Python packages. Only folders that are there, each once.
final class Places {
    /// Where the packages `nvidia-*` put libraries: cuDNN, then all of CUDA 13, then the parts of CUDA 12.
    private static final List<String> WHEELS =
            List.of("nvidia/cudnn/lib", "nvidia/cu13/lib", "nvidia/cublas/lib", "nvidia/cuda_nvrtc/lib");

    private static final Comparator<Path> NEWEST_FIRST = Comparator.comparing((Path toolkit) ->
                    Version.parse(toolkit.getFileName().toString().substring("cuda-".length())))
            .reversed();

    private final Machine machine;
    private final List<Place> places = new ArrayList<>();
    private final List<String> absent = new ArrayList<>();
    private final Set<Path> seen = new HashSet<>();

    private Places(Machine machine) {
        this.machine = machine;
    }

    /// For the libraries of the CUDA toolkit and cuDNN.
    static Places ofToolkit(Machine machine) {
        var search = new Places(machine);
        search.addNamed();
        search.addLoaderPath();
        search.addToolkits();
        search.addSystem();
        search.addConda();
        search.addPythonPackages();
        return search;
    }

    /// Where the system's loader looks for a library that is asked for by its bare name.
    static Places ofLoader(Machine machine) {
        var search = new Places(machine);
        search.addLoaderPath();
        search.addSystem();
        return search;
    }

    /// For the driver's library, which the system's own loader is asked for after the folders that the user names:
    /// those alone.
    static Places named(Machine machine) {
        var search = new Places(machine);
        search.addNamed();
        return search;
    }

    /// For the driver's library where the system's loader does not know it. The folder `compat`, made for older
    /// drivers, comes last, since it fails where the GPU is not of the kind it is made for.
    static Places ofDriver(Machine machine) {
        var search = new Places(machine);
        search.addSystem();
        for (String folder : List.of(
                "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64", "/run/opengl-driver/lib", "/usr/local/cuda/compat")) {
            search.add("the driver's folder", machine.at(folder));
        }
        return search;
    }

    List<Place> all() {
        return List.copyOf(places);
    }

    /// What the user named that is no folder, each a phrase.
    List<String> absent() {
        return List.copyOf(absent);
    }

    /// A folder that the user names may hold the libraries, a CUDA toolkit, a Python environment or packages.
    private void addNamed() {
        boolean property = !machine.folders().isEmpty();
        String origin = property ? Machine.PROPERTY : Machine.VARIABLE;
        String value = property
                ? machine.folders()
                : machine.variable(Machine.VARIABLE).orElse("");
        for (Path folder : paths(value)) {
            if (Files.isDirectory(folder)) {
                add(origin, folder);
                addToolkit(origin, folder);
                addWheels(origin, folder);
                addSitePackages(origin, folder);
            } else {
                absent.add(origin + " names " + folder + ", which is not a folder");
            }
        }
    }

    private void addLoaderPath() {
        String value = machine.variable("LD_LIBRARY_PATH").orElse("");
        paths(value).forEach(folder -> add("LD_LIBRARY_PATH", folder));
    }

    private void addToolkits() {
        for (String name : List.of("CUDA_HOME", "CUDA_PATH", "CUDNN_HOME", "CUDNN_PATH")) {
            machine.variable(name).ifPresent(home -> addToolkit(name, Path.of(home)));
        }
        addToolkit("a CUDA toolkit", machine.at("/usr/local/cuda"));
        Folders.matching(machine.at("/usr/local"), "cuda-1[23]*").stream()
                .filter(toolkit -> toolkit.getFileName().toString().matches("cuda-\\d+(\\.\\d+)*"))
                .sorted(NEWEST_FIRST)
                .forEach(toolkit -> addToolkit("a CUDA toolkit", toolkit));
        addToolkit("a CUDA toolkit", machine.at("/opt/cuda"));
    }

    private void addToolkit(String origin, Path home) {
        add(origin, home.resolve("lib64"));
        add(origin, home.resolve("lib"));
        add(origin, home.resolve("targets").resolve(machine.toolkitTarget()).resolve("lib"));
    }

    private void addSystem() {
        for (String folder : List.of("/usr/lib/" + machine.triplet(), "/usr/lib64", "/usr/lib")) {
            add("the system's libraries", machine.at(folder));
        }
        addLoaderConfiguration(machine.at("/etc/ld.so.conf"), 0);
    }

    /// The folders behind the cache of the system's loader, read as ldconfig(8) does. Asking for them instead of
    /// for bare names tells which files lie together.
    private void addLoaderConfiguration(Path file, int depth) {
        for (String line : Folders.lines(file)) {
            String entry = line.replaceFirst("#.*", "").strip();
            if (entry.startsWith("include") && depth < 4) {
                String pattern = entry.substring("include".length()).strip();
                Path files = pattern.startsWith("/") ? machine.at(pattern) : file.resolveSibling(pattern);
                Folders.matching(files).forEach(included -> addLoaderConfiguration(included, depth + 1));
            } else if (entry.startsWith("/")) {
                add("the system's loader", machine.at(entry));
            }
        }
    }

    private void addConda() {
        machine.variable("CONDA_PREFIX").map(Path::of).ifPresent(home -> {
            addToolkit("CONDA_PREFIX", home);
            addSitePackages("CONDA_PREFIX", home);
        });
    }

    private void addPythonPackages() {
        machine.variable("VIRTUAL_ENV").ifPresent(home -> addSitePackages("VIRTUAL_ENV", Path.of(home)));
        machine.variable("HOME").ifPresent(home -> addSitePackages("Python packages", Path.of(home, ".local")));
        addSitePackages("Python packages", machine.at("/usr/local"));
        addWheels("Python packages", machine.at("/usr/lib/python3/dist-packages"));
    }

    private void addSitePackages(String origin, Path home) {
        for (String libraries : List.of("lib", "lib64")) {
            for (Path python : Folders.matching(home.resolve(libraries), "python3*")) {
                addWheels(origin, python.resolve("site-packages"));
                addWheels(origin, python.resolve("dist-packages"));
            }
        }
    }

    private void addWheels(String origin, Path packages) {
        WHEELS.forEach(wheel -> add(origin, packages.resolve(wheel)));
    }

    /// Stubs are there to link against; the calls of a stub fail.
    private void add(String origin, Path folder) {
        if (Files.isDirectory(folder) && !folder.endsWith("stubs") && seen.add(real(folder))) {
            places.add(new Place(origin, folder));
        }
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException gone) {
            return folder;
        }
    }

    private static List<Path> paths(String list) {
        var paths = new ArrayList<Path>();
        for (String entry : list.split(File.pathSeparator, -1)) {
            if (!entry.isBlank()) {
                paths.add(Path.of(entry).toAbsolutePath().normalize());
            }
        }
        return paths;
    }
}
