import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.Arrays;
import java.util.List;

/// Our CPU engine.
final class Mnist20k implements Peer {
    private final Task task;
    private final Engine engine;
    private final Session session;
    private final Dataset train;
    private final Dataset test;
    private int epoch;

    private Mnist20k(Task task) {
        this.task = task;
        Recipe recipe = RecipeReader.read(task.network().toString(), List.of());
        Network network = recipe.build();
        train = new Dataset(task.train().pixels(), task.train().labels());
        test = new Dataset(task.test().pixels(), task.test().labels());
        var training = new Training(
                task.batch(),
                1,
                new Optimizer.AdamW(task.learningRate(), 0.9, 0.999, 1e-8, 0),
                0,
                0,
                Augmentation.NONE,
                train.normalization(),
                recipe.engine());
        engine = Devices.choose("cpu", task.threads()).engine();
        session = engine.open(network, training);
        session.restore(SessionState.initial(network, Initialization.KAIMING_NORMAL, training));
    }

    @Override
    public double train(int[] order) {
        float[] rates = new float[Epoch.steps(order.length, task.batch())];
        Arrays.fill(rates, task.learningRate());
        double[] sum = new double[1];
        session.train(train, new Epoch(epoch++, 0, task.batch(), order, rates), (step, lossSum, correct) -> {
            sum[0] += lossSum;
            return true;
        });
        return sum[0] / order.length;
    }

    @Override
    public float[] infer() {
        return session.logits(test);
    }

    @Override
    public String version() {
        return "mnist20k, " + engine.deviceName();
    }

    public static void main(String[] arguments) throws Exception {
        Peer.converse(arguments, Mnist20k::new);
    }
}
