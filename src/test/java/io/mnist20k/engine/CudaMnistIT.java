package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.RealMnist;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.data.Split;
import io.mnist20k.engine.cpu.CpuProvider;
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
        train(new CpuProvider().create(2), EngineSettings.DEFAULT, cpu, 1);
    }

    /// @return accuracy after so many epochs
    private static double train(Engine engine, EngineSettings settings, StepObserver observer, int epochs) {
        var plan = new Training(
                RECIPE.batch(),
                SEED,
                RECIPE.optimizer(),
                RECIPE.labelSmoothing(),
                0,
                RECIPE.augmentation(),
                training.normalization(),
                settings);
        float[] rates = new float[Epoch.steps(IMAGES, RECIPE.batch())];
        Arrays.fill(rates, (float) RECIPE.optimizer().lr() / 2);
        try (Session session = engine.open(RECIPE.build(), plan)) {
            session.restore(SessionState.initial(RECIPE.build(), RECIPE.initialization(), plan));
            for (int epoch = 0; epoch < epochs; epoch++) {
                StepObserver told = epoch == 0 ? observer : (_, _, _) -> true;
                session.train(
                        training,
                        new Epoch(epoch, 0, RECIPE.batch(), SampleOrder.of(SEED, epoch, IMAGES), rates),
                        told);
            }
            return Evaluation.of(test, session.logits(test)).accuracy();
        }
    }

    /// Other masks or distortions would show in the second loss already. TF32 rounds each factor to 11 bits,
    /// 2^-11 = 5e-4 relative, which averages out in sums.
    @ParameterizedTest
    @CsvSource({"FP32, CUDNN, 1e-3", "FP32, FUSED, 1e-3", "TF32, CUDNN, 1e-2"})
    void theFirstLossesAreTheCpus(Precision precision, Kernels kernels, double tolerance) {
        var cuda = new Observed(0, true);
        double accuracy = train(new CudaProvider().create(1), new EngineSettings(precision, kernels), cuda, 1);
        checkFirstLosses(cuda, tolerance);
        assertTrue(accuracy > 0.3, "accuracy after sixteen steps: " + accuracy);
    }

    /// It rounds each factor to 8 bits, 2^-8 = 4e-3.
    @Test
    void bfloat16BeginsAsTheCpuAndLearnsTheDigits() {
        var cuda = new Observed(0, true);
        var settings = new EngineSettings(Precision.BF16, Kernels.CUDNN);
        double accuracy = train(new CudaProvider().create(1), settings, cuda, 2);
        checkFirstLosses(cuda, 5e-2);
        assertTrue(accuracy > 0.8, "accuracy after two epochs: " + accuracy);
    }

    private static void checkFirstLosses(Observed cuda, double tolerance) {
        assertEquals(cpu.lossSums().size(), cuda.lossSums().size());
        for (int step = 0; step < COMPARED_STEPS; step++) {
            double expected = cpu.lossSums().get(step);
            assertEquals(expected, cuda.lossSums().get(step), tolerance * expected, "step " + step);
        }
    }
}
