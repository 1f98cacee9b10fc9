package io.mnist20k.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Evaluation;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class TrainingResultTest {
    /// Choosing the best epoch would be choosing by the images that judge.
    @Test
    void theAccuracyIsTheLastEpochsHoweverWellAnotherDid() {
        Dataset judge = TinyRun.digits(10, 2);
        float[] logits = new float[10 * 10];
        for (int i = 0; i < 10; i++) {
            int answer = i < 7 ? judge.labels()[i] : (judge.labels()[i] + 1) % 10;
            logits[i * 10 + answer] = 1;
        }
        Evaluation last = Evaluation.of(judge, logits);
        List<EpochRecord> epochs = DoubleStream.of(0.5, 0.9, last.accuracy())
                .mapToObj(accuracy -> new EpochRecord(1, 1, 0.1, 1, accuracy, 0.01, 1, 1))
                .toList();
        var finished = new TrainingResult.Finished(
                TinyRun.settings(TinyRun.recipe()),
                "reference",
                "plain loops",
                2000,
                epochs,
                3,
                1,
                judge,
                logits,
                last,
                Path.of("run"));
        assertEquals(0.7, finished.finalAccuracy());
        assertEquals(0.9, finished.bestAccuracy());
    }
}
