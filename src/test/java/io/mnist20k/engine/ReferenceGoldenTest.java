package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Optimizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Three steps of training, the last one short, against PyTorch 2.13 in double: `src/test/python/goldens.py` made the
/// literals.
final class ReferenceGoldenTest {
    /// The session rounds parameters to float, 2^-24 relative, before each of three forward passes; the parameters are
    /// below 0.5 and a logit sums a hundred products with them, so 1e-6 leaves room for 10 · 0.5 · 2^-24.
    private static final double TOLERANCE = 1e-6;

    private static final int IMAGES = 10;
    private static final Network NETWORK =
            Layers.network("biasConv 3 3 2 1, norm, relu, pool 3 2, conv 4 2 1 0, norm, relu, dense 10");

    private static final double[] SGD_LOSS_SUMS = {10.2634728667, 8.87403875615, 3.87173023598};
    private static final double[] SGD_PARAMETERS = {
        -0.406302996007,
        0.0295837555838,
        -0.333989613153,
        0.084475136165,
        -0.281696140639,
        0.138278266398,
        -0.226360900656,
        0.193068766974,
        -0.16358992795,
        0.246112925521,
        -0.120850134407,
        0.301878254382
    };
    private static final double[] SGD_STATISTICS = {
        0.215192017476,
        -0.0738526083561,
        0.042800088301,
        0.588209794536,
        0.793267155893,
        0.735019259915,
        -0.0828748361717,
        0.219385195585,
        -0.00732429874464,
        -0.156746133631,
        0.34640877982,
        0.349843663534,
        0.348773723177,
        0.346987689496
    };
    private static final double[] SGD_LOGITS = {
        -0.274800330415,
        -0.118189967055,
        0.104517378839,
        -0.0711797401317,
        0.0967630188726,
        0.31461110113,
        -0.130233843363,
        0.00961513630363,
        0.25358399274,
        -0.184158074769,
        -0.285858673958,
        -0.105569764016,
        0.11612441219,
        -0.108933531594,
        0.137680140159,
        0.316884363418,
        -0.163466471635,
        0.0174301249,
        0.224231926074,
        -0.158704482811
    };
    private static final double[] ADAMW_LOSS_SUMS = {10.2634728667, 10.2757382155, 5.22592537752};
    private static final double[] ADAMW_PARAMETERS = {
        -0.412256321938,
        -0.00954125445247,
        -0.325094890866,
        0.0564674306246,
        -0.31614144929,
        0.091958600884,
        -0.247165457565,
        0.164142312882,
        -0.0993440994746,
        0.196540895791,
        -0.175939658697,
        0.264857170696
    };
    private static final double[] ADAMW_STATISTICS = {
        0.217544222349,
        -0.0802590377116,
        0.0516030683692,
        0.602120651113,
        0.7991541718,
        0.679003570123,
        -0.067569254236,
        0.270983859162,
        -0.0259594045098,
        -0.1349457578,
        0.345820084918,
        0.352386987795,
        0.348205604985,
        0.347668446961
    };
    private static final double[] ADAMW_LOGITS = {
        0.0166302045328,
        -0.285958763277,
        -0.163473880108,
        0.177950106442,
        -0.422374315713,
        -0.0204906705286,
        0.172593906464,
        -0.506354479081,
        -0.115986186415,
        0.0971740237631,
        0.00506563536008,
        -0.26503444038,
        -0.175450970977,
        0.162726136374,
        -0.417649631557,
        -0.0287365652558,
        0.176982466263,
        -0.497513948302,
        -0.130841176804,
        0.10952530363
    };

    private static final double[] MUON_LOSS_SUMS = {10.2634728667, 10.3898929371, 5.96861387686};
    private static final double[] MUON_PARAMETERS = {
        -0.387415073672,
        -0.0125945741852,
        -0.323996771988,
        0.0447249426256,
        -0.314111316114,
        0.0772130002166,
        -0.24895041464,
        0.15297183702,
        -0.0964811925796,
        0.220881839409,
        -0.172991176466,
        0.267022264658
    };
    private static final double[] MUON_STATISTICS = {
        0.209413283766,
        -0.0768117170457,
        0.039253410797,
        0.576727296642,
        0.764395340445,
        0.735287562611,
        -0.0824209579883,
        0.179024731057,
        -0.0135541435335,
        -0.153701042418,
        0.345175115149,
        0.3479757879,
        0.346991539857,
        0.346250317769
    };
    private static final double[] MUON_LOGITS = {
        -0.0120911454706,
        -0.267477655455,
        -0.169445870496,
        0.169848011527,
        -0.420841959373,
        -0.0350060314848,
        0.169949050259,
        -0.505194220815,
        -0.125562164891,
        0.115719950008,
        -0.0167136856929,
        -0.26155087545,
        -0.171005631426,
        0.157800548157,
        -0.412167809963,
        -0.0327802752627,
        0.167894137517,
        -0.499786353349,
        -0.130786731191,
        0.113529762339
    };

    @Test
    void nesterovTrainsAsInPyTorch() {
        var optimizer = new Optimizer.Sgd(1, 0.9, true, 0.02);
        check(optimizer, SGD_LOSS_SUMS, SGD_PARAMETERS, SGD_STATISTICS, SGD_LOGITS);
    }

    @Test
    void adamWTrainsAsInPyTorch() {
        var optimizer = new Optimizer.AdamW(1, 0.8, 0.95, 0.01, 0.3);
        check(optimizer, ADAMW_LOSS_SUMS, ADAMW_PARAMETERS, ADAMW_STATISTICS, ADAMW_LOGITS);
    }

    @Test
    void muonTrainsAsInPyTorch() {
        var optimizer = new Optimizer.Muon(0.9, new Optimizer.AdamW(1, 0.8, 0.95, 0.01, 0.3));
        check(optimizer, MUON_LOSS_SUMS, MUON_PARAMETERS, MUON_STATISTICS, MUON_LOGITS);
    }

    private static void check(
            Optimizer optimizer, double[] lossSums, double[] parameters, double[] statistics, double[] logits) {
        var training = new Training(
                4, 0, optimizer, 0.1, 0.9, Augmentation.NONE, new Normalization(0.5f, 0.25f), EngineSettings.DEFAULT);
        int[] order = new int[IMAGES];
        Arrays.setAll(order, i -> i);
        var epoch = new Epoch(0, 0, 4, order, new float[] {0.05f, 0.04f, 0.03f});
        var observed = new Observed(0, true);
        try (Session session = new ReferenceEngine().open(NETWORK, training)) {
            session.restore(start(training));
            session.train(images(IMAGES), epoch, observed);
            SessionState state = session.state();
            for (int i = 0; i < lossSums.length; i++) {
                assertEquals(lossSums[i], observed.lossSums().get(i), lossSums[i] * TOLERANCE, "loss sum " + i);
            }
            for (int i = 0; i < parameters.length; i++) {
                assertEquals(parameters[i], state.parameters()[97 * i], TOLERANCE, "parameter " + 97 * i);
            }
            assertEquals(statistics.length, state.statistics().length);
            for (int i = 0; i < statistics.length; i++) {
                assertEquals(statistics[i], state.statistics()[i], TOLERANCE, "statistic " + i);
            }
            float[] actual = session.logits(images(2));
            assertEquals(logits.length, actual.length);
            for (int i = 0; i < logits.length; i++) {
                assertEquals(logits[i], actual[i], TOLERANCE, "logit " + i);
            }
        }
    }

    private static SessionState start(Training training) {
        float[] parameters = new float[NETWORK.parameterCount()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (i * 37 % 101 - 50) / 128f;
        }
        float[] statistics = {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1};
        var slots = List.of(new float[parameters.length], new float[parameters.length]);
        return new SessionState(
                0,
                parameters,
                statistics,
                training.optimizer() instanceof Optimizer.Sgd ? slots.subList(0, 1) : slots,
                parameters.clone(),
                statistics.clone());
    }

    private static Dataset images(int count) {
        byte[] pixels = new byte[count * 784];
        byte[] labels = new byte[count];
        for (int n = 0; n < count; n++) {
            labels[n] = (byte) (3 * n % 10);
            for (int i = 0; i < 784; i++) {
                pixels[n * 784 + i] = (byte) (31 * i + 17 * n + i * i % 29 * (n + 1));
            }
        }
        return new Dataset(pixels, labels);
    }
}
