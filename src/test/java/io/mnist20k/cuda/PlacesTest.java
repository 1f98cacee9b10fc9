package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlacesTest {
    @TempDir
    private Path root;

    private MadeUpMachine machine;

    @BeforeEach
    void anEmptyMachine() {
        machine = new MadeUpMachine(root);
    }

    @Test
    void anEmptyMachineHasNoPlaces() {
        assertEquals(List.of(), machine.toolkitPlaces());
        assertEquals(List.of(), machine.seen(Places.ofDriver(machine.machine())));
    }

    /// As docs/NVIDIA.md has it.
    @Test
    void theSearchGoesFromTheUserToPythonPackages() {
        List<String> inOrder = List.of(
                "/named",
                "/loader",
                "/home/me/toolkit/lib64",
                "/home/me/path/lib",
                "/home/me/cudnn/lib",
                "/home/me/cudnn-path/lib",
                "/usr/local/cuda/lib64",
                "/usr/local/cuda-12.6/lib64",
                "/opt/cuda/lib64",
                "/usr/lib/x86_64-linux-gnu",
                "/usr/lib64",
                "/usr/lib",
                "/conda/lib",
                "/conda/lib/python3.14/site-packages/nvidia/cudnn/lib",
                "/venv/lib/python3.12/site-packages/nvidia/cudnn/lib",
                "/home/me/.local/lib/python3.11/site-packages/nvidia/cublas/lib",
                "/usr/local/lib/python3.13/dist-packages/nvidia/cu13/lib",
                "/usr/lib/python3/dist-packages/nvidia/cuda_nvrtc/lib");
        inOrder.reversed().forEach(machine::with);
        machine.property("@/named")
                .variable("LD_LIBRARY_PATH", "@/loader")
                .variable("CUDA_HOME", "@/home/me/toolkit")
                .variable("CUDA_PATH", "@/home/me/path")
                .variable("CUDNN_HOME", "@/home/me/cudnn")
                .variable("CUDNN_PATH", "@/home/me/cudnn-path")
                .variable("CONDA_PREFIX", "@/conda")
                .variable("VIRTUAL_ENV", "@/venv")
                .variable("HOME", "@/home/me");
        assertEquals(inOrder, machine.toolkitPlaces());
    }

    @Test
    void thePropertyGoesBeforeTheVariable() {
        machine.with("/a").with("/b").property("@/a").variable("MNIST20K_CUDA_LIBRARIES", "@/b");
        assertEquals(List.of("/a"), machine.toolkitPlaces());
        machine.property("");
        assertEquals(List.of("/b"), machine.toolkitPlaces());
    }

    @Test
    void aNamedFolderMayBeAToolkitOrHoldPythonPackages() {
        machine.with("/toolkit/lib64")
                .with("/packages/nvidia/cu13/lib")
                .with("/environment/lib/python3.13/site-packages/nvidia/cudnn/lib")
                .property("@/toolkit:@/packages:@/environment");
        assertEquals(
                List.of(
                        "/toolkit",
                        "/toolkit/lib64",
                        "/packages",
                        "/packages/nvidia/cu13/lib",
                        "/environment",
                        "/environment/lib",
                        "/environment/lib/python3.13/site-packages/nvidia/cudnn/lib"),
                machine.toolkitPlaces());
    }

    @Test
    void aNamedFolderThatIsNotThereIsMentioned() {
        machine.with("/there").property("@/there:@/gone");
        Places places = Places.ofToolkit(machine.machine());
        assertEquals(1, places.absent().size());
        assertTrue(places.absent().getFirst().contains("mnist20k.cuda.libraries"));
        assertTrue(places.absent().getFirst().contains(machine.at("/gone").toString()));
    }

    @Test
    void newerToolkitsGoFirstByNumber() {
        machine.with("/usr/local/cuda-12.9/lib64")
                .with("/usr/local/cuda-12.10/lib64")
                .with("/usr/local/cuda-13.0/lib64")
                .with("/usr/local/cuda-11.8/lib64")
                .with("/usr/local/cuda-12-old/lib64");
        assertEquals(
                List.of("/usr/local/cuda-13.0/lib64", "/usr/local/cuda-12.10/lib64", "/usr/local/cuda-12.9/lib64"),
                machine.toolkitPlaces());
    }

    @Test
    void aFolderWithTwoNamesIsLookedInOnce() throws IOException {
        machine.with("/usr/local/cuda-12.6/lib64");
        Files.createSymbolicLink(machine.at("/usr/local/cuda"), Path.of("cuda-12.6"));
        assertEquals(List.of("/usr/local/cuda/lib64"), machine.toolkitPlaces());
    }

    @Test
    void stubsAreNeverLookedIn() {
        machine.with("/usr/local/cuda/lib64/stubs").variable("LD_LIBRARY_PATH", "@/usr/local/cuda/lib64/stubs");
        assertEquals(List.of("/usr/local/cuda/lib64"), machine.toolkitPlaces());
    }

    @Test
    void armMachinesHaveFoldersOfTheirOwn() {
        machine.system("Linux", "aarch64")
                .with("/usr/local/cuda/targets/sbsa-linux/lib")
                .with("/usr/local/cuda/targets/x86_64-linux/lib")
                .with("/usr/lib/aarch64-linux-gnu")
                .with("/usr/lib/x86_64-linux-gnu");
        assertEquals(
                List.of("/usr/local/cuda/targets/sbsa-linux/lib", "/usr/lib/aarch64-linux-gnu", "/usr/lib"),
                machine.toolkitPlaces());
    }

    @Test
    void theLoadersConfigurationIsFollowed() {
        machine.with("/opt/nvidia/lib")
                .with("/opt/more")
                .withText("/etc/ld.so.conf", "include ld.so.conf.d/*.conf\n/opt/more # by hand\n")
                .withText("/etc/ld.so.conf.d/cuda.conf", "# CUDA\n/opt/nvidia/lib\n/gone\n");
        assertEquals(List.of("/opt/nvidia/lib", "/opt/more"), machine.toolkitPlaces());
    }

    @Test
    void aConfigurationThatIncludesItselfIsReadToAnEnd() {
        machine.with("/opt/more").withText("/etc/ld.so.conf", "include /etc/ld.so.conf\n/opt/more\n");
        assertEquals(List.of("/opt/more"), machine.toolkitPlaces());
    }

    @Test
    void emptyEntriesAreNotTheCurrentFolder() {
        machine.with("/a").variable("LD_LIBRARY_PATH", ":@/a::").property("");
        assertEquals(List.of("/a"), machine.toolkitPlaces());
    }

    @Test
    void theDriversOwnFoldersGoBeforeTheOneForOlderDrivers() {
        List<String> inOrder = List.of(
                "/usr/lib64",
                "/usr/lib",
                "/usr/lib/wsl/lib",
                "/usr/local/nvidia/lib64",
                "/run/opengl-driver/lib",
                "/usr/local/cuda/compat");
        inOrder.reversed().forEach(machine::with);
        assertEquals(inOrder, machine.seen(Places.ofDriver(machine.machine())));
    }
}
