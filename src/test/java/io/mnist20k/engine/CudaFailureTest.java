package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.cuda.BoundFunctions;
import io.mnist20k.cuda.NativeObject;
import io.mnist20k.cuda.OnSoftwareDevice;
import io.mnist20k.cuda.SoftwareDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.engine.cuda.CudaProvider;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever fails below a session ends it in one sentence, with everything freed; but for what fails in a capture,
/// where nothing runs: that is done without one.
@OnSoftwareDevice
final class CudaFailureTest {
    private static final long SEED = 5;
    private static final Engine ENGINE = new CudaProvider().create(1);
    private static final ContractCase LAYERS = small(
            "layers",
            "pool 4 4, biasConv 2 3 1 0, norm, relu, dropout 0.2, conv 3 1 1 0, average, dense 10",
            Kernels.CUDNN);
    /// So many channels that a block is to have more shared memory than it has unasked.
    private static final ContractCase UNITS = small(
            "units",
            "conv 24 3 1 0, norm, relu, pool 2 2, dropout 0.2, conv 32 3 1 0, norm, relu, average, dense 10",
            Kernels.FUSED);

    /// `CUDA_ERROR_UNKNOWN`, and no status of cuDNN, cuBLAS or NVRTC.
    private static final int UNKNOWN = 999;

    private static final int OUT_OF_MEMORY = 2;
    private static final int LAUNCH_FAILED = 719;

    /// What a failed one of these was to free stays alive, and no one else can free it.
    private static final Set<String> FREEING = Set.of(
            "cuMemFree_v2",
            "cuMemFreeHost",
            "cuStreamDestroy_v2",
            "cuEventDestroy_v2",
            "cuGraphDestroy",
            "cuGraphExecDestroy",
            "cuModuleUnload",
            "cuDevicePrimaryCtxRelease_v2",
            "cublasDestroy_v2",
            "cudnnDestroy",
            "cudnnDestroyTensorDescriptor",
            "cudnnDestroyFilterDescriptor",
            "cudnnDestroyConvolutionDescriptor",
            "cudnnDestroyPoolingDescriptor",
            "nvrtcDestroyProgram");

    /// Layers that have native objects of their own, and a short last step.
    private static ContractCase small(String name, String layers, Kernels kernels) {
        Training usual = ContractCase.usual(SEED).training();
        return new ContractCase(
                name,
                Layers.network(layers),
                new Training(
                        4,
                        SEED,
                        usual.optimizer(),
                        0.1,
                        0.9,
                        usual.augmentation(),
                        usual.normalization(),
                        new EngineSettings(Precision.FP32, kernels)),
                10);
    }

    static List<ContractCase> cases() {
        return List.of(LAYERS, UNITS);
    }

    @BeforeEach
    @AfterEach
    void forgetFailures() {
        SoftwareDevice.reset();
    }

    /// What a session leaves, and how many graphs it launched.
    private record Life(SessionState state, float[] logits, long graphs) {}

    /// All that a session does in its life: steps and passes are launched, captured, and replayed.
    private static Life live(ContractCase test) {
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        long graphsBefore = SoftwareDevice.calls("cuGraphLaunch");
        try (Session session = ENGINE.open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.training(), SEED));
            session.train(dataset, epoch, (_, _, _) -> true);
            float[] launched = session.logits(dataset);
            session.train(dataset, epoch, (_, _, _) -> true);
            float[] captured = session.logits(dataset);
            assertFalse(Arrays.equals(launched, captured), "an epoch changed nothing");
            float[] replayed = session.logits(dataset);
            assertArrayEquals(captured, replayed);
            return new Life(session.state(), replayed, SoftwareDevice.calls("cuGraphLaunch") - graphsBefore);
        }
    }

    private static void checkSame(Life expected, Life actual) {
        SameBits.check(expected.state(), actual.state());
        assertArrayEquals(expected.logits(), actual.logits());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachCallThatFailsEndsInOneSentenceOrCostsAGraphWithEverythingFreed(ContractCase test) {
        Life expected = live(test); // and the algorithms are chosen
        SoftwareDevice.reset();
        live(test);
        var calls = new TreeMap<String, Long>();
        for (String function : BoundFunctions.withStatus()) {
            boolean tellsOfAnother = function.startsWith("cuGetError");
            if (SoftwareDevice.calls(function) > 0 && !tellsOfAnother) {
                calls.put(function, SoftwareDevice.calls(function));
            }
        }
        Set<String> ofTheCase = test.equals(LAYERS)
                ? Set.of("cudnnConvolutionForward", "cublasGemmEx", "cuLaunchKernel")
                : Set.of("cuFuncSetAttribute", "cuLaunchKernelEx");
        assertTrue(calls.keySet().containsAll(ofTheCase) && calls.size() > 40, calls.toString());
        calls.forEach((function, count) -> {
            for (long nth = 1; nth <= count; nth++) {
                checkFailure(test, function, nth, expected);
            }
        });
    }

    /// How often the host looks and fetches depends on time, so a call that was counted may not come again. And one
    /// that fails in a capture, where nothing runs, is made again outside of it.
    private static void checkFailure(ContractCase test, String function, long nth, Life expected) {
        String what = "call " + nth + " of " + function;
        Map<String, Integer> before = NativeObject.live();
        long alive = SoftwareDevice.live("");
        SoftwareDevice.reset();
        SoftwareDevice.fail(function, nth, UNKNOWN);
        try {
            Life survived = live(test);
            checkSame(expected, survived);
            assertTrue(
                    SoftwareDevice.calls(function) < nth || survived.graphs() < expected.graphs(),
                    () -> what + " was survived");
        } catch (UserError error) {
            assertFalse(error.getMessage().contains("\n"), error.getMessage());
            assertTrue(error.getMessage().contains("999"), () -> what + ": " + error.getMessage());
        }
        SoftwareDevice.reset();
        assertEquals(before, NativeObject.live(), what);
        if (!FREEING.contains(function)) {
            assertEquals(alive, SoftwareDevice.live(""), what);
        }
    }

    @Test
    void everyFailedSearchForAnAlgorithmEndsInOneSentence() throws IOException {
        Life expected = live(LAYERS);
        for (String function : BoundFunctions.withStatus()) {
            if (function.startsWith("cudnnFindConvolution")) {
                Files.deleteIfExists(CudaEngines.algorithmFile());
                checkFailure(LAYERS, function, 1, expected);
            }
        }
    }

    @Test
    void anErrorThatSticksEndsTheSessionAndItsSentenceSaysSo() {
        live(LAYERS);
        SoftwareDevice.reset();
        SoftwareDevice.fail("cuGraphLaunch", 2, LAUNCH_FAILED);
        UserError error = assertThrows(UserError.class, () -> live(LAYERS));
        SoftwareDevice.reset();
        assertTrue(error.getMessage().contains("719"), error.getMessage());
        assertTrue(error.getMessage().contains("start again"), error.getMessage());
    }

    @Test
    void aDeviceThatIsTooSmallIsNamedWithWhatTheNetworkTakes() {
        long alive = SoftwareDevice.live("");
        SoftwareDevice.memory(1 << 20);
        try {
            UserError error = assertThrows(UserError.class, () -> live(LAYERS));
            assertTrue(error.getMessage().contains("cuMemAlloc_v2"), error.getMessage());
            assertTrue(error.getMessage().contains("--batch"), error.getMessage());
            assertEquals(alive, SoftwareDevice.live(""));
        } finally {
            SoftwareDevice.memory(8L << 30);
        }
    }

    /// A copy may be the first to tell of a kernel's failure, and pinned memory is not the GPU's.
    @ParameterizedTest
    @CsvSource({"cuMemcpyDtoHAsync_v2, 719", "cuMemsetD8Async, 719", "cuMemHostAlloc, 2"})
    void whatASmallerBatchDoesNotMendIsNotSaidOfIt(String function, int status) {
        SoftwareDevice.fail(function, 1, status);
        UserError error = assertThrows(UserError.class, () -> live(LAYERS));
        assertTrue(error.getMessage().contains(function), error.getMessage());
        assertFalse(error.getMessage().contains("--batch"), error.getMessage());
        assertFalse(error.getMessage().contains("bytes of"), error.getMessage());
    }

    @Test
    void runningOutOfMemoryInTheMiddleEndsTheSession() {
        SoftwareDevice.reset();
        live(LAYERS);
        long allocations = SoftwareDevice.calls("cuMemAlloc_v2");
        SoftwareDevice.reset();
        for (long nth = 1; nth <= allocations; nth++) {
            long alive = SoftwareDevice.live("");
            SoftwareDevice.fail("cuMemAlloc_v2", nth, OUT_OF_MEMORY);
            UserError error = assertThrows(UserError.class, () -> live(LAYERS));
            assertTrue(error.getMessage().contains("CUDA_ERROR_OUT_OF_MEMORY"), error.getMessage());
            assertEquals(alive, SoftwareDevice.live(""), "allocation " + nth);
        }
    }

    @Test
    void afterAFailureTheSessionIsClosed() {
        Dataset dataset = Synthetic.images(SEED, LAYERS.images());
        Session session = ENGINE.open(LAYERS.network(), LAYERS.training());
        session.restore(Synthetic.state(LAYERS.network(), LAYERS.training(), SEED));
        SoftwareDevice.fail("cuMemcpyDtoHAsync_v2", 1, UNKNOWN);
        assertThrows(UserError.class, session::state);
        assertThrows(IllegalStateException.class, session::state);
        assertThrows(IllegalStateException.class, () -> session.logits(dataset));
        session.close();
    }

    /// A driver that cannot capture what a library does, has no memory for a graph, or refuses it for a reason of its
    /// own: the same bits without it. The full step, the short one and the pass of an evaluation are captured.
    @ParameterizedTest
    @CsvSource({
        "cuStreamBeginCapture_v2, 900",
        "cuStreamEndCapture, 900",
        "cuGraphInstantiateWithFlags, 900",
        "cuGraphInstantiateWithFlags, 2",
        "cuGraphInstantiateWithFlags, 801",
        "cuGraphUpload, 2"
    })
    void whatCannotBeCapturedIsLaunchedPieceByPiece(String function, int status) {
        Life expected = live(LAYERS);
        for (long nth = 1; nth <= 3; nth++) {
            long alive = SoftwareDevice.live("");
            SoftwareDevice.reset();
            SoftwareDevice.fail(function, nth, status);
            checkSame(expected, live(LAYERS));
            assertTrue(SoftwareDevice.calls(function) >= nth, "capture " + nth + " did not fail");
            assertEquals(alive, SoftwareDevice.live(""));
        }
    }

    /// A library that queues in a capture what cannot be captured fails in its own words, the first step having gone
    /// well; only the end of the capture tells why. The full step, the short one, and the pass of an evaluation
    /// are captured.
    ///
    /// @param captured calls of the function while the three are
    @ParameterizedTest
    @CsvSource({
        "cudnnConvolutionBackwardFilter, 5003, 4",
        "cudnnBatchNormalizationForwardTraining, 5000, 2",
        "cudnnPoolingBackward, 5003, 2",
        "cublasGemmEx, 13, 9"
    })
    void aLibraryThatCannotBeCapturedIsCalledPieceByPiece(String function, int status, int captured) {
        Life expected = live(LAYERS);
        SoftwareDevice.reset();
        live(LAYERS);
        long calls = SoftwareDevice.calls(function);
        int survived = 0;
        for (long nth = 1; nth <= calls; nth++) {
            long alive = SoftwareDevice.live("");
            SoftwareDevice.reset();
            SoftwareDevice.fail(function, nth, status);
            try {
                checkSame(expected, live(LAYERS));
                survived++;
            } catch (UserError outside) {
                assertTrue(outside.getMessage().contains("(" + status + ")"), outside.getMessage());
            }
            SoftwareDevice.reset();
            assertEquals(alive, SoftwareDevice.live(""), "call " + nth);
        }
        assertEquals(captured, survived);
    }

    /// As where a driver is told to compile PTX itself, of which there is that for the oldest GPUs.
    @Test
    void kernelsThatDoNotKnowHowToWaitDoNotOverlap() {
        Life expected = live(UNITS);
        assertTrue(SoftwareDevice.calls("cuLaunchKernelEx") > 0);
        SoftwareDevice.reset();
        SoftwareDevice.compiledFor(75);
        try {
            checkSame(expected, live(UNITS));
            try (Session session = ENGINE.open(UNITS.network(), UNITS.training())) {
                assertTrue(
                        session.kernels()
                                .endsWith(
                                        "; launched one after the other, since the driver compiled the kernels for GPUs"
                                                + " before 9.0"),
                        session.kernels());
            }
        } finally {
            SoftwareDevice.compiledFor(90);
        }
        assertEquals(0, SoftwareDevice.calls("cuLaunchKernelEx"));
    }

    /// Looking at events is no waiting: the device never stands still for the host within an epoch.
    @Test
    void anEpochWaitsOnceAndAllocatesNothing() {
        Dataset dataset = Synthetic.images(SEED, LAYERS.images());
        Epoch epoch = ReferenceRun.epoch(LAYERS, SEED);
        try (Session session = ENGINE.open(LAYERS.network(), LAYERS.training())) {
            session.restore(Synthetic.state(LAYERS.network(), LAYERS.training(), SEED));
            session.train(dataset, epoch, (_, _, _) -> true);
            session.train(dataset, epoch, (_, _, _) -> true);
            SoftwareDevice.reset();
            session.train(dataset, epoch, (_, _, _) -> true);
            assertEquals(1, SoftwareDevice.calls("cuStreamSynchronize"));
            for (String function : List.of("cuEventSynchronize", "cuMemAlloc_v2", "cuMemHostAlloc", "cuLaunchKernel")) {
                assertEquals(0, SoftwareDevice.calls(function), function);
            }
            assertEquals(epoch.steps(), SoftwareDevice.calls("cuGraphLaunch"));
        }
    }

    /// Whatever the dataset's size, once its pass has been captured.
    @ParameterizedTest
    @MethodSource("cases")
    void aPassThroughADatasetIsOneLaunchAndAllocatesNothing(ContractCase test) {
        Dataset dataset = Synthetic.images(SEED, test.images());
        Dataset another = Synthetic.images(SEED + 1, 3 * test.images() + 1);
        try (Session session = ENGINE.open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.training(), SEED));
            float[] launched = session.logits(dataset);
            float[] ofAnother = session.logits(another);
            assertArrayEquals(launched, session.logits(dataset), "launched again");
            assertArrayEquals(launched, session.logits(dataset), "captured");
            SoftwareDevice.reset();
            assertArrayEquals(launched, session.logits(dataset));
            assertEquals(1, SoftwareDevice.calls("cuGraphLaunch"));
            assertEquals(1, SoftwareDevice.calls("cuStreamSynchronize"));
            for (String function :
                    List.of("cuMemAlloc_v2", "cuMemHostAlloc", "cuLaunchKernel", "cuLaunchKernelEx", "cublasGemmEx")) {
                assertEquals(0, SoftwareDevice.calls(function), function);
            }
            assertArrayEquals(ofAnother, session.logits(another));
        }
    }

    /// A graph of them all would take too much memory.
    @Test
    void aPassOfVeryManyBatchesIsLaunchedPieceByPiece() {
        Dataset dataset = Synthetic.images(SEED, 4_001);
        try (Session session = ENGINE.open(LAYERS.network(), LAYERS.training())) {
            session.restore(Synthetic.state(LAYERS.network(), LAYERS.training(), SEED));
            float[] first = session.logits(dataset);
            assertArrayEquals(first, session.logits(dataset));
            assertEquals(0, SoftwareDevice.calls("cuGraphLaunch"));
        }
    }
}
