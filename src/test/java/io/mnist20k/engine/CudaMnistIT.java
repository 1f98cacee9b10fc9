package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.RealMnist;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.data.Split;
import io.mnist20k.engine.cpu.CpuProvider;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.engine.cuda.CudaProvider;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Precision;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The CUDA engine against the CPU engine on real digits: the default recipe, the same seed, 2,000 images.
@OnCudaDevice
final class CudaMnistIT {
    private static final int IMAGES = 2000;
    private static final int COMPARED_STEPS = 10;
    private static final long SEED = 1;
    private static final Recipe RECIPE = RecipeReader.read("default", List.of());

    private static Dataset training = new Dataset(new byte[784], new byte[1]);
    private static Dataset test = training;
    private static Observed cpu = new Observed(0, true);

    @BeforeAll
    static void trainOnTheCpu() {
        Split files = RealMnist.split();
        training = files.train().first(IMAGES);
        test = files.validation().first(1000);
        cpu = new Observed(0, true);
        try (Session session = open(new CpuProvider().create(2), EngineSettings.DEFAULT)) {
            train(session, 0, cpu);
        }
    }

    private static Session open(Engine engine, EngineSettings settings) {
        var plan = new Training(
                RECIPE.batch(),
                SEED,
                RECIPE.optimizer(),
                RECIPE.labelSmoothing(),
                0,
                RECIPE.augmentation(),
                training.normalization(),
                settings);
        Session session = engine.open(RECIPE.build(), plan);
        session.restore(SessionState.initial(RECIPE.build(), RECIPE.initialization(), plan));
        return session;
    }

    private static void train(Session session, int epoch, StepObserver observer) {
        float[] rates = new float[Epoch.steps(IMAGES, RECIPE.batch())];
        Arrays.fill(rates, (float) RECIPE.optimizer().lr() / 2);
        int[] order = SampleOrder.of(SEED, epoch, IMAGES);
        session.train(training, new Epoch(epoch, 0, RECIPE.batch(), order, rates), observer);
    }

    private static double accuracy(Session session) {
        return Evaluation.of(test, session.logits(test)).accuracy();
    }

    /// Other masks or distortions would show in the second loss already. TF32 rounds each factor to 11 bits,
    /// 2^-11 = 5e-4 relative, which averages out in sums.
    @ParameterizedTest
    @CsvSource({"FP32, 1e-3", "TF32, 1e-2"})
    void theFirstLossesAreTheCpus(Precision precision, double tolerance) {
        var cuda = new Observed(0, true);
        try (Session session = open(new CudaProvider().create(1), new EngineSettings(precision, Kernels.CUDNN))) {
            train(session, 0, cuda);
            checkFirstLosses(cuda, tolerance);
            double accuracy = accuracy(session);
            assertTrue(accuracy > 0.3, "accuracy after sixteen steps: " + accuracy);
        }
    }

    /// No more than what is compared, since the software device takes a second and more for a step by units.
    @Test
    void unitsBeginAsTheCpu() {
        var cuda = new Observed(0, true);
        try (Session session = open(new CudaProvider().create(1), new EngineSettings(Precision.FP32, Kernels.FUSED))) {
            train(session, 0, (step, loss, correct) -> cuda.stepDone(step, loss, correct) && step + 1 < COMPARED_STEPS);
        }
        checkFirstLosses(cuda, 1e-3);
    }

    /// It rounds each factor to 8 bits, 2^-8 = 4e-3.
    @Test
    void bfloat16BeginsAsTheCpuAndLearnsTheDigits() {
        assumeTrue(CudaEngines.canBf16(), "cuDNN has no bfloat16 for this GPU");
        var cuda = new Observed(0, true);
        try (Session session = open(new CudaProvider().create(1), new EngineSettings(Precision.BF16, Kernels.CUDNN))) {
            train(session, 0, cuda);
            checkFirstLosses(cuda, 5e-2);
            train(session, 1, (_, _, _) -> true);
            double accuracy = accuracy(session);
            assertTrue(accuracy > 0.8, "accuracy after two epochs: " + accuracy);
        }
    }

    private static void checkFirstLosses(Observed cuda, double tolerance) {
        assertTrue(
                cuda.lossSums().size() >= COMPARED_STEPS,
                "steps: " + cuda.lossSums().size());
        for (int step = 0; step < COMPARED_STEPS; step++) {
            double expected = cpu.lossSums().get(step);
            assertEquals(expected, cuda.lossSums().get(step), tolerance * expected, "step " + step);
        }
    }
}
