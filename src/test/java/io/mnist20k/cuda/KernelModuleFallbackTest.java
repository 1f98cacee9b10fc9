package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.util.Map;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What becomes of an image that does not fit the GPU. No fatbin fits the software device.
@OnSoftwareDevice
final class KernelModuleFallbackTest {
    /// Begins as a fatbin does.
    private static final byte[] FATBIN = {0x50, (byte) 0xED, 0x55, (byte) 0xBA, 1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    private Gpu gpu;

    @BeforeEach
    void open() {
        SoftwareDevice.reset();
        gpu = new Gpu(0);
    }

    @AfterEach
    void nothingIsLeft() {
        gpu.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @Test
    void sourcesAreCompiledWhereTheImageDoesNotFit() {
        try (KernelModule module = KernelModule.load(gpu, FATBIN, ProbeKernels.SOURCES)) {
            assertEquals(KernelModule.Origin.SOURCES, module.origin());
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CUresult.CUDA_ERROR_INVALID_IMAGE,
                CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                CUresult.CUDA_ERROR_INVALID_PTX,
                CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
                CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED
            })
    void eachRefusalOfAnImageLeadsToTheSources(int status) {
        byte[] image = ProbeKernels.SOURCES.compile(gpu);
        SoftwareDevice.fail("cuModuleLoadData", 1, status);
        try (KernelModule module = KernelModule.load(gpu, image, ProbeKernels.SOURCES)) {
            assertEquals(KernelModule.Origin.SOURCES, module.origin());
        }
    }

    @Test
    void otherFailuresOfLoadingAreNotHidden() {
        SoftwareDevice.fail("cuModuleLoadData", 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        CudaException failure =
                assertThrows(CudaException.class, () -> KernelModule.load(gpu, FATBIN, ProbeKernels.SOURCES));
        assertEquals(CUresult.CUDA_ERROR_OUT_OF_MEMORY, failure.status());
    }

    @Test
    void everyReasonIsGivenWhereNothingWorks() {
        String message = assertThrows(UserError.class, () -> KernelModule.load(gpu, FATBIN, KernelModuleTest.BROKEN))
                .getMessage();
        assertTrue(message.contains("broken.cu"), message);
        assertTrue(message.contains(gpu.description().name()), message);
        assertTrue(message.contains("CUDA_ERROR_NO_BINARY_FOR_GPU"), message);
        assertTrue(message.contains("--gpu-architecture=sm_"), message);
        assertTrue(message.contains("error"), message);
    }
}
