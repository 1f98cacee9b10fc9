import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;

/// Deep Java Library on its PyTorch engine.
final class Djl implements Peer {
    private final Task task;
    private final Loss loss = Loss.softmaxCrossEntropyLoss();
    private final Trainer trainer;
    private final Predictor<NDList, NDList> predictor;

    private Djl(Task task) throws Exception {
        this.task = task;
        Engine.getInstance().setRandomSeed(1);
        Model model = Model.newInstance("peer", Device.cpu());
        var network = new SequentialBlock();
        for (Layer layer : task.layers()) {
            if (!layer.type().equals("softmax")) { // the loss has it
                network.add(block(layer));
            }
        }
        model.setBlock(network);
        trainer = model.newTrainer(new DefaultTrainingConfig(loss)
                .optDevices(new Device[] {Device.cpu()})
                .optInitializer(
                        // normal, deviation sqrt(2 / fan)
                        new XavierInitializer(
                                XavierInitializer.RandomType.GAUSSIAN, XavierInitializer.FactorType.IN, 2),
                        Parameter.Type.WEIGHT)
                .optOptimizer(Optimizer.adam()
                        .optLearningRateTracker(Tracker.fixed(task.learningRate()))
                        .build()));
        trainer.initialize(new Shape(task.batch(), 1, 28, 28));
        predictor = model.newPredictor(new NoopTranslator(null));
    }

    private static Block block(Layer l) {
        return switch (l.type()) {
            case "conv" -> Conv2d.builder()
                    .setKernelShape(square(l.number("kernel")))
                    .setFilters(l.number("out"))
                    .optStride(square(l.number("stride")))
                    .optPadding(square(l.number("padding")))
                    .optBias(l.bias())
                    .build();
            case "batchnorm" -> BatchNorm.builder().optEpsilon(1e-5f).optMomentum(0.9f).build();
            case "relu" -> Activation.reluBlock();
            case "maxpool" -> Pool.maxPool2dBlock(square(l.number("kernel")), square(l.number("stride")));
            case "dropout" -> Dropout.builder().optRate((float) l.rate()).build();
            case "globalavgpool" -> Pool.globalAvgPool2dBlock();
            case "dense" -> Linear.builder().setUnits(l.number("out")).optBias(l.bias()).build();
            default -> throw l.unknown();
        };
    }

    private static Shape square(int side) {
        return new Shape(side, side);
    }

    @Override
    public double train(int[] order) {
        double sum = 0;
        for (int from = 0; from < order.length; from += task.batch()) {
            int to = Math.min(from + task.batch(), order.length);
            float[] labels = new float[to - from];
            for (int i = from; i < to; i++) {
                labels[i - from] = task.train().labels()[order[i]];
            }
            try (NDManager step = trainer.getManager().newSubManager()) {
                NDArray mean;
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    NDList scores = trainer.forward(new NDList(images(step, task.train(), order, from, to)));
                    mean = loss.evaluate(new NDList(step.create(labels)), scores);
                    collector.backward(mean);
                }
                trainer.step();
                sum += mean.getFloat() * (to - from);
            }
        }
        return sum / order.length;
    }

    @Override
    public float[] infer() throws Exception {
        int[] order = task.test().order();
        float[] scores = new float[order.length * Images.CLASSES];
        for (int from = 0; from < order.length; from += task.batch()) {
            int to = Math.min(from + task.batch(), order.length);
            try (NDManager step = trainer.getManager().newSubManager()) {
                NDList answer = predictor.predict(new NDList(images(step, task.test(), order, from, to)));
                answer.attach(step);
                float[] batch = answer.singletonOrThrow().toFloatArray();
                System.arraycopy(batch, 0, scores, from * Images.CLASSES, (to - from) * Images.CLASSES);
            }
        }
        return scores;
    }

    private static NDArray images(NDManager manager, Images images, int[] order, int from, int to) {
        return manager.create(images.batch(order, from, to), new Shape(to - from, 1, 28, 28));
    }

    @Override
    public String version() {
        return "DJL " + Engine.getDjlVersion() + " on PyTorch " + Engine.getInstance().getVersion();
    }

    public static void main(String[] arguments) throws Exception {
        Peer.converse(arguments, Djl::new);
    }
}
