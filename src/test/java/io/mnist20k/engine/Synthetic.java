package io.mnist20k.engine;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import io.mnist20k.recipe.Initialization;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/// Made-up inputs, each a function of a seed.
public final class Synthetic {
    /// Near what such images have; an engine may not depend on it being exact.
    public static final Normalization NORMALIZATION = new Normalization(0.13f, 0.31f);

    /// Done before a run begins: the number of an update is not the number of a step.
    static final int UPDATES = 3;

    private Synthetic() {}

    /// Images with a black margin, as handwritten digits have, and a random half of the pixels within it lit.
    public static Dataset images(long seed, int count) {
        byte[] pixels = new byte[count * 28 * 28];
        byte[] labels = new byte[count];
        for (int n = 0; n < count; n++) {
            labels[n] = (byte) Integer.remainderUnsigned(word(seed, n, 1 << 20), 10);
            for (int y = 4; y < 24; y++) {
                for (int x = 4; x < 24; x++) {
                    int word = word(seed, n, y * 28 + x);
                    pixels[(n * 28 + y) * 28 + x] = word < 0 ? 0 : (byte) word;
                }
            }
        }
        return new Dataset(pixels, labels);
    }

    /// A state in which nothing has its initial value: no bias is 0, no scale 1, no running variance 1.
    public static SessionState state(Network network, Training training, long seed) {
        var initial = SessionState.initial(network, Initialization.KAIMING_UNIFORM, training);
        float[] parameters = initial.parameters();
        for (Tensor tensor : network.parameters()) {
            if (tensor.shape().size() == 1) {
                disturb(parameters, tensor, seed);
            }
        }
        float[] statistics = initial.statistics();
        for (Tensor tensor : network.statistics()) {
            disturb(statistics, tensor, seed + 1);
        }
        return new SessionState(
                UPDATES,
                parameters,
                statistics,
                initial.slots(),
                training.averages() ? parameters.clone() : new float[0],
                training.averages() ? statistics.clone() : new float[0]);
    }

    /// A state of chosen parameters, without statistics, average or history.
    static SessionState plainState(Network network, IntToDoubleFunction parameter) {
        float[] parameters = new float[network.parameterCount()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (float) parameter.applyAsDouble(i);
        }
        List<float[]> slots = List.of(new float[parameters.length]);
        return new SessionState(0, parameters, new float[0], slots, new float[0], new float[0]);
    }

    /// Image 0 is all black, image 1 all white.
    static Dataset blackAndWhite() {
        byte[] pixels = new byte[2 * 784];
        Arrays.fill(pixels, 784, 2 * 784, (byte) 255);
        return new Dataset(pixels, new byte[] {3, 4});
    }

    /// A number in (-1, 1).
    static float symmetric(long seed, int index) {
        return (float) Philox.symmetric(word(seed, 0, index));
    }

    /// What `docs/OPERATIONS.md` says of dropout.
    ///
    /// @param unit element or channel
    public static boolean kept(long seed, int layer, double rate, int epoch, int step, int sample, int unit) {
        int[] words = new int[4];
        Philox.block(seed, unit / 8, sample, step, Philox.stream(Purpose.DROPOUT, layer, epoch), words);
        int word = words[unit % 8 / 2];
        int half = unit % 2 == 0 ? word & 0xFFFF : word >>> 16;
        return half >= Math.round(65536 * rate);
    }

    private static void disturb(float[] vector, Tensor tensor, long seed) {
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            vector[i] += 0.3f * symmetric(seed, i);
        }
    }

    private static int word(long seed, int sample, int element) {
        int[] words = new int[4];
        Philox.block(seed, element, sample, 0, -1, words);
        return words[0];
    }
}
