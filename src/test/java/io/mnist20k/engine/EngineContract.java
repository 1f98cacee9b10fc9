package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.Thrown;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Optimizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every engine has to do. Knows nothing but [Engine] and [Session]; the reference engine is the arbiter.
///
/// The seed of all inputs is `-Dtest.seed`, the clock without it; a failure names it.
@ExtendWith(SeedReport.class)
public abstract class EngineContract {
    protected static final long SEED = SeedReport.SEED;
    private static final StepObserver ON = (_, _, _) -> true;

    /// Black is 0 and white is 1, and the slot after the first step is the gradient.
    private static final Training BINARY = new Training(
            7,
            SEED,
            new Optimizer.Sgd(1, 0.9, false, 0),
            0,
            0,
            Augmentation.NONE,
            new Normalization(0, 1),
            EngineSettings.DEFAULT);

    /// @param threads for engines that compute on the CPU
    protected abstract Engine engine(int threads);

    private Engine engine() {
        return engine(2);
    }

    static List<ContractCase> cases() {
        return ContractCase.all(SEED);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void trainsAsTheReferenceDoes(ContractCase test) {
        ReferenceRun run = ReferenceRun.of(test, SEED);
        var agreement = new Agreement(test);
        var observed = new Observed(0, true);
        try (Session session = engine().open(test.network(), test.training())) {
            for (int step = 0; step < run.epoch().steps(); step++) {
                SessionState before = run.states().get(step);
                SessionState after = run.states().get(step + 1);
                session.restore(before);
                assertEquals(step + 1, session.train(run.dataset(), ReferenceRun.only(run.epoch(), step), observed));
                float rate = run.epoch().learningRates()[step];
                assertDoesNotThrow(() -> agreement.checkStep(before, after, session.state(), rate), "step " + step);
                agreement.checkLoss(
                        step, run.lossSums().get(step), observed.lossSums().get(step));
            }
            assertEquals(run.correct(), observed.correct());
            Dataset unseen = Synthetic.images(SEED + 7, 15);
            agreement.checkLogits(referenceLogits(test, session.state(), unseen), session.logits(unseen));
        }
    }

    /// What holds for a step from a restored state holds for all of them in one call.
    @Test
    void anEpochIsItsSteps() {
        for (ContractCase test : cases()) {
            Dataset dataset = Synthetic.images(SEED, test.images());
            Epoch epoch = ReferenceRun.epoch(test, SEED);
            var together = new Observed(0, true);
            var apart = new Observed(0, true);
            try (Session whole = restored(engine(), test);
                    Session stepwise = restored(engine(), test)) {
                whole.train(dataset, epoch, together);
                for (int step = 0; step < epoch.steps(); step++) {
                    stepwise.restore(stepwise.state());
                    stepwise.train(dataset, ReferenceRun.only(epoch, step), apart);
                }
                SameBits.check(whole.state(), stepwise.state());
            }
            assertEquals(together.lossSums(), apart.lossSums());
            assertEquals(together.correct(), apart.correct());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 33, 257})
    void evaluatesAsTheReferenceDoes(int count) {
        for (ContractCase test : count == 15 ? cases() : List.of(ContractCase.usual(SEED))) {
            Dataset dataset = Synthetic.images(SEED, count);
            SessionState random = Synthetic.state(test.network(), test.training(), SEED);
            var model = SessionState.ofModel(random.parameters(), random.statistics());
            ContractCase evaluating = test.evaluating();
            try (Session session = engine().open(test.network(), evaluating.training())) {
                session.restore(model);
                float[] expected = referenceLogits(evaluating, model, dataset);
                new Agreement(test).checkLogits(expected, session.logits(dataset));
            }
        }
    }

    @Test
    void evaluationDoesNotDependOnTheOtherImages() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, 300);
        try (Session session = restored(engine(), test)) {
            float[] together = session.logits(dataset);
            for (int from : new int[] {0, 1, 15, 16, 255, 299}) {
                for (int count : new int[] {1, 2, 17}) {
                    int to = Math.min(300, from + count);
                    float[] apart = session.logits(dataset.slice(from, to));
                    assertArrayEquals(Arrays.copyOfRange(together, from * 10, to * 10), apart, from + " to " + to);
                }
            }
        }
    }

    @Test
    void evaluatingChangesNothing() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        try (Session quiet = restored(engine(), test);
                Session asked = restored(engine(), test)) {
            quiet.train(dataset, epoch, ON);
            asked.logits(Synthetic.images(SEED + 1, 40));
            asked.train(dataset, epoch, (step, _, _) -> step != 0);
            asked.logits(dataset);
            int next = (int) asked.state().updates() - Synthetic.UPDATES;
            asked.train(dataset, ReferenceRun.from(epoch, next), ON);
            SameBits.check(quiet.state(), asked.state());
        }
    }

    @Test
    void sameSeedSameBitsOnAnyNumberOfThreads() {
        for (ContractCase test : cases()) {
            SessionState expected = trained(engine(1), test);
            for (int threads : threadCounts()) {
                SameBits.check(expected, trained(engine(threads), test));
            }
        }
    }

    /// Of engines that compute on the CPU with several; others do the same once more.
    protected int[] threadCounts() {
        return new int[] {1};
    }

    @Test
    void anotherSeedDrawsOtherMasksAndDistortions() {
        ContractCase masks = ContractCase.named("channels dropped", SEED);
        ContractCase distortions = ContractCase.named("strided single pixels", SEED);
        for (ContractCase test : List.of(masks, distortions)) {
            SessionState start = Synthetic.state(test.network(), test.training(), SEED);
            Dataset dataset = Synthetic.images(SEED, test.images());
            float[] one = trainedFrom(engine(), test, start, dataset).parameters();
            float[] other =
                    trainedFrom(engine(), test.seeded(SEED + 1), start, dataset).parameters();
            assertFalse(Arrays.equals(one, other), test.toString());
        }
    }

    /// Only image `lit` of the batch is not black, and black is 0: the gradient of the dense weights is 0 exactly
    /// where the mask of that sample is.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void masksAreTheDefinedOnes(boolean channels) {
        double rate = 0.37;
        int planes = 10;
        String dropout = (channels ? "dropout2d " : "dropout ") + rate;
        Network network = Layers.network("conv " + planes + " 1 1 0, " + dropout + ", bareDense 10");
        int lit = 5;
        int step = 2;
        int epoch = 4;
        int[] order = new int[7 * (step + 1)];
        order[7 * step + lit] = 1;
        try (Session session = engine().open(network, BINARY)) {
            session.restore(Synthetic.plainState(network, i -> i < planes ? 1 : 0));
            session.train(Synthetic.blackAndWhite(), new Epoch(epoch, step, 7, order, new float[step + 1]), ON);
            float[] gradient = session.state().slots().getFirst();
            for (int e = 0; e < planes * 784; e++) {
                boolean expected = Synthetic.kept(SEED, 1, rate, epoch, step, lit, channels ? e / 784 : e);
                assertEquals(expected, gradient[planes + e] != 0, "element " + e);
            }
        }
    }

    /// White pixels stand on even rows and columns only, so that every 2×2 window sums to exactly 0 or 1 and most
    /// pooling windows hold ties; the tied ones see their white pixel through different weights, whose gradients
    /// show which was taken.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void equalMaximaSendTheGradientToTheFirst(boolean global) {
        Network network = Layers.network("conv 1 2 1 0, " + (global ? "maximum" : "pool 3 2") + ", dense 10");
        byte[] pixels = Synthetic.images(SEED, 7).pixels().clone();
        for (int i = 0; i < pixels.length; i++) {
            boolean lattice = i / 28 % 2 == 0 && i % 2 == 0;
            pixels[i] = (byte) (lattice && pixels[i] != 0 ? 255 : 0);
        }
        var dataset = new Dataset(pixels, new byte[7]);
        var test = new ContractCase("ties", network, BINARY, 7);
        // All labels are 0. That class has the least weights, so that what the others send back cannot cancel out.
        int weights = (network.parameterCount() - 4 - 10) / 10;
        SessionState start = Synthetic.plainState(
                network, i -> i < 4 ? 1 : i < 4 + weights ? -0.1 : 0.1f * Synthetic.symmetric(SEED, i));
        SessionState expected = trainedFrom(new ReferenceEngine(), test, start, dataset);
        assertNotEquals(expected.slots().getFirst()[0], expected.slots().getFirst()[3], "the taps can be told apart");
        SessionState actual = trainedFrom(engine(), test, start, dataset);
        new Agreement(test)
                .checkStep(start, expected, actual, BINARY.optimizer().lr());
    }

    /// On black images every output of the convolution is exactly 0, and only its bias could feel a gradient.
    @Test
    void reluLetsNoGradientThroughAtZero() {
        Network network = Layers.network("biasConv 3 2 1 0, relu, dense 10");
        var test = new ContractCase("zeros", network, BINARY, 7);
        int own = network.stages().getFirst().parameters();
        SessionState start = Synthetic.plainState(network, i -> i < own ? 0 : Synthetic.symmetric(SEED, i));
        float[] gradient = trainedFrom(engine(), test, start, new Dataset(new byte[7 * 784], new byte[7]))
                .slots()
                .getFirst();
        assertArrayEquals(new float[own], Arrays.copyOf(gradient, own));
        assertNotEquals(0, gradient[gradient.length - 1], "the gradient of the last bias");
    }

    @Test
    void stoppingAndGoingOnGivesTheSameBits() {
        for (ContractCase test : cases()) {
            Dataset dataset = Synthetic.images(SEED, test.images());
            Epoch epoch = ReferenceRun.epoch(test, SEED);
            SessionState expected = trained(engine(), test);
            try (Session session = restored(engine(), test)) {
                int next = 0;
                while (next < epoch.steps()) {
                    var observed = new Observed(next, false);
                    int begun = next;
                    next = session.train(dataset, ReferenceRun.from(epoch, begun), observed);
                    assertEquals(next - begun, observed.lossSums().size(), "steps reported");
                    assertEquals(Synthetic.UPDATES + next, session.state().updates(), "steps done");
                    assertTrue(next > begun, "a step is done before anyone can ask to stop");
                }
                assertEquals(epoch.steps(), session.train(dataset, ReferenceRun.from(epoch, next), ON));
                SameBits.check(expected, session.state());
            }
        }
    }

    @Test
    void aRestoredStateGoesOnWithTheSameBits() {
        for (ContractCase test : cases()) {
            Dataset dataset = Synthetic.images(SEED, test.images());
            Epoch epoch = ReferenceRun.epoch(test, SEED);
            try (Session session = restored(engine(), test);
                    Session resumed = engine().open(test.network(), test.training())) {
                int next = session.train(dataset, epoch, (_, _, _) -> false);
                SessionState saved = session.state();
                session.train(dataset, ReferenceRun.from(epoch, next), ON);
                resumed.restore(saved);
                SameBits.check(saved, resumed.state());
                resumed.train(dataset, ReferenceRun.from(epoch, next), ON);
                SameBits.check(session.state(), resumed.state());
                assertArrayEquals(session.logits(dataset), resumed.logits(dataset));
            }
        }
    }

    @Test
    void restoringForgetsEverythingBefore() {
        ContractCase test = ContractCase.usual(SEED);
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        SessionState expected = trained(engine(), test);
        try (Session session = restored(engine(), test)) {
            session.train(Synthetic.images(SEED + 1, test.images()), ReferenceRun.epoch(test, SEED + 1), ON);
            session.restore(start);
            session.train(Synthetic.images(SEED, test.images()), ReferenceRun.epoch(test, SEED), ON);
            SameBits.check(expected, session.state());
        }
    }

    @Test
    void sessionsDoNotDisturbEachOther() {
        ContractCase test = ContractCase.usual(SEED);
        ContractCase other = ContractCase.named("convolutions without norm", SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        Engine engine = engine();
        SessionState expected = trained(engine, test);
        try (Session session = restored(engine, test)) {
            for (int done = 0; done < epoch.steps(); ) {
                int next = session.train(dataset, ReferenceRun.from(epoch, done), (_, _, _) -> false);
                assertTrue(next > done, "a step is done before anyone can ask to stop");
                done = next;
                trained(engine, other);
            }
            SameBits.check(expected, session.state());
        }
    }

    @Test
    void statesAreCopies() {
        ContractCase test = ContractCase.usual(SEED);
        SessionState given = Synthetic.state(test.network(), test.training(), SEED);
        SessionState expected = Synthetic.state(test.network(), test.training(), SEED);
        try (Session session = engine().open(test.network(), test.training())) {
            session.restore(given);
            for (SessionState state : List.of(given, session.state())) {
                SameBits.vectors(state).forEach(vector -> Arrays.fill(vector, 42));
            }
            SameBits.check(expected, session.state());
        }
    }

    @Test
    void aStateOfAnotherLengthIsRefusedAndChangesNothing() {
        ContractCase test = ContractCase.usual(SEED);
        SessionState good = Synthetic.state(test.network(), test.training(), SEED);
        float[] parameters = new float[good.parameters().length + 1];
        float[] statistics = new float[good.statistics().length - 1];
        List<float[]> slots = good.slots();
        List<SessionState> bad = List.of(
                new SessionState(1, parameters, good.statistics(), slots, good.parameters(), good.statistics()),
                new SessionState(1, good.parameters(), statistics, slots, good.parameters(), good.statistics()),
                new SessionState(
                        1,
                        good.parameters(),
                        good.statistics(),
                        List.of(slots.getFirst(), parameters),
                        good.parameters(),
                        good.statistics()),
                new SessionState(1, good.parameters(), good.statistics(), slots, parameters, good.statistics()),
                new SessionState(1, good.parameters(), good.statistics(), slots, good.parameters(), statistics));
        try (Session session = restored(engine(), test)) {
            for (SessionState state : bad) {
                assertThrows(IllegalArgumentException.class, () -> session.restore(state));
                SameBits.check(good, session.state());
            }
        }
    }

    @Test
    void anEpochOfOtherImagesIsRefusedAndChangesNothing() {
        ContractCase test = ContractCase.usual(SEED);
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        try (Session session = restored(engine(), test)) {
            for (int image : new int[] {-1, dataset.count()}) {
                Epoch epoch = ReferenceRun.epoch(test, SEED);
                epoch.order()[epoch.order().length - 1] = image;
                assertThrows(IllegalArgumentException.class, () -> session.train(dataset, epoch, ON));
            }
            Epoch good = ReferenceRun.epoch(test, SEED);
            int batch = good.batch() + 1;
            var rates = new float[Epoch.steps(good.order().length, batch)];
            var otherBatches = new Epoch(good.epoch(), 0, batch, good.order(), rates);
            assertThrows(IllegalArgumentException.class, () -> session.train(dataset, otherBatches, ON));
            SameBits.check(start, session.state());
        }
    }

    @Test
    void aClosedSessionRefusesAndClosesTwice() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Session session = restored(engine(), test);
        SessionState state = session.state();
        session.close();
        assertThrows(IllegalStateException.class, () -> session.logits(dataset));
        assertThrows(IllegalStateException.class, () -> session.train(dataset, ReferenceRun.epoch(test, SEED), ON));
        assertThrows(IllegalStateException.class, session::state);
        assertThrows(IllegalStateException.class, () -> session.restore(state));
        assertDoesNotThrow(session::close);
    }

    @Test
    void aSessionThatWasNeverRestoredRefuses() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        try (Session session = engine().open(test.network(), test.training())) {
            assertThrows(IllegalStateException.class, () -> session.logits(dataset));
            assertThrows(IllegalStateException.class, () -> session.train(dataset, ReferenceRun.epoch(test, SEED), ON));
            assertThrows(IllegalStateException.class, session::state);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 14, 14, 10", "1, 28, 27, 10", "2, 28, 28, 10", "1, 784, 1, 10", "1, 40, 40, 10", "1, 28, 28, 5"})
    void aNetworkOfOtherImagesOrClassesIsRefused(int channels, int height, int width, int classes) {
        var network = new Network(
                new Shape(channels, height, width),
                classes,
                List.of(new Layer.Dense(classes, true), new Layer.Softmax()));
        assertThrows(IllegalArgumentException.class, () -> engine().open(network, BINARY));
    }

    /// Nothing makes two threads meet there, so most answers may be right by chance.
    @Test
    void aSharedSessionAnswersRightlyOrRefuses() throws Exception {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        var answered = new AtomicInteger();
        try (Session session = restored(engine(), test)) {
            float[] expected = session.logits(dataset);
            Callable<Void> asking = () -> {
                for (int i = 0; i < 10; i++) {
                    float[] answer;
                    try {
                        answer = session.logits(dataset);
                    } catch (IllegalStateException refused) {
                        continue;
                    }
                    assertArrayEquals(expected, answer);
                    answered.incrementAndGet();
                }
                return null;
            };
            try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
                for (Future<Void> each : threads.invokeAll(List.of(asking, asking, asking))) {
                    each.get();
                }
            }
        }
        assertTrue(answered.get() > 0, "nobody was answered");
    }

    @Test
    void anObserverAsksNothingOfTheSessionThatTrains() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        SessionState expected = trained(engine(), test);
        try (Session session = restored(engine(), test)) {
            session.train(dataset, epoch, (_, _, _) -> {
                assertThrows(IllegalStateException.class, () -> session.logits(dataset));
                assertThrows(IllegalStateException.class, () -> session.train(dataset, epoch, ON));
                assertThrows(IllegalStateException.class, session::state);
                assertThrows(IllegalStateException.class, () -> session.restore(start));
                assertThrows(IllegalStateException.class, session::close);
                return true;
            });
            SameBits.check(expected, session.state());
        }
    }

    @Test
    void whatAnObserverThrowsEndsTheTrainingAndNotTheSession() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset dataset = Synthetic.images(SEED, test.images());
        Epoch epoch = ReferenceRun.epoch(test, SEED);
        SessionState expected = trained(engine(), test);
        try (Session session = restored(engine(), test)) {
            for (Throwable thrown :
                    List.of(new UnsupportedOperationException(), new LinkageError(), new IOException("undeclared"))) {
                var before = new AtomicInteger(Synthetic.UPDATES);
                assertSame(
                        thrown,
                        assertThrows(
                                thrown.getClass(),
                                () -> session.train(dataset, epoch, (_, _, _) -> {
                                    before.incrementAndGet();
                                    throw Thrown.again(thrown);
                                })));
                assertTrue(session.state().updates() >= before.get(), "steps done");
                session.restore(Synthetic.state(test.network(), test.training(), SEED));
            }
            session.train(dataset, epoch, ON);
            SameBits.check(expected, session.state());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aBrokenWeightShowsInTheLoss(float broken) {
        ContractCase test = ContractCase.usual(SEED);
        SessionState state = Synthetic.state(test.network(), test.training(), SEED);
        state.parameters()[0] = broken;
        var observed = new Observed(0, false);
        try (Session session = engine().open(test.network(), test.training())) {
            session.restore(state);
            session.train(Synthetic.images(SEED, test.images()), ReferenceRun.epoch(test, SEED), observed);
            assertFalse(
                    Double.isFinite(observed.lossSums().getFirst()),
                    "loss " + observed.lossSums().getFirst());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aBrokenWeightShowsInTheLogits(float broken) {
        ContractCase test =
                ContractCase.named("three by three, one after the other", SEED).evaluating();
        SessionState state = Synthetic.state(test.network(), test.training(), SEED);
        state.parameters()[0] = broken;
        try (Session session = engine().open(test.network(), test.training())) {
            session.restore(state);
            float[] logits = session.logits(Synthetic.images(SEED, test.images()));
            assertFalse(IntStream.range(0, logits.length).allMatch(i -> Float.isFinite(logits[i])));
        }
    }

    @Test
    void theEngineSaysWhatItIs() {
        assertTrue(Devices.NAMES.contains(engine().name()), engine().name());
        assertFalse(engine().deviceName().isBlank());
    }

    private static Session restored(Engine engine, ContractCase test) {
        Session session = engine.open(test.network(), test.training());
        session.restore(Synthetic.state(test.network(), test.training(), SEED));
        return session;
    }

    private static SessionState trained(Engine engine, ContractCase test) {
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        return trainedFrom(engine, test, start, Synthetic.images(SEED, test.images()));
    }

    private static SessionState trainedFrom(Engine engine, ContractCase test, SessionState start, Dataset dataset) {
        try (Session session = engine.open(test.network(), test.training())) {
            session.restore(start);
            session.train(dataset, ReferenceRun.epoch(test, SEED), ON);
            return session.state();
        }
    }

    private static float[] referenceLogits(ContractCase test, SessionState state, Dataset dataset) {
        try (Session session = new ReferenceEngine().open(test.network(), test.training())) {
            session.restore(state);
            return session.logits(dataset);
        }
    }
}
