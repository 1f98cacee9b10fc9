import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/// Deeplearning4j on ND4J's native CPU backend. The variant is only said: it is a matter of the class path.
final class Dl4j implements Peer {
    private final Task task;
    private final MultiLayerNetwork network;

    private Dl4j(Task task) throws Exception {
        this.task = task;
        Nd4j.getEnvironment().setMaxThreads(task.threads());
        Nd4j.getEnvironment().setMaxMasterThreads(task.threads());
        var list = new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(task.learningRate()))
                .weightInit(WeightInit.RELU) // normal, deviation sqrt(2 / fan)
                .convolutionMode(ConvolutionMode.Truncate)
                .list();
        for (Layer l : task.layers()) {
            switch (l.type()) {
                case "conv" -> list.layer(new ConvolutionLayer.Builder(l.number("kernel"), l.number("kernel"))
                        .stride(l.number("stride"), l.number("stride"))
                        .padding(l.number("padding"), l.number("padding"))
                        .nOut(l.number("out"))
                        .hasBias(l.bias())
                        .activation(Activation.IDENTITY)
                        .build());
                case "batchnorm" -> list.layer(new BatchNormalization.Builder()
                        .decay(0.9)
                        .eps(1e-5)
                        .build());
                // A layer of its own: DL4J's batch norm takes an activation and leaves it out.
                case "relu" -> list.layer(new ActivationLayer(Activation.RELU));
                case "maxpool" -> list.layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                        .kernelSize(l.number("kernel"), l.number("kernel"))
                        .stride(l.number("stride"), l.number("stride"))
                        .build());
                case "dropout" -> list.layer(new DropoutLayer(1 - l.rate())); // DL4J counts what is kept
                case "globalavgpool" -> list.layer(new GlobalPoolingLayer(PoolingType.AVG));
                case "dense" -> list.layer(new DenseLayer.Builder()
                        .nOut(l.number("out"))
                        .hasBias(l.bias())
                        .activation(Activation.IDENTITY)
                        .build());
                case "softmax" -> list.layer(new LossLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .build());
                default -> throw l.unknown();
            }
        }
        network = new MultiLayerNetwork(
                list.setInputType(InputType.convolutional(28, 28, 1)).build());
        network.init();
    }

    @Override
    public double train(int[] order) {
        double sum = 0;
        for (int from = 0; from < order.length; from += task.batch()) {
            int to = Math.min(from + task.batch(), order.length);
            float[] labels = new float[(to - from) * Images.CLASSES];
            for (int i = from; i < to; i++) {
                labels[(i - from) * Images.CLASSES + task.train().labels()[order[i]]] = 1;
            }
            network.fit(images(task.train(), order, from, to), Nd4j.create(labels, to - from, Images.CLASSES));
            sum += network.score() * (to - from);
        }
        return sum / order.length;
    }

    @Override
    public float[] infer() {
        int[] order = task.test().order();
        float[] scores = new float[order.length * Images.CLASSES];
        for (int from = 0; from < order.length; from += task.batch()) {
            int to = Math.min(from + task.batch(), order.length);
            float[] batch = network.output(images(task.test(), order, from, to), false)
                    .data()
                    .asFloat();
            System.arraycopy(batch, 0, scores, from * Images.CLASSES, (to - from) * Images.CLASSES);
        }
        return scores;
    }

    private static INDArray images(Images images, int[] order, int from, int to) {
        return Nd4j.create(images.batch(order, from, to), new int[] {to - from, 1, 28, 28}, 'c');
    }

    @Override
    public String version() {
        return "Deeplearning4j " + task.variant();
    }

    public static void main(String[] arguments) throws Exception {
        Peer.converse(arguments, Dl4j::new);
    }
}
