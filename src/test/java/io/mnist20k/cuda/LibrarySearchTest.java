package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The sentences of a search that ends with nothing. The files are empty, so the system's loader refuses each.
final class LibrarySearchTest {
    @TempDir
    private Path root;

    private MadeUpMachine machine;

    @BeforeEach
    void anEmptyMachine() {
        machine = new MadeUpMachine(root);
    }

    private Finding.Missing missing(Library library) {
        Finding finding = new LibrarySearch(machine.machine()).find(library);
        assumeFalse(
                library == Library.DRIVER && finding instanceof Finding.Loaded,
                "the loader of this system has a driver, whatever the machine is made of");
        return assertInstanceOf(Finding.Missing.class, finding);
    }

    private void reasonHas(Library library, String... facts) {
        String reason = missing(library).reason();
        for (String fact : facts) {
            assertTrue(reason.contains(fact), () -> "\"" + fact + "\" is not in: " + reason);
        }
        assertFalse(reason.contains("\n"), reason);
        assertFalse(reason.endsWith("."), reason);
    }

    @ParameterizedTest
    @EnumSource(names = {"CUDNN", "CUBLAS", "NVRTC"})
    void whatIsNowhereIsNamedWithThePackageThatHasIt(Library library) {
        String wheel = switch (library) {
            case CUDNN -> "nvidia-cudnn-cu12";
            case CUBLAS -> "nvidia-cublas-cu12";
            default -> "nvidia-cuda-nvrtc-cu12";
        };
        reasonHas(library, library.title() + " was not found", wheel, "MNIST20K_CUDA_LIBRARIES");
    }

    @Test
    void aMissingDriverIsToBeInstalled() {
        reasonHas(Library.DRIVER, "libcuda.so.1", "install NVIDIA's driver", "525.60");
    }

    @Test
    void aContainerWithoutADriverIsToBeStartedWithGpus() {
        machine.withText("/.dockerenv", "");
        reasonHas(Library.DRIVER, "libcuda.so.1", "--gpus all");
    }

    @Test
    void aContainerWithHalfADriverIsToBeGivenTheRest() {
        machine.withText("/run/.containerenv", "").withText("/dev/nvidiactl", "");
        reasonHas(Library.DRIVER, "NVIDIA_DRIVER_CAPABILITIES=compute,utility");
    }

    @Test
    void underWslTheDriverIsThatOfWindows() {
        machine.withText("/dev/dxg", "");
        reasonHas(Library.DRIVER, "Windows", "/usr/lib/wsl/lib/libcuda.so.1");
    }

    @Test
    void aDriverThatDoesNotLoadIsNamedWithTheLoadersReason() {
        machine.with("/usr/lib/wsl/lib", "libcuda.so.1");
        reasonHas(Library.DRIVER, machine.at("/usr/lib/wsl/lib").toString(), "file too short");
    }

    @Test
    void aPartOfCudnnIsNamedWithWhatItLacks() {
        var files = new ArrayList<>(MadeUpMachine.CUDNN);
        files.remove("libcudnn_ops.so.9");
        files.remove("libcudnn_cnn.so.9");
        machine.with("/opt/cudnn", files).variable("LD_LIBRARY_PATH", "@/opt/cudnn");
        reasonHas(
                Library.CUDNN,
                machine.at("/opt/cudnn").toString(),
                "libcudnn_ops.so.9, libcudnn_cnn.so.9",
                "nvidia-cudnn-cu12");
    }

    @Test
    void anOlderCudnnIsNamed() {
        machine.with("/usr/lib/x86_64-linux-gnu", "libcudnn.so.8");
        reasonHas(
                Library.CUDNN,
                "cuDNN 8",
                machine.at("/usr/lib/x86_64-linux-gnu").toString(),
                "cuDNN 9");
    }

    @Test
    void aCudnnThatDoesNotLoadIsNamedWithTheLoadersReason() {
        machine.with("/usr/lib64", MadeUpMachine.CUDNN);
        reasonHas(Library.CUDNN, machine.at("/usr/lib64").toString(), "file too short");
    }

    @Test
    void whatWasMetIsAmongTheNotesAndTheFoldersInOrder() {
        machine.with("/usr/local/cuda/lib64", "libcublas.so.12")
                .with("/usr/lib64", "libcublas.so.13", "libcublasLt.so.13")
                .variable("MNIST20K_CUDA_LIBRARIES", "@/gone");
        Finding.Missing cublas = missing(Library.CUBLAS);
        String words = cublas.toString();
        assertAll(
                () -> assertEquals(
                        machine.toolkitPlaces(),
                        cublas.looked().stream()
                                .map(place -> "/" + root.relativize(place.folder()))
                                .toList()),
                () -> assertTrue(
                        cublas.reason()
                                .startsWith(machine.at("/usr/local/cuda/lib64").toString()),
                        words),
                () -> assertTrue(cublas.reason().contains("lacks libcublasLt.so.12"), words),
                () -> assertTrue(words.contains(machine.at("/gone") + ", which is not a folder"), words),
                () -> assertTrue(words.contains("libcublas.so.13 did not load"), words));
    }

    @ParameterizedTest
    @EnumSource
    void aSystemWithoutCudaIsToldSoForEach(Library library) {
        machine.system("Mac OS X", "aarch64");
        reasonHas(library, "Mac OS X", "--device cpu");
    }

    @Test
    void windowsIsSentToWsl() {
        machine.system("Windows 11", "amd64");
        reasonHas(Library.DRIVER, "WSL 2");
    }

    @Test
    void aProcessorWithoutCudaIsNamed() {
        machine.system("Linux", "riscv64");
        reasonHas(Library.DRIVER, "riscv64", "--device cpu");
    }
}
