package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.NativeObject;
import io.mnist20k.cuda.OnSoftwareDevice;
import io.mnist20k.cuda.SoftwareDevice;
import io.mnist20k.engine.cuda.CudaProvider;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is said of the software CUDA device.
@OnSoftwareDevice
final class CudaProviderTest {
    private static final String NAME = "mnist20k software CUDA device";
    private static final int NO_DEVICE = 100;

    @AfterEach
    void forgetFailures() {
        SoftwareDevice.reset();
    }

    @Test
    void theSoftwareDeviceIsThereForWhoeverNamesIt() {
        Map<String, Integer> before = NativeObject.live();
        Availability.OnRequest found = assertInstanceOf(Availability.OnRequest.class, new CudaProvider().probe());
        assertEquals(NAME, found.deviceName());
        assertTrue(
                found.findings().values().stream().anyMatch(value -> value.contains("libcuda.so.1")), found.toString());
        assertEquals(before, NativeObject.live());
        Devices.Choice choice = Devices.choose("cuda", 1);
        assertEquals("cuda (" + NAME + ")", choice.reason());
        assertEquals(NAME, choice.engine().deviceName());
    }

    @Test
    void autoPassesItOverAndSaysWhy() {
        Devices.Choice choice = Devices.choose("auto", 1);
        assertFalse(choice.engine().name().equals("cuda"), choice.reason());
        assertTrue(choice.reason().contains("not cuda: "), choice.reason());
        assertTrue(choice.reason().contains("test"), choice.reason());
        assertEquals(1, choice.reason().lines().count());
    }

    @Test
    void aDriverWithoutGpuIsMissingWithItsRemedy() {
        SoftwareDevice.fail("cuInit", 1, NO_DEVICE);
        Availability.Missing missing = assertInstanceOf(Availability.Missing.class, new CudaProvider().probe());
        assertTrue(missing.reasons().getFirst().contains("nvidia-smi"), missing.toString());
    }

    @Test
    void whatASessionCannotOpenIsFoundByTheProbe() {
        for (String function :
                new String[] {"cudnnCreate", "cublasCreate_v2", "cuMemAlloc_v2", "nvrtcCompileProgram"}) {
            Map<String, Integer> before = NativeObject.live();
            SoftwareDevice.fail(function, 1, 1);
            Availability.Missing missing =
                    assertInstanceOf(Availability.Missing.class, new CudaProvider().probe(), function);
            assertTrue(missing.reasons().getFirst().contains(function), missing.toString());
            assertEquals(before, NativeObject.live(), function);
            SoftwareDevice.reset();
        }
    }
}
