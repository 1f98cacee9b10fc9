package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.LaunchShape;
import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer.Muon;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One update of matrices against the formulas in double.
@OnCudaDevice
final class MuonKernelTest {
    private static final double UNIT = 0x1p-24;
    private static final float RATE = 0.03f;
    private static final float AVERAGING = 0.75f;
    private static final float DECAY = 0.5f;

    /// An iteration makes small singular values, and what is wrong with them, 3.4445 times as large. So a rounding in
    /// each of the five, of numbers below 1, comes to 3.4445 + ... + 3.4445^5.
    private static final double OFF = 682;

    /// In gaps, where nothing may change.
    private static final float GAP = 7;

    /// Wide, high and square, of whole tiles and not, of more tiles than go round once and of a single one.
    private static final String ALL = "28x252 20x9 1x9 33x31 5x45 12x1 64x144 4x4";

    /// Small enough for the shared memory of any GPU.
    private static final String SMALL = "28x252 20x9 1x9 33x31 5x45 12x1 4x4";

    private static KernelBench bench;

    @BeforeAll
    static void open() {
        bench = new KernelBench();
    }

    @AfterAll
    static void close() {
        bench.close();
    }

    /// What an update starts from.
    private static final class Case {
        final List<Tensor> tensors;
        final Layout layout;
        final float[] parameters;
        final float[] velocity;
        final float[] averages;
        final float[] gradients;

        /// @param sizes like "28x252 1x9"
        Case(String sizes) {
            tensors = Arrays.stream(sizes.split(" ", -1)).map(Case::tensor).toList();
            layout = new Layout(tensors);
            parameters = symmetric(51, 2, GAP);
            gradients = symmetric(52, 1.0 / 16, Float.NaN);
            velocity = symmetric(53, 1.0 / 8, GAP);
            averages = symmetric(54, 1, GAP);
        }

        private static Tensor tensor(String size) {
            int by = size.indexOf('x');
            int rows = Integer.parseInt(size, 0, by, 10);
            int columns = Integer.parseInt(size, by + 1, size.length(), 10);
            return new Tensor(size, 0, List.of(rows, columns, 1, 1), 0);
        }

        private float[] symmetric(long seed, double largest, float gap) {
            float[] values = new float[layout.length()];
            Arrays.fill(values, gap);
            for (Tensor tensor : tensors) {
                int at = layout.offset(tensor);
                for (int i = at; i < at + tensor.elements(); i++) {
                    values[i] = (float) (largest * Numbers.symmetric(seed, i));
                }
            }
            return values;
        }

        /// @param shared   whether blocks compute in shared memory
        /// @param followed whether there are averages and a copy in bf16
        Result update(double momentum, boolean shared, boolean followed) {
            var matrices = new Matrices(tensors, layout, shared ? bench.sharedBytes() : 0);
            assertEquals(shared, matrices.sharedBytes() > 0, "in shared memory");
            float[] gaps = new float[layout.length()];
            Arrays.fill(gaps, GAP);
            DeviceBuffer p = bench.floats(parameters);
            DeviceBuffer v = bench.floats(velocity);
            DeviceBuffer average = bench.floats(averages);
            DeviceBuffer rounded = bench.activations(Precision.BF16, gaps);
            bench.launch(
                    "muon",
                    new LaunchShape(matrices.count(), 1, Matrices.THREADS, matrices.sharedBytes(), false),
                    p,
                    v,
                    followed ? average : 0L,
                    followed ? rounded : 0L,
                    matrices.scratchBytes() == 0 ? 0L : bench.empty(matrices.scratchBytes()),
                    bench.floats(gradients),
                    bench.ints(matrices.table()),
                    bench.step(4, 0, 0, RATE, 1, 1, AVERAGING),
                    momentum,
                    DECAY,
                    Muon.ITERATIONS,
                    (float) Muon.LINEAR,
                    (float) Muon.CUBIC,
                    (float) Muon.QUINTIC,
                    (float) Muon.LEAST_NORM,
                    (float) Muon.SIZE);
            return new Result(
                    KernelBench.floats(p),
                    KernelBench.floats(v),
                    KernelBench.floats(average),
                    KernelBench.activations(Precision.BF16, rounded));
        }
    }

    private record Result(float[] parameters, float[] velocity, float[] averages, float[] rounded) {}

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void turnsMatricesOfAnySize(boolean shared) {
        var made = new Case(shared ? SMALL : ALL);
        double momentum = 0.95;
        Result result = made.update(momentum, shared, true);
        double[] velocity = Numbers.doubles(made.velocity);
        double[] expected = Numbers.doubles(made.parameters);
        double[] averages = Numbers.doubles(made.averages);
        float[] rounded = new float[expected.length];
        Arrays.fill(rounded, GAP);
        double[] tolerances = new double[expected.length];
        for (Tensor tensor : made.tensors) {
            int at = made.layout.offset(tensor);
            int rows = tensor.shape().get(0);
            int columns = tensor.shape().get(1);
            double[] x = new double[tensor.elements()];
            for (int i = 0; i < x.length; i++) {
                double g = (1 - momentum) * made.gradients[at + i];
                velocity[at + i] = momentum * velocity[at + i] + g;
                x[i] = momentum * velocity[at + i] + g;
            }
            x = orthogonal(x, rows, columns);
            double reach = RATE * Muon.SIZE * Math.sqrt(Math.max(rows, columns));
            for (int i = 0; i < x.length; i++) {
                double p = made.parameters[at + i];
                expected[at + i] = p - RATE * DECAY * p - reach * x[i];
                tolerances[at + i] = 3 * UNIT * Math.abs(p) + reach * OFF * UNIT;
                averages[at + i] = AVERAGING * averages[at + i] + (1 - AVERAGING) * result.parameters[at + i];
                rounded[at + i] = Precision.BF16.round(result.parameters[at + i]);
            }
        }
        Numbers.assertClose(velocity, result.velocity, i -> velocity[i] == GAP ? 0 : UNIT / 2, "velocity");
        Numbers.assertClose(expected, result.parameters, i -> tolerances[i], "p");
        Numbers.assertClose(averages, result.averages, i -> averages[i] == GAP ? 0 : 4 * UNIT, "averages");
        Numbers.assertSameBits(rounded, result.rounded, "bf16 copy");
    }

    @Test
    void theSameBitsInEitherMemory() {
        var made = new Case(SMALL);
        Numbers.assertSameBits(made.update(0.9, false, true).parameters, made.update(0.9, true, true).parameters, "p");
    }

    @Test
    void withoutAveragesNothingElseIsWritten() {
        var made = new Case(SMALL);
        Result result = made.update(0.9, true, false);
        Numbers.assertSameBits(made.averages, result.averages, "averages");
        for (float copy : result.rounded) {
            assertEquals(GAP, copy, "bf16 copy");
        }
        Numbers.assertSameBits(made.update(0.9, true, true).parameters, result.parameters, "p");
    }

    /// 1 - 0.999 as floats is off by 1.3e-5 of itself.
    @Test
    void oneMinusMomentumKeepsItsDigits() {
        var made = new Case("1x1");
        made.gradients[0] = 1;
        made.velocity[0] = 0;
        assertEquals(0.001f, made.update(0.999, true, true).velocity[0]);
    }

    @Test
    void withoutGradientsThereIsDecayAlone() {
        var made = new Case("16x9");
        Arrays.fill(made.gradients, 0);
        Arrays.fill(made.velocity, 0);
        float[] updated = made.update(0.9, true, true).parameters;
        for (int i = 0; i < 16 * 9; i++) {
            double p = made.parameters[i];
            assertEquals(p - RATE * DECAY * p, updated[i], 2 * UNIT * Math.abs(p), "p " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aGradientThatIsNoNumberIsNotHidden(float gradient) {
        var made = new Case("5x9 12x3 4x4");
        Tensor hit = made.tensors.get(1);
        int from = made.layout.offset(hit);
        int to = from + hit.elements();
        made.gradients[from + 7] = gradient;
        Result result = made.update(0.9, true, true);
        for (int i = 0; i < result.parameters.length; i++) {
            assertEquals(i >= from && i < to, Float.isNaN(result.parameters[i]), "p " + i);
            assertEquals(i >= from && i < to, Float.isNaN(result.rounded[i]), "bf16 copy " + i);
        }
    }

    private static double[] orthogonal(double[] matrix, int rows, int columns) {
        double norm =
                Math.sqrt(Arrays.stream(matrix).map(value -> value * value).sum());
        double[] x = Arrays.stream(matrix).map(value -> value / norm).toArray();
        for (int iteration = 0; iteration < Muon.ITERATIONS; iteration++) {
            double[] gram = new double[rows * rows];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < rows; j++) {
                    for (int k = 0; k < columns; k++) {
                        gram[i * rows + j] += x[i * columns + k] * x[j * columns + k];
                    }
                }
            }
            double[] cubed = product(gram, x, rows, columns);
            double[] fifth = product(gram, cubed, rows, columns);
            for (int i = 0; i < x.length; i++) {
                x[i] = Muon.LINEAR * x[i] + Muon.CUBIC * cubed[i] + Muon.QUINTIC * fifth[i];
            }
        }
        return x;
    }

    private static double[] product(double[] square, double[] x, int rows, int columns) {
        double[] product = new double[x.length];
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < rows; k++) {
                for (int j = 0; j < columns; j++) {
                    product[i * columns + j] += square[i * rows + k] * x[k * columns + j];
                }
            }
        }
        return product;
    }
}
