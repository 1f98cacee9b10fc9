package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a person reads when a call fails; needs neither driver nor device.
final class SentencesTest {
    @Test
    void failureNamesCallNumberWordsAndRemedy() {
        CudaException failure = new CudaException("cuMemAlloc_v2(bytes=4096)", 2, "OUT", "no room", "ask less");
        assertEquals("cuMemAlloc_v2(bytes=4096) failed with OUT (2): no room; ask less", failure.getMessage());
        assertEquals("cuMemAlloc_v2(bytes=4096)", failure.call());
        assertEquals(2, failure.status());
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertEquals("f() failed with BAD (7)", new CudaException("f()", 7, "BAD", "", "").getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        CUresult.CUDA_ERROR_STUB_LIBRARY + ", stubs",
        CUresult.CUDA_ERROR_NO_DEVICE + ", nvidia-smi",
        CUresult.CUDA_ERROR_NO_DEVICE + ", CUDA_VISIBLE_DEVICES",
        CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH + ", restart",
        CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE + ", compat",
        CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION + ", update NVIDIA's driver",
        CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU + ", not compiled for this GPU",
        CUresult.CUDA_ERROR_LAUNCH_FAILED + ", CUDA_LAUNCH_BLOCKING=1"
    })
    void knownFailureOfTheDriverHasARemedy(int status, String fact) {
        String remedy = DriverRemedy.of(status, () -> "");
        assertTrue(remedy.contains(fact), remedy);
    }

    @Test
    void outOfMemorySaysWhatIsFreeWhereThatIsKnown() {
        int status = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        assertTrue(DriverRemedy.of(status, () -> "5 bytes of 9 are free").startsWith("5 bytes of 9 are free: "));
        assertTrue(DriverRemedy.of(status, () -> "").startsWith("ask for less"));
        assertEquals("end it", DriverRemedy.ofMemory("", "end it"));
    }

    @Test
    void onlyAnAllocationRunsOutOfTheDevicesMemory() {
        int status = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        assertTrue(new CudaException("cuMemAlloc_v2(bytes=4096)", status, "OUT", "", "").isOutOfDeviceMemory());
        assertFalse(new CudaException("cuMemAlloc_v2(bytes=4096)", 1, "INVALID", "", "").isOutOfDeviceMemory());
        assertFalse(new CudaException("cuMemHostAlloc(bytes=4096)", status, "OUT", "", "").isOutOfDeviceMemory());
    }

    @Test
    void unknownFailureHasNoRemedy() {
        assertEquals("", DriverRemedy.of(CUresult.CUDA_ERROR_UNKNOWN, () -> "5 bytes of 9 are free"));
    }

    @ParameterizedTest
    @ValueSource(ints = {700, 702, 710, 714, 715, 716, 717, 718, 719})
    void failuresOfTheContextAreSticky(int status) {
        assertTrue(DriverRemedy.isSticky(status));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 201, 209, 400, 600, 701, 900})
    void failuresOfOneCallAreNotSticky(int status) {
        assertFalse(DriverRemedy.isSticky(status));
    }

    @ParameterizedTest
    @ValueSource(longs = {90_000, 90_501, 92_500})
    void anyCudnn9IsTaken(long version) {
        Cudnn.requireMajor(version);
    }

    @ParameterizedTest
    @ValueSource(longs = {8_907, 89_999, 100_000})
    void cudnnOfAnotherMajorVersionIsRefusedWithBothNumbers(long version) {
        String message =
                assertThrows(UserError.class, () -> Cudnn.requireMajor(version)).getMessage();
        assertTrue(message.contains(Long.toString(version)), message);
        assertTrue(message.contains("cuDNN 9"), message);
    }

    @Test
    void cudnnFailuresThatAPersonCanMendHaveARemedy() {
        assertTrue(CudnnStatus.remedy(CudnnStatus.SUBLIBRARY_VERSION_MISMATCH).contains("two versions"));
        assertTrue(CudnnStatus.remedy(CudnnStatus.NOT_SUPPORTED_ARCH_MISMATCH).contains("GPU"));
        assertEquals("", CudnnStatus.remedy(2000));
    }

    /// Kernels are queued: what is wrong with one is told by a later call, of whichever library.
    @Test
    void aLibraryThatFailsToExecuteMayReportEarlierWork() {
        for (int status : new int[] {4000, 5000, 5001, 5002, 5003}) {
            assertTrue(CudnnStatus.remedy(status).contains("earlier work"), CudnnStatus.remedy(status));
        }
        for (int status : new int[] {13, 14}) {
            assertTrue(Cublas.remedy(status).contains("earlier work"), Cublas.remedy(status));
        }
    }

    @Test
    void pinnedMemoryIsThisMachines() {
        assertEquals("free some of this machine's memory", DriverRemedy.ofHostMemory(2));
        assertEquals(DriverRemedy.of(719, () -> ""), DriverRemedy.ofHostMemory(719));
    }
}
