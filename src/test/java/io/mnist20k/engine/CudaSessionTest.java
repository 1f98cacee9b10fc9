package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.NativeObject;
import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.engine.cuda.CudaProvider;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Precision;
import io.mnist20k.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the CUDA engine promises beyond the contract.
@OnCudaDevice
@ExtendWith(SeedReport.class)
final class CudaSessionTest {
    private static final long SEED = SeedReport.SEED;
    private static final StepObserver ON = (_, _, _) -> true;
    private static final Engine ENGINE = new CudaProvider().create(1);

    /// Those that this GPU has.
    static List<Precision> precisions() {
        return Stream.of(Precision.values())
                .filter(precision -> precision != Precision.BF16 || CudaEngines.canBf16())
                .toList();
    }

    /// Twice over the epoch, so that its last step, which may be short, is replayed as well.
    @ParameterizedTest
    @MethodSource("precisions")
    void graphsGiveTheBitsOfPlainLaunches(Precision precision) {
        var settings = new EngineSettings(precision, Kernels.CUDNN);
        List<ContractCase> all = ContractCase.all(SEED);
        for (ContractCase test : precision == Precision.FP32 ? all : all.subList(0, 3)) {
            SessionState plain = trainedTwice(new EngineWith(CudaEngines.withoutGraphs(), settings), test);
            SameBits.check(plain, trainedTwice(new EngineWith(ENGINE, settings), test));
        }
    }

    /// Two graphs of sixteen steps, single ones, and a short last step.
    @ParameterizedTest
    @EnumSource(Kernels.class)
    void manyStepsToAGraphGiveTheBitsOfPlainLaunches(Kernels kernels) {
        var settings = new EngineSettings(Precision.FP32, kernels);
        ContractCase test = ContractCase.named("units to a convolution", SEED);
        var longer = new ContractCase(
                test.name(),
                test.network(),
                test.training(),
                36 * test.training().batch() + 1);
        SessionState plain = trainedTwice(new EngineWith(CudaEngines.withoutGraphs(), settings), longer);
        SameBits.check(plain, trainedTwice(new EngineWith(CudaEngines.withLongGraphs(), settings), longer));
    }

    /// Whoever asks for whole units hears whether they are taken.
    @Test
    void saysWhichKernelsItTook() {
        ContractCase units = ContractCase.named("units to a convolution", SEED);
        ContractCase others = ContractCase.named("overlapping and gapped pooling", SEED);
        assertEquals("cuDNN, cuBLAS", kernels(units, Precision.FP32, Kernels.CUDNN));
        String taken = kernels(units, Precision.FP32, Kernels.FUSED);
        assertTrue(
                taken.matches(
                        "ours, 2 units(; launched one after the other, since the driver is for a CUDA older than 12\\.3)?"),
                taken);
        assertTrue(kernels(units, Precision.TF32, Kernels.FUSED).contains("only in fp32"));
        if (CudaEngines.canBf16()) {
            assertEquals(
                    "cuDNN's convolutions, our normalisation and pooling, cuBLAS",
                    kernels(units, Precision.BF16, Kernels.CUDNN));
            assertTrue(kernels(units, Precision.BF16, Kernels.FUSED).contains("only in fp32"));
        }
        assertTrue(kernels(others, Precision.FP32, Kernels.FUSED).contains("not made of them"));
    }

    private static String kernels(ContractCase test, Precision precision, Kernels kernels) {
        Engine engine = new EngineWith(ENGINE, new EngineSettings(precision, kernels));
        try (Session session = engine.open(test.network(), test.training())) {
            return session.kernels();
        }
    }

    private static SessionState trainedTwice(Engine engine, ContractCase test) {
        return trainedTwice(engine, test, ON);
    }

    private static SessionState trainedTwice(Engine engine, ContractCase test, StepObserver observer) {
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        try (Session session = engine.open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.training(), SEED));
            session.train(dataset, epoch, observer);
            session.train(dataset, epoch, observer);
            return session.state();
        }
    }

    /// The slot after one step of momentum is the gradient.
    @ParameterizedTest
    @EnumSource(Kernels.class)
    void theDefaultNetworksGradientsAreTheReferences(Kernels kernels) {
        Engine engine = new EngineWith(ENGINE, new EngineSettings(Precision.FP32, kernels));
        checkGradients(engine, RecipeReader.read("default", List.of()).build(), 5);
    }

    /// On the least GPU whose shared memory does, not only on the one that is here.
    @ParameterizedTest
    @ValueSource(strings = {"default", "small", "sprint"})
    void inLittleSharedMemoryGradientsAreTheReferences(String recipe) {
        Network network = RecipeReader.read(recipe, List.of()).build();
        int least = CudaEngines.leastSharedMemory(network);
        var engine =
                new EngineWith(CudaEngines.withSharedMemory(least), new EngineSettings(Precision.FP32, Kernels.FUSED));
        String kernels = checkGradients(engine, network, 5);
        assertEquals(least <= CudaEngines.sharedMemory(), kernels.startsWith("ours"), kernels);
    }

    @ParameterizedTest
    @MethodSource("io.mnist20k.engine.UnitKernelTest#crowded")
    void whereWeightsWaitForAPlaceGradientsAreTheReferences(ContractCase test) {
        int least = CudaEngines.leastSharedMemory(test.network());
        var engine =
                new EngineWith(CudaEngines.withSharedMemory(least), new EngineSettings(Precision.FP32, Kernels.FUSED));
        String kernels = checkGradients(engine, test.network(), 5);
        assertTrue(kernels.startsWith("ours"), kernels);
    }

    /// So many that what units leave is merged.
    @Test
    void gradientsOfManyImagesAreTheReferences() {
        var engine = new EngineWith(ENGINE, new EngineSettings(Precision.FP32, Kernels.FUSED));
        Network network = Layers.network(
                "conv 5 3 1 0, norm, relu, pool 13 13, dropout 0.2, conv 6 1 1 0, norm, relu, " + "average, dense 10");
        String kernels = checkGradients(engine, network, 521);
        assertTrue(kernels.startsWith("ours"), kernels);
    }

    /// @return which kernels computed
    private static String checkGradients(Engine engine, Network network, int batch) {
        var training = new Training(
                batch,
                SEED,
                new Optimizer.Sgd(0.01, 0.9, false, 0),
                0.1,
                0,
                Augmentation.NONE,
                Synthetic.NORMALIZATION,
                EngineSettings.DEFAULT);
        var test = new ContractCase("one step", network, training, batch);
        ReferenceRun run = ReferenceRun.of(test, SEED);
        try (Session session = engine.open(network, training)) {
            session.restore(run.states().getFirst());
            session.train(run.dataset(), run.epoch(), ON);
            new Agreement(test)
                    .checkStep(
                            run.states().getFirst(),
                            run.states().getLast(),
                            session.state(),
                            run.epoch().learningRates()[0]);
            return session.kernels();
        }
    }

    @Test
    void aSessionTakesDatasetsAndEpochsOfAnySize() {
        ContractCase test = ContractCase.usual(SEED);
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        try (Session session = ENGINE.open(test.network(), test.training())) {
            for (int count : new int[] {33, 1, 16, 100, 17, 33}) {
                Dataset dataset = Synthetic.images(SEED + count, count);
                Epoch epoch = epoch(test, count);
                session.restore(start);
                session.train(dataset, epoch, ON);
                float[] logits = session.logits(dataset);
                try (Session fresh = ENGINE.open(test.network(), test.training())) {
                    fresh.restore(start);
                    fresh.train(dataset, epoch, ON);
                    SameBits.check(fresh.state(), session.state());
                    assertArrayEquals(fresh.logits(dataset), logits, count + " images");
                }
            }
        }
    }

    private static Epoch epoch(ContractCase test, int count) {
        float[] rates = new float[Epoch.steps(count, test.training().batch())];
        Arrays.fill(rates, 0.01f);
        return new Epoch(2, 0, test.training().batch(), SampleOrder.of(SEED, 2, count), rates);
    }

    @Test
    void oneThreadAfterTheOtherMayUseASession() throws Exception {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        SessionState expected = trainedTwice(ENGINE, test);
        try (var first = Executors.newSingleThreadExecutor();
                var second = Executors.newSingleThreadExecutor();
                Session session = ENGINE.open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.training(), SEED));
            first.submit(() -> session.train(dataset, epoch, ON)).get();
            second.submit(() -> session.train(dataset, epoch, ON)).get();
            SameBits.check(expected, first.submit(session::state).get());
        }
    }

    /// A virtual thread goes on on another one of the system's when it has waited, and a context belongs to one of
    /// those.
    @Test
    void aVirtualThreadMayUseASession() throws Exception {
        ContractCase test = ContractCase.usual(SEED);
        SessionState expected = trainedTwice(ENGINE, test);
        var done = new AtomicBoolean();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
                threads.execute(() -> {
                    while (!done.get()) {
                        LockSupport.parkNanos(1000);
                    }
                });
            }
            Future<SessionState> state = threads.submit(() -> trainedTwice(ENGINE, test, (_, _, _) -> {
                LockSupport.parkNanos(1_000_000);
                return true;
            }));
            try {
                SameBits.check(expected, state.get());
            } finally {
                done.set(true);
            }
        }
    }

    @Test
    void sessionsOfSeveralThreadsWorkAtOnce() throws InterruptedException, ExecutionException {
        ContractCase test = ContractCase.usual(SEED);
        SessionState expected = trainedTwice(ENGINE, test);
        try (var threads = Executors.newFixedThreadPool(3)) {
            var running = new ArrayList<Future<SessionState>>();
            for (int i = 0; i < 6; i++) {
                running.add(threads.submit(() -> trainedTwice(ENGINE, test)));
            }
            for (Future<SessionState> state : running) {
                SameBits.check(expected, state.get());
            }
        }
    }

    @Test
    void closingLeavesNothingAlive() {
        Map<String, Integer> before = NativeObject.live();
        for (ContractCase test : ContractCase.all(SEED)) {
            Dataset dataset = Synthetic.images(SEED, test.images());
            try (Session session = ENGINE.open(test.network(), test.training())) {
                session.restore(Synthetic.state(test.network(), test.training(), SEED));
                session.train(dataset, ReferenceRun.epoch(test, SEED), ON);
                session.train(dataset, ReferenceRun.epoch(test, SEED), ON);
                session.logits(dataset);
                assertTrue(NativeObject.live().size() > before.size(), "an open session has native objects");
            }
            assertEquals(before, NativeObject.live(), test.toString());
        }
    }
}
