package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.cpu.CpuProvider;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Evaluation on the CPU, where a convolution does the work of what follows it.
@ExtendWith(SeedReport.class)
final class FoldedEvaluationTest {
    private static final long SEED = SeedReport.SEED;
    private static final StepObserver ON = (_, _, _) -> true;

    /// In comments, the sides of planes before they are pooled.
    @ParameterizedTest
    @ValueSource(
            strings = {
                // 24: windows fill the plane and tiles
                "conv 8 3 1 0, norm, relu, conv 9 3 1 0, norm, relu, pool 2 2, conv 13 3 1 0, norm, relu, dense 10",
                // 25, 10 and 5: rows and columns that fill no window
                "conv 8 2 1 0, norm, relu, conv 9 3 1 0, norm, relu, pool 2 2, dropout 0.2, conv 8 3 1 0, norm, relu, "
                        + "pool 2 2, conv 10 3 1 1, norm, relu, pool 2 2, dense 10",
                // 28, 14, 7 and 3: down to a single window, which no tile covers
                "biasConv 8 3 1 1, norm, pool 2 2, relu, biasConv 9 3 1 1, norm, relu, pool 2 2, biasConv 8 3 1 1, norm, "
                        + "dropout 0.3, relu, pool 2 2, dropout2d 0.1, biasConv 10 3 1 1, norm, relu, pool 2 2, dense 10",
                "conv 8 3 1 0, norm, conv 8 3 1 0, norm, pool 2 2, conv 8 3 1 0, pool 2 2, conv 8 3 1 0, dense 10",
                // Pooling that no epilogue can do
                "conv 8 3 1 0, norm, relu, pool 3 2, conv 8 3 1 0, norm, relu, pool 2 1, conv 8 3 1 0, norm, pool 2 3, dense 10",
                "conv 8 3 1 0, relu, conv 8 3 1 0, norm, relu, pool 2 2, pool 2 2, norm, relu, conv 11 3 1 0, maximum, dense 10",
                // Norms behind something else than a convolution
                "norm, relu, dropout 0.1, conv 8 3 1 2, relu, norm, conv 8 3 1 1, norm, norm, relu, average, norm, dense 10",
                "dropout2d 0.2, conv 8 3 1 1, norm, relu, pool 2 2, norm, pool 2 2, norm, bareDense 17, norm, relu, dense 10",
                "conv 5 5 2 1, norm, relu, pool 2 2, conv 6 1 1 0, norm, relu, pool 2 2, dense 10, norm"
            })
    void agreesWithTheReferenceWhereverStatisticsAre(String layers) {
        ContractCase test = new ContractCase(
                        layers, Layers.network(layers), ContractCase.usual(SEED).training(), 15)
                .evaluating();
        SessionState model = moved(test);
        Dataset images = Synthetic.images(SEED, 17);
        float[] expected = logits(new ReferenceEngine(), test, model, images);
        float[] one = logits(new CpuProvider().create(1), test, model, images);
        float[] many = logits(new CpuProvider().create(3), test, model, images);

        new Agreement(test).checkLogits(expected, one);
        assertArrayEquals(one, many, "threads");
    }

    @Test
    void everyEvaluationSeesTheModelOfItsTime() {
        ContractCase test = ContractCase.usual(SEED);
        Dataset images = Synthetic.images(SEED, test.images());
        SessionState start = Synthetic.state(test.network(), test.training(), SEED);
        try (Session session = new CpuProvider().create(2).open(test.network(), test.training());
                Session fresh = new CpuProvider().create(2).open(test.network(), test.training())) {
            session.restore(start);
            float[] before = session.logits(images);
            session.train(images, ReferenceRun.epoch(test, SEED), ON);
            float[] after = session.logits(images);
            fresh.restore(session.state());
            assertFalse(Arrays.equals(before, after), "nothing was learned");
            assertArrayEquals(fresh.logits(images), after);
            session.restore(start);
            assertArrayEquals(before, session.logits(images));
        }
    }

    private static float[] logits(Engine engine, ContractCase test, SessionState model, Dataset images) {
        try (Session session = engine.open(test.network(), test.training())) {
            session.restore(model);
            return session.logits(images);
        }
    }

    /// A model whose running statistics are far from 0 and 1, of scales of either sign.
    private static SessionState moved(ContractCase test) {
        SessionState state = Synthetic.state(test.network(), test.training(), SEED);
        float[] parameters = state.parameters();
        float[] statistics = state.statistics();
        for (int layer = 0; layer < test.network().stages().size(); layer++) {
            if (test.network().stages().get(layer).layer() instanceof Layer.BatchNorm) {
                int index = layer;
                Tensor scale = test.network().parameters().stream()
                        .filter(t -> t.layer() == index)
                        .findFirst()
                        .orElseThrow();
                var running = test.network().statistics().stream()
                        .filter(t -> t.layer() == index)
                        .toList();
                for (int c = 0; c < scale.elements(); c++) {
                    float number = Synthetic.symmetric(SEED + 3, scale.offset() + c);
                    parameters[scale.offset() + c] = c % 2 == 0 ? 1 + number / 2 : number / 2 - 1;
                    statistics[running.get(0).offset() + c] = 2 * Synthetic.symmetric(SEED + 4, scale.offset() + c);
                    statistics[running.get(1).offset() + c] =
                            (float) Math.exp(3 * Synthetic.symmetric(SEED + 5, scale.offset() + c));
                }
            }
        }
        return SessionState.ofModel(parameters, statistics);
    }
}
