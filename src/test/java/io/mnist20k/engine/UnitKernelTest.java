package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.cuda.SoftwareDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.engine.cuda.CudaProvider;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Precision;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The kernels of whole units, short enough to be watched by a sanitizer; that they are right, [FusedCudaEngineTest]
/// says.
@OnCudaDevice
@ExtendWith(SeedReport.class)
final class UnitKernelTest {
    private static final long SEED = SeedReport.SEED;

    static List<ContractCase> units() {
        return ContractCase.all(SEED).stream()
                .filter(test -> test.name().startsWith("units"))
                .toList();
    }

    @AfterEach
    void forward() {
        if (SoftwareDevice.canBeTold()) {
            SoftwareDevice.order(0);
        }
    }

    @ParameterizedTest
    @MethodSource("units")
    void twoSessionsGiveTheSameBits(ContractCase test) {
        assertTrue(CudaEngines.isOfUnits(test.network()), test + " is no network of units");
        checkTwoSessions(new CudaProvider().create(1), test);
    }

    /// Where weights wait for their gradients' place: behind a dropout, padded, of single pixels, in several shares.
    static List<ContractCase> crowded() {
        return Stream.of(
                        "conv 6 3 1 0, norm, relu, pool 2 2, dropout 0.2, conv 36 3 1 2, norm, relu, average, dense 10",
                        "conv 7 3 1 0, norm, relu, pool 2 2, dropout2d 0.3, conv 40 3 1 1, norm, relu, maximum, dense 10",
                        "conv 9 3 1 0, norm, relu, pool 3 3, conv 64 1 1 0, norm, relu, pool 2 2, conv 60 1 1 0, norm, "
                                + "relu, average, dense 10",
                        "conv 9 3 1 0, norm, relu, pool 3 3, conv 40 1 1 0, norm, relu, conv 20 3 1 0, norm, relu, "
                                + "average, dense 10")
                .map(layers -> new ContractCase(
                        layers, Layers.network(layers), units().getFirst().training(), 18))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("crowded")
    void twoSessionsInLittleMemoryGiveTheSameBits(ContractCase test) {
        int least = CudaEngines.leastSharedMemory(test.network());
        assertTrue(least <= 64 << 10, "every GPU has as much as " + least);
        assertTrue(CudaEngines.stagesLate(test.network(), least), "weights wait in " + least);
        checkTwoSessions(CudaEngines.withSharedMemory(least), test);
    }

    /// So many images that what units leave is merged, by launches that overlap their neighbours.
    @Test
    void twoSessionsOfManyImagesGiveTheSameBits() {
        Network network =
                Layers.network("conv 4 3 1 0, norm, relu, pool 13 13, conv 3 1 1 0, norm, relu, average, dense 10");
        Training few = units().getFirst().training();
        var many = new Training(
                513,
                few.seed(),
                few.optimizer(),
                few.labelSmoothing(),
                few.averagingDecay(),
                few.augmentation(),
                few.normalization(),
                few.engine());
        checkTwoSessions(new CudaProvider().create(1), new ContractCase("merged", network, many, 520));
    }

    /// Where threads can be told another order, in that, where a missing barrier shows.
    private static void checkTwoSessions(Engine anyKernels, ContractCase test) {
        Dataset unseen = Synthetic.images(SEED + 7, Math.min(2 * test.training().batch() + 1, 100));
        SessionState[] states = new SessionState[2];
        float[][] logits = new float[2][];
        for (int i = 0; i < 2; i++) {
            if (SoftwareDevice.canBeTold()) {
                SoftwareDevice.order(2 * i);
            }
            var engine = new EngineWith(anyKernels, new EngineSettings(Precision.FP32, Kernels.FUSED));
            Epoch epoch = ReferenceRun.epoch(test, SEED);
            try (Session session = engine.open(test.network(), test.training())) {
                session.restore(Synthetic.state(test.network(), test.training(), SEED));
                Dataset dataset = Synthetic.images(SEED, test.images());
                assertEquals(epoch.steps(), session.train(dataset, epoch, (_, _, _) -> true));
                states[i] = session.state();
                logits[i] = session.logits(unseen);
                assertArrayEquals(logits[i], session.logits(unseen), "captured");
                assertArrayEquals(logits[i], session.logits(unseen), "replayed");
            }
        }
        SameBits.check(states[0], states[1]);
        assertArrayEquals(logits[0], logits[1]);
    }
}
