package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@OnCudaDevice
final class KernelModuleTest {
    /// What no compiler takes.
    static final KernelSources BROKEN =
            new KernelSources("broken.cu", "extern \"C\" __global__ void oops( {}", Map.of());

    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = new Gpu(0);
    }

    @AfterEach
    void nothingIsLeft() {
        gpu.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @Test
    void imageThatFitsIsTaken() {
        try (KernelModule module = KernelModule.load(gpu, ProbeKernels.SOURCES.compile(gpu), BROKEN)) {
            assertEquals(KernelModule.Origin.IMAGE, module.origin());
            module.kernel("probe_trap");
        }
    }

    @Test
    void sourcesAreCompiledWhereThereIsNoImage() {
        try (KernelModule module = KernelModule.load(gpu, null, ProbeKernels.SOURCES)) {
            assertEquals(KernelModule.Origin.SOURCES, module.origin());
            module.kernel("probe_trap");
        }
    }

    @Test
    void compilersLogIsInTheSentence() {
        String message =
                assertThrows(UserError.class, () -> BROKEN.compile(gpu)).getMessage();
        assertTrue(message.contains("broken.cu(1)"), message);
    }

    @Test
    void compilerKnowsItself() {
        assertTrue(Nvrtc.version().matches("1[23]\\.\\d+"), Nvrtc.version());
        assertTrue(
                Nvrtc.supportedArchitectures().contains(90),
                Nvrtc.supportedArchitectures().toString());
    }
}
