package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.cuda.Cublas.Operation;
import io.mnist20k.cuda.FunctionTable.Function;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is left when any one call of everything that we bind fails.
@OnSoftwareDevice
final class FailureTest {
    /// Functions that say what went wrong, and cannot themselves fail.
    private static final Set<String> CANNOT_FAIL = Set.of(
            "cuGetErrorName",
            "cuGetErrorString",
            "cuMemGetInfo_v2",
            "cudnnGetVersion",
            "cudnnGetErrorString",
            "cudnnGetLastErrorString",
            "cublasGetStatusName",
            "cublasGetStatusString",
            "nvrtcGetErrorString",
            "nvrtcGetProgramLogSize",
            "nvrtcGetProgramLog");

    private long nativeBefore;

    @BeforeEach
    void count() {
        SoftwareDevice.reset();
        nativeBefore = SoftwareDevice.live("");
    }

    @AfterEach
    void reset() {
        SoftwareDevice.reset();
    }

    static Stream<Function> functions() {
        return FunctionTableTest.functions().filter(function -> !CANNOT_FAIL.contains(function.name()));
    }

    @Test
    void everythingWorksAndIsFreed() {
        useEverything();
        for (Function function : functions().toList()) {
            assertTrue(SoftwareDevice.calls(function.name()) > 0, function.name() + " was not called");
        }
        assertEquals(Map.of(), NativeObject.live());
        assertEquals(nativeBefore, SoftwareDevice.live(""));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void failureOfACallNamesItAndFreesTheRest(Function function) {
        int status = 4; // a failure to every library, and handled by nobody
        SoftwareDevice.fail(function.name(), 1, status);
        RuntimeException thrown = null;
        try {
            useEverything();
        } catch (RuntimeException failure) {
            thrown = failure;
        }
        RuntimeException failure = assertInstanceOf(RuntimeException.class, thrown, function.name());
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.contains(said(function.name()) + "("), message);
        assertTrue(message.contains("(" + status + ")"), message);
        if (failure instanceof CudaException call) {
            assertEquals(status, call.status(), message);
            assertTrue(call.call().startsWith(said(function.name())), message);
        } else {
            assertInstanceOf(UserError.class, failure);
            assertTrue(function.name().startsWith("nvrtc"), message);
        }
        assertEquals(Map.of(), NativeObject.live(), message);
        // What the device refused to free it still has; a failed free is not tried again.
        long kept = frees(function.name()) ? 1 : 0;
        // A capture that was not ended forbids the device to free anything.
        if (!function.name().equals("cuStreamEndCapture")) {
            assertEquals(nativeBefore + kept, SoftwareDevice.live(""), message);
        }
    }

    @Test
    void stickyErrorIsSaidAsOneAndEverythingIsStillFreed() {
        RuntimeException thrown = null;
        try (Owner owner = new Owner()) {
            Gpu gpu = owner.own(new Gpu(0));
            DeviceBuffer buffer = owner.own(new DeviceBuffer(gpu, 4));
            buffer.clear();
            owner.own(new CudaEvent(gpu));
            SoftwareDevice.fail("cuStreamSynchronize", 1, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
            buffer.download(0, new int[1]);
        } catch (RuntimeException failure) {
            thrown = failure;
        }
        CudaException failure = assertInstanceOf(CudaException.class, thrown);
        assertTrue(failure.getMessage().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), failure.getMessage());
        assertTrue(failure.getMessage().contains("earlier"), failure.getMessage());
        assertTrue(failure.getMessage().contains("CUDA_LAUNCH_BLOCKING=1"), failure.getMessage());
        assertEquals(Map.of(), NativeObject.live());
        assertEquals(nativeBefore, SoftwareDevice.live(""));
    }

    /// How messages name the functions of which each pass has its own.
    private static String said(String function) {
        return function.replaceFirst(
                "^(cudnn(?:Get|Find)Convolution)(?:Forward|BackwardData|BackwardFilter)(Algorithm|Workspace)", "$1…$2");
    }

    private static boolean frees(String function) {
        return function.matches("cu.*(Destroy|Free|Unload|Release).*") || function.startsWith("nvrtcDestroy");
    }

    private static void useEverything() {
        Gpu.all();
        Gpu.driverVersion();
        Nvrtc.version();
        Cublas.version();
        try (Owner owner = new Owner()) {
            Gpu gpu = owner.own(new Gpu(0));
            useDriver(gpu, owner);
            useCudnn(gpu, owner);
            DeviceBuffer zeros = owner.own(new DeviceBuffer(gpu, 64));
            zeros.clear();
            long floats = zeros.address();
            CublasHandle cublas = owner.own(new CublasHandle(gpu, true));
            Operation none = Operation.NONE;
            DataType type = DataType.FLOAT;
            Cublas.gemmEx(cublas, none, none, 1, 1, 1, type, floats, 1, floats, 1, type, floats + 4, 1);
            gpu.synchronize();
        }
    }

    private static void useDriver(Gpu gpu, Owner owner) {
        DeviceBuffer buffer = owner.own(new DeviceBuffer(gpu, 64));
        PinnedBuffer pinned = owner.own(new PinnedBuffer(64));
        buffer.clear();
        buffer.copyFrom(pinned, 0, 0, 8);
        buffer.copyTo(pinned, 0, 8, 8);
        buffer.copyFrom(buffer, 0, 8, 8);
        KernelModule module = owner.own(ProbeKernels.load(gpu));
        module.kernel("probe_count").prepare(1, 1, buffer).launch();
        int shared = 64 << 10; // more than a launch may have unasked
        module.kernel("probe_count").architecture();
        KernelLaunch count = module.kernel("probe_count").prepare(new LaunchShape(1, 1, 1, shared, true), buffer);
        CudaEvent start = owner.own(new CudaEvent(gpu));
        CudaEvent end = owner.own(new CudaEvent(gpu));
        start.record();
        owner.own(gpu.capture(count::launch)).launch();
        end.record();
        end.synchronize();
        assertTrue(end.isReached());
        assertTrue(end.millisecondsSince(start) >= 0);
        try (NvrtcProgram program = new NvrtcProgram(ProbeKernels.SOURCES)) {
            program.compile(List.of("--gpu-architecture=compute_75"));
            assertTrue(program.ptx().length > 0);
        }
    }

    private static void useCudnn(Gpu gpu, Owner owner) {
        CudnnHandle cudnn = owner.own(new CudnnHandle(gpu));
        DataType type = DataType.FLOAT;
        TensorDescriptor x = owner.own(new TensorDescriptor(type, 1, 1, 2, 2));
        TensorDescriptor channels = owner.own(TensorDescriptor.ofChannels(x));
        FilterDescriptor w = owner.own(new FilterDescriptor(type, 1, 1, 1, 1));
        ConvolutionDescriptor convolution = owner.own(new ConvolutionDescriptor(0, 1, MathType.FMA));
        PoolingDescriptor pooling = owner.own(new PoolingDescriptor(PoolingMode.MAX, 1, 1, 1));
        DeviceBuffer memory = owner.own(new DeviceBuffer(gpu, 1 << 16));
        memory.clear();
        long a = memory.address();
        long b = a + 256;
        long c = a + 512;
        long d = a + 768;
        long workspace = a + 1024;
        long bytes = (1 << 16) - 1024;
        for (ConvolutionPass pass : ConvolutionPass.values()) {
            int algorithm = CudnnAlgorithms.guessed(pass, cudnn, x, w, convolution, x)
                    .getFirst()
                    .number();
            CudnnAlgorithms.workspaceBytes(pass, cudnn, x, w, convolution, x, algorithm);
            CudnnAlgorithms.measured(pass, cudnn, x, a, w, b, convolution, x, c, workspace, bytes);
        }
        memory.clear(); // whatever was measured has left nothing of use
        CudnnConvolution.forward(cudnn, x, a, w, b, convolution, 1, workspace, bytes, x, c);
        CudnnConvolution.backwardData(cudnn, w, b, x, c, convolution, 1, workspace, bytes, x, a);
        CudnnConvolution.backwardFilter(cudnn, x, a, x, c, convolution, 1, workspace, bytes, w, b);
        CudnnPooling.forward(cudnn, pooling, x, a, x, c);
        CudnnPooling.backward(cudnn, pooling, x, c, c, x, a, d);
        CudnnBatchNormalization.forwardTraining(
                cudnn, x, a, c, channels, b, b + 16, 0.5, b + 32, b + 48, 1, b + 64, b + 80);
        CudnnBatchNormalization.forwardInference(cudnn, x, a, c, channels, b, b + 16, b + 32, b + 48, 1);
        CudnnBatchNormalization.backward(cudnn, x, a, c, d, channels, b, b + 96, b + 112, 1, b + 64, b + 80);
    }
}
