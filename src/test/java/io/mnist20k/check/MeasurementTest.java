package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Split;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tagged since it cannot be watched for races: repeated, a piece of a step writes again what another of its launches
/// still reads, of equal values.
@OnCudaDevice
@Tag("repeats-pieces")
class MeasurementTest {
    @ParameterizedTest
    @ValueSource(strings = {"floor", "step", "step by cuDNN", "launches"})
    void everyTimeIsOfSomethingThatHappened(String name) {
        byte[] labels = new byte[200];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) (i % 10);
        }
        var dataset = new Dataset(new byte[labels.length * 28 * 28], labels);
        Map<String, Object> measured =
                new Measurement(new Split(dataset, dataset), true).of(name, Path.of("nowhere", "mnist20k.jar"));
        assertTrue(measured.size() >= 3, measured.toString());
        measured.forEach((what, value) -> assertTrue(
                value instanceof Number number
                        ? number.doubleValue() > 0
                        : value.toString().startsWith("not measured"),
                what + ": " + value));
    }
}
