package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Which of several libraries are taken, with libraries that really load.
@EnabledIf(value = "io.mnist20k.cuda.MadeUpLibraries#canBeMade", disabledReason = "there is no C compiler")
final class LibrarySearchLoadingTest {
    // The libraries stay in memory, and some systems cannot delete those.
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path root;

    private MadeUpMachine machine;
    private MadeUpLibraries libraries;

    @BeforeEach
    void twoFoldersOnTheLoadersPath() {
        machine = new MadeUpMachine(root)
                .with("/a")
                .with("/b")
                .with("/driver")
                .variable("LD_LIBRARY_PATH", "@/a:@/b")
                .property("@/driver");
        libraries = new MadeUpLibraries(machine).driver("/driver", 13_000);
    }

    private Path loaded(Library library) {
        Finding finding = new LibrarySearch(machine.machine()).find(library);
        return assertInstanceOf(Finding.Loaded.class, finding, finding::toString)
                .file();
    }

    private void refused(Library library, String... facts) {
        Finding finding = new LibrarySearch(machine.machine()).find(library);
        String reason = assertInstanceOf(Finding.Missing.class, finding, finding::toString)
                .reason();
        for (String fact : facts) {
            assertTrue(reason.contains(fact), () -> "\"" + fact + "\" is not in: " + reason);
        }
    }

    @Test
    void theDriverThatTheUserNamesIsTaken() {
        assertEquals(machine.at("/driver/libcuda.so.1"), loaded(Library.DRIVER));
    }

    @Test
    void aLibraryIsLookedForOnce() {
        var search = new LibrarySearch(machine.machine());
        assertSame(search.find(Library.DRIVER), search.find(Library.DRIVER));
    }

    @Test
    void theFirstCompleteFamilyIsTaken() {
        libraries.cudnn("/a", 12_060).cudnn("/b", 13_000);
        assertEquals(machine.at("/a/libcudnn_cnn.so.9"), loaded(Library.CUDNN));
    }

    @Test
    void anIncompleteFamilyIsPassedOver() {
        machine.with("/a", "libcudnn.so.9", "libcudnn_graph.so.9");
        libraries.cudnn("/b", 13_000);
        Finding finding = new LibrarySearch(machine.machine()).find(Library.CUDNN);
        Finding.Loaded cudnn = assertInstanceOf(Finding.Loaded.class, finding, finding::toString);
        assertEquals(machine.at("/b/libcudnn_cnn.so.9"), cudnn.file());
        assertTrue(cudnn.toString().contains(machine.at("/a") + " has only part of cuDNN 9"), cudnn::toString);
        assertTrue(cudnn.symbols().find("cudnnGetCudartVersion").isPresent());
    }

    @Test
    void aFileMayNeedOneThatComesLater() {
        libraries
                .cudnn("/a", 13_000)
                .library(
                        "/a",
                        "libcudnn_graph.so.9",
                        "int later(void); unsigned long cudnnGetCudartVersion(void)" + " { return 12000 + later(); }")
                .library("/a", "libcudnn_ops.so.9", "int later(void) { return 60; }");
        assertEquals(machine.at("/a/libcudnn_cnn.so.9"), loaded(Library.CUDNN));
    }

    @Test
    void twoFamiliesAreNeverMixed() {
        libraries.cudnn("/a", 13_000).cudnn("/b", 13_000);
        machine.with("/a", "libcudnn_cnn.so.9");
        refused(Library.CUDNN, machine.at("/a").toString(), "file too short");
    }

    @Test
    void aFamilyOfWhichNothingLoadsIsPassedOver() {
        machine.with("/a", MadeUpMachine.CUDNN);
        libraries.cudnn("/b", 13_000);
        assertEquals(machine.at("/b/libcudnn_cnn.so.9"), loaded(Library.CUDNN));
    }

    @Test
    void partsOfAnotherReleaseInTheLoadersReachAreNoted() {
        libraries.cudnn("/a", 13_000).cudnn("/b", 13_000).library("/b", "libcudnn_engines_tensor_ir.so.9", "");
        Finding finding = new LibrarySearch(machine.machine()).find(Library.CUDNN);
        List<String> notes = assertInstanceOf(Finding.Loaded.class, finding, finding::toString)
                .notes();
        assertEquals(1, notes.size(), notes::toString);
        assertTrue(notes.getFirst().contains("libcudnn_engines_tensor_ir.so.9"), notes::toString);
        assertTrue(notes.getFirst().contains(machine.at("/b").toString()), notes::toString);
    }

    @Test
    void aCudnnNewerThanTheDriverIsRefused() {
        libraries.driver("/driver", 12_040).cudnn("/a", 13_000);
        refused(Library.CUDNN, "built for CUDA 13.0", "up to 12.4", "580.65", "nvidia-cudnn-cu12");
    }

    @Test
    void aCudnnOfTheSameMajorVersionAsTheDriverIsTaken() {
        libraries.driver("/driver", 12_020).cudnn("/a", 12_090);
        assertEquals(machine.at("/a/libcudnn_cnn.so.9"), loaded(Library.CUDNN));
    }

    @Test
    void aCudnnForAnOlderCudaIsRefused() {
        libraries.cudnn("/a", 11_080);
        refused(Library.CUDNN, machine.at("/a").toString(), "built for CUDA 11.8", "nvidia-cudnn-cu13");
    }

    @Test
    void cublasIsThatOfCudnnsCuda() {
        libraries.cudnn("/b", 12_060).cublas("/a", 13).cublas("/b", 12);
        assertEquals(machine.at("/b/libcublas.so.12"), loaded(Library.CUBLAS));
    }

    @Test
    void aCublasOfAnotherCudaIsRefused() {
        libraries.cudnn("/b", 12_060).cublas("/a", 13);
        refused(
                Library.CUBLAS,
                "cuDNN was built for CUDA 12",
                machine.at("/a/libcublas.so.13").toString(),
                "nvidia-cublas-cu12");
    }

    @Test
    void withoutCudnnTheNewestCublasOfAFolderIsTaken() {
        libraries.cublas("/a", 12).cublas("/a", 13);
        assertEquals(machine.at("/a/libcublas.so.13"), loaded(Library.CUBLAS));
    }

    @Test
    void nvrtcOfCudnnsCudaGoesFirst() {
        libraries.cudnn("/a", 12_060).nvrtc("/a", 13, 3, "13.3").nvrtc("/b", 12, 6, "12.6");
        assertEquals(machine.at("/b/libnvrtc.so.12"), loaded(Library.NVRTC));
    }

    @Test
    void anyNvrtcIsBetterThanNone() {
        libraries.cudnn("/a", 12_060).nvrtc("/b", 13, 3, "13.3");
        assertEquals(machine.at("/b/libnvrtc.so.13"), loaded(Library.NVRTC));
    }

    @Test
    void nvrtcIsRefusedWithBuiltinsOfAnotherVersion() {
        libraries.nvrtc("/a", 13, 3, "13.0");
        refused(Library.NVRTC, "libnvrtc-builtins.so.13.3", machine.at("/a").toString());
    }
}
