package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

final class PrecisionTest {
    private static final Network NETWORK = Layers.network("dense 10");

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "FP32")
    void theCpuRefusesWhatItCannotComputeIn(Precision precision) {
        for (String device : new String[] {"cpu", "reference"}) {
            Engine engine = Devices.choose(device, 1).engine();
            String message = assertThrows(
                            UserError.class, () -> engine.open(NETWORK, training(precision, Kernels.CUDNN)))
                    .getMessage();
            assertTrue(message.contains(precision.type()), message);
            assertTrue(message.contains(device), message);
            assertTrue(message.contains("engine.precision=fp32"), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void theCpuPassesOverTheChoiceOfKernels(String device) {
        Engine engine = Devices.choose(device, 1).engine();
        engine.open(NETWORK, training(Precision.FP32, Kernels.FUSED)).close();
    }

    @Test
    void gpusSinceAmpereCan() {
        assertTrue(CudaEngines.canBf16(8, 0));
        assertFalse(CudaEngines.canBf16(7, 9));
    }

    /// Before anything is asked of it: no such GPU is here.
    @ParameterizedTest
    @CsvSource({"7, 5", "7, 9"})
    void aGpuThatCannotConvolveInBfloat16SaysSo(int major, int minor) {
        Engine engine = CudaEngines.ofCapability("An Older Card", major, minor);
        String message = assertThrows(
                        UserError.class, () -> engine.open(NETWORK, training(Precision.BF16, Kernels.CUDNN)))
                .getMessage();
        assertTrue(message.contains("8.0 or more"), message);
        assertTrue(message.contains("An Older Card has " + major + "." + minor), message);
        assertTrue(message.contains("engine.precision=fp32"), message);
    }

    private static Training training(Precision precision, Kernels kernels) {
        var settings = new EngineSettings(precision, kernels);
        return new Training(
                1, 0, new Optimizer.Sgd(0, 0, false, 0), 0, 0, Augmentation.NONE, Synthetic.NORMALIZATION, settings);
    }
}
