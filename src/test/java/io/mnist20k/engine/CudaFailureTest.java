package io.mnist20k.engine;

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
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever fails below a session ends it in one sentence, with everything freed.
@OnSoftwareDevice
final class CudaFailureTest {
    private static final long SEED = 5;
    private static final Engine ENGINE = new CudaProvider().create(1);
    private static final ContractCase TEST = small();

    /// `CUDA_ERROR_UNKNOWN`, and no status of cuDNN, cuBLAS or NVRTC.
    private static final int UNKNOWN = 999;

    private static final int OUT_OF_MEMORY = 2;
    private static final int LAUNCH_FAILED = 719;
    private static final int CAPTURE_UNSUPPORTED = 900;

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

    /// One layer of each kind that has native objects of its own, and a short last step.
    private static ContractCase small() {
        Training usual = ContractCase.usual(SEED).training();
        return new ContractCase(
                "small",
                Layers.network("pool 4 4, biasConv 2 3 1 0, norm, relu, dropout 0.2, conv 3 1 1 0, average, dense 10"),
                new Training(
                        4,
                        SEED,
                        usual.optimizer(),
                        0.1,
                        0.9,
                        usual.augmentation(),
                        usual.normalization(),
                        usual.engine()),
                10);
    }

    @BeforeEach
    @AfterEach
    void forgetFailures() {
        SoftwareDevice.reset();
    }

    /// All that a session does in its life.
    private static SessionState live() {
        Dataset dataset = Synthetic.images(SEED, TEST.images());
        Epoch epoch = ReferenceRun.epoch(TEST, SEED);
        try (Session session = ENGINE.open(TEST.network(), TEST.training())) {
            session.restore(Synthetic.state(TEST.network(), TEST.training(), SEED));
            session.train(dataset, epoch, (_, _, _) -> true);
            session.train(dataset, epoch, (_, _, _) -> true);
            session.logits(dataset);
            return session.state();
        }
    }

    @Test
    void eachCallThatFailsEndsInOneSentenceWithEverythingFreed() {
        SessionState expected = live(); // and the algorithms are chosen
        SoftwareDevice.reset();
        live();
        var calls = new TreeMap<String, Long>();
        for (String function : BoundFunctions.withStatus()) {
            boolean tellsOfAnother = function.startsWith("cuGetError");
            if (SoftwareDevice.calls(function) > 0 && !tellsOfAnother) {
                calls.put(function, SoftwareDevice.calls(function));
            }
        }
        assertTrue(calls.size() > 40, calls.toString());
        calls.forEach((function, count) -> {
            for (long nth = 1; nth <= count; nth++) {
                checkFailure(function, nth, expected);
            }
        });
    }

    /// How often the host looks and fetches depends on time, so a call that was counted may not come again.
    private static void checkFailure(String function, long nth, SessionState expected) {
        String what = "call " + nth + " of " + function;
        Map<String, Integer> before = NativeObject.live();
        long alive = SoftwareDevice.live("");
        SoftwareDevice.reset();
        SoftwareDevice.fail(function, nth, UNKNOWN);
        try {
            SameBits.check(expected, live());
            assertTrue(SoftwareDevice.calls(function) < nth, () -> what + " was survived");
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
        SessionState expected = live();
        for (String function : BoundFunctions.withStatus()) {
            if (function.startsWith("cudnnFindConvolution")) {
                Files.deleteIfExists(CudaEngines.algorithmFile());
                checkFailure(function, 1, expected);
            }
        }
    }

    @Test
    void anErrorThatSticksEndsTheSessionAndItsSentenceSaysSo() {
        live();
        SoftwareDevice.reset();
        SoftwareDevice.fail("cuGraphLaunch", 2, LAUNCH_FAILED);
        UserError error = assertThrows(UserError.class, CudaFailureTest::live);
        SoftwareDevice.reset();
        assertTrue(error.getMessage().contains("719"), error.getMessage());
        assertTrue(error.getMessage().contains("start again"), error.getMessage());
    }

    @Test
    void aDeviceThatIsTooSmallIsNamedWithWhatTheNetworkTakes() {
        long alive = SoftwareDevice.live("");
        SoftwareDevice.memory(1 << 20);
        try {
            UserError error = assertThrows(UserError.class, CudaFailureTest::live);
            assertTrue(error.getMessage().contains("cuMemAlloc_v2"), error.getMessage());
            assertTrue(error.getMessage().contains("--batch"), error.getMessage());
            assertEquals(alive, SoftwareDevice.live(""));
        } finally {
            SoftwareDevice.memory(8L << 30);
        }
    }

    @Test
    void runningOutOfMemoryInTheMiddleEndsTheSession() {
        SoftwareDevice.reset();
        live();
        long allocations = SoftwareDevice.calls("cuMemAlloc_v2");
        SoftwareDevice.reset();
        for (long nth = 1; nth <= allocations; nth++) {
            long alive = SoftwareDevice.live("");
            SoftwareDevice.fail("cuMemAlloc_v2", nth, OUT_OF_MEMORY);
            UserError error = assertThrows(UserError.class, CudaFailureTest::live);
            assertTrue(error.getMessage().contains("CUDA_ERROR_OUT_OF_MEMORY"), error.getMessage());
            assertEquals(alive, SoftwareDevice.live(""), "allocation " + nth);
        }
    }

    @Test
    void afterAFailureTheSessionIsClosed() {
        Dataset dataset = Synthetic.images(SEED, TEST.images());
        Session session = ENGINE.open(TEST.network(), TEST.training());
        SoftwareDevice.fail("cuMemcpyDtoHAsync_v2", 1, UNKNOWN);
        assertThrows(UserError.class, session::state);
        assertThrows(IllegalStateException.class, session::state);
        assertThrows(IllegalStateException.class, () -> session.logits(dataset));
        session.close();
    }

    /// A driver that cannot capture what a library does: the same bits without graphs.
    @ParameterizedTest
    @ValueSource(strings = {"cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"})
    void aStepThatCannotBeCapturedIsLaunchedPieceByPiece(String function) {
        SessionState expected = live();
        SoftwareDevice.reset();
        SoftwareDevice.fail(function, 1, CAPTURE_UNSUPPORTED);
        SameBits.check(expected, live());
    }

    /// A library that queues in a capture what cannot be captured fails in its own words, the first step having gone
    /// well; only the end of the capture tells why. The full step and the short one are captured.
    ///
    /// @param captured calls of the function while the two are
    @ParameterizedTest
    @CsvSource({
        "cudnnConvolutionBackwardFilter, 5003, 4",
        "cudnnBatchNormalizationForwardTraining, 5000, 2",
        "cudnnPoolingBackward, 5003, 2",
        "cublasGemmEx, 13, 6"
    })
    void aLibraryThatCannotBeCapturedIsCalledPieceByPiece(String function, int status, int captured) {
        SessionState expected = live();
        SoftwareDevice.reset();
        live();
        long calls = SoftwareDevice.calls(function);
        int survived = 0;
        for (long nth = 1; nth <= calls; nth++) {
            long alive = SoftwareDevice.live("");
            SoftwareDevice.reset();
            SoftwareDevice.fail(function, nth, status);
            try {
                SameBits.check(expected, live());
                survived++;
            } catch (UserError outside) {
                assertTrue(outside.getMessage().contains("(" + status + ")"), outside.getMessage());
            }
            SoftwareDevice.reset();
            assertEquals(alive, SoftwareDevice.live(""), "call " + nth);
        }
        assertEquals(captured, survived);
    }

    /// Looking at events is no waiting: the device never stands still for the host within an epoch.
    @Test
    void anEpochWaitsOnceAndAllocatesNothing() {
        Dataset dataset = Synthetic.images(SEED, TEST.images());
        Epoch epoch = ReferenceRun.epoch(TEST, SEED);
        try (Session session = ENGINE.open(TEST.network(), TEST.training())) {
            session.restore(Synthetic.state(TEST.network(), TEST.training(), SEED));
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
}
