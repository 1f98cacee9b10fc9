package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.Objects;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@OnCudaDevice
final class KernelLaunchTest {
    private final Owner owner = new Owner();
    private Gpu gpu;
    private KernelModule module;
    private DeviceBuffer out;

    @BeforeEach
    void open() {
        gpu = owner.own(new Gpu(0));
        module = owner.own(ProbeKernels.load(gpu));
        out = owner.own(new DeviceBuffer(gpu, 8));
        out.clear();
    }

    @AfterEach
    void nothingIsLeft() {
        owner.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @Test
    void parametersOfEveryWidthArrive() {
        module.kernel("probe_parameters")
                .prepare(1, 1, out, (byte) 3, -40, 5L << 33, 0.5f, 0.0625)
                .launch();
        assertEquals(3 - 40 + (5L << 33) + 0.5 + 0.0625, result());
    }

    @Test
    void byteIsUnsignedInTheKernel() {
        module.kernel("probe_parameters")
                .prepare(1, 1, out, (byte) 200, 0, 0L, 0f, 0.0)
                .launch();
        assertEquals(200.0, result());
    }

    @Test
    void changedParameterIsOfTheNextLaunch() {
        KernelLaunch launch = module.kernel("probe_parameters").prepare(1, 1, out, (byte) 0, 1, 0L, 0f, 0.0);
        launch.launch();
        launch.set(2, 2);
        assertEquals(1.0, result());
        launch.launch();
        assertEquals(2.0, result());
    }

    @Test
    void parameterOfAnotherWidthIsRefused() {
        KernelLaunch launch = module.kernel("probe_parameters").prepare(1, 1, out, (byte) 0, 1, 0L, 0f, 0.0);
        String message = messageOf(assertThrows(IllegalArgumentException.class, () -> launch.set(2, 2L)));
        assertTrue(message.contains("probe_parameters") && message.contains("2") && message.contains("Long"), message);
    }

    @Test
    void widthsThatAreNotTheKernelsAreRefusedWhereTheDriverKnowsThem() {
        assumeTrue(CudaDriver.FUNCTIONS.has("cuFuncGetParamInfo"), "this driver does not tell widths");
        Kernel kernel = module.kernel("probe_parameters");
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, out, (byte) 0, 1, 0, 0f, 0.0));
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, out, (byte) 0, 1, 0L, 0f));
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, out, (byte) 0, 1, 0L, 0f, 0.0, 1));
        String message = messageOf(assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, out)));
        assertTrue(message.contains("[8, 1, 4, 8, 4, 8]") && message.contains("[8]"), message);
    }

    @Test
    void kernelTakesNoOtherTypes() {
        Kernel kernel = module.kernel("probe_early_return");
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, "1"));
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare(1, 1, (short) 1));
    }

    @Test
    void everyBlockAndThreadRuns() {
        module.kernel("probe_count").prepare(7, 31, out).launch();
        int[] count = new int[1];
        out.download(0, count);
        assertEquals(7 * 31, count[0]);
    }

    @Test
    void secondDimensionRuns() {
        module.kernel("probe_count").prepare(new LaunchShape(3, 2, 5), out).launch();
        int[] count = new int[1];
        out.download(0, count);
        assertEquals(3 * 2 * 5, count[0]);
    }

    @Test
    void shapeOverTheLimitsIsRefusedByName() {
        KernelLaunch launch = module.kernel("probe_count").prepare(1, 1025, out);
        CudaException failure = assertThrows(CudaException.class, launch::launch);
        assertEquals(CUresult.CUDA_ERROR_INVALID_VALUE, failure.status());
        assertTrue(failure.getMessage().contains("probe_count"), failure.getMessage());
        assertTrue(failure.getMessage().contains("1025"), failure.getMessage());
    }

    @Test
    void unknownKernelIsNamed() {
        CudaException failure = assertThrows(CudaException.class, () -> module.kernel("no_such_kernel"));
        assertEquals(CUresult.CUDA_ERROR_NOT_FOUND, failure.status());
        assertTrue(failure.getMessage().contains("no_such_kernel"), failure.getMessage());
    }

    @Test
    void launchAfterTheModuleIsClosedIsRefused() {
        KernelLaunch launch = module.kernel("probe_count").prepare(1, 1, out);
        module.close();
        assertThrows(IllegalStateException.class, launch::launch);
        assertThrows(IllegalStateException.class, () -> launch.set(0, 1L));
        assertThrows(IllegalStateException.class, () -> module.kernel("probe_count"));
    }

    @Test
    void graphReplaysWhatWasCaptured() {
        KernelLaunch write = module.kernel("probe_write").prepare(1, 1, out, 0, 11);
        KernelLaunch count = module.kernel("probe_count").prepare(2, 3, out);
        CudaGraph graph = owner.own(gpu.capture(() -> {
            write.launch();
            count.launch();
        }));
        assertArrayEquals(new int[] {0, 0}, ints());
        write.set(2, 99);
        graph.launch();
        assertArrayEquals(new int[] {17, 0}, ints());
        graph.launch();
        graph.launch();
        assertArrayEquals(new int[] {17, 0}, ints());
        write.launch();
        assertArrayEquals(new int[] {99, 0}, ints());
    }

    @Test
    void failureWhileCapturingLeavesTheStreamUsable() {
        KernelLaunch count = module.kernel("probe_count").prepare(1, 1, out);
        IllegalCallerException thrown = assertThrows(
                IllegalCallerException.class,
                () -> gpu.capture(() -> {
                    count.launch();
                    throw new IllegalCallerException("stop");
                }));
        assertEquals("stop", thrown.getMessage());
        count.launch();
        assertArrayEquals(new int[] {1, 0}, ints());
    }

    @Test
    void allocationWhileCapturingIsRefusedAndTheStreamStaysUsable() {
        KernelLaunch count = module.kernel("probe_count").prepare(1, 1, out);
        CudaException failure = assertThrows(
                CudaException.class,
                () -> gpu.capture(() -> {
                    count.launch();
                    owner.own(new DeviceBuffer(gpu, 8));
                }));
        assertEquals(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, failure.status());
        count.launch();
        assertArrayEquals(new int[] {1, 0}, ints());
    }

    @Test
    void closedGraphCannotBeLaunched() {
        CudaGraph graph = gpu.capture(() -> out.clear());
        graph.close();
        graph.close();
        assertThrows(IllegalStateException.class, graph::launch);
    }

    @Test
    void eventsMeasureWhatLiesBetweenThem() {
        try (CudaEvent start = new CudaEvent(gpu);
                CudaEvent end = new CudaEvent(gpu)) {
            start.record();
            module.kernel("probe_count").prepare(100, 64, out).launch();
            end.record();
            end.synchronize();
            float milliseconds = end.millisecondsSince(start);
            assertTrue(milliseconds > 0 && milliseconds < 60_000, milliseconds + " ms");
        }
    }

    private double result() {
        double[] result = new double[1];
        out.download(0, result);
        return result[0];
    }

    private int[] ints() {
        int[] ints = new int[2];
        out.download(0, ints);
        return ints;
    }

    private static String messageOf(Exception exception) {
        return Objects.requireNonNull(exception.getMessage());
    }
}
