import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A network in one library for the JVM, trained and asked in turns with others; peers.py starts it and describes
/// the conversation.
///
/// Arguments: NETWORK DATA BATCH THREADS LEARNING_RATE VARIANT. NETWORK has a line a layer, `conv in=1 out=16 …`, as
/// `mnist20k summary --json` has it; only ours takes the recipe itself.
interface Peer {
    /// Trains a step for every `batch` images of the order, the last with what is left.
    ///
    /// @return mean loss of the images, nats, each before its own step
    double train(int[] order) throws Exception;

    /// @return `[test images, 10]`, scores or probabilities, row-major
    float[] infer() throws Exception;

    /// What computes, with its version.
    String version();

    /// Opens a peer.
    interface Library {
        Peer open(Task task) throws Exception;
    }

    /// What to train.
    record Task(Path network, Images train, Images test, int batch, int threads, float learningRate, String variant) {
        static Task of(String[] arguments) throws IOException {
            Path data = Path.of(arguments[1]);
            return new Task(
                    Path.of(arguments[0]),
                    Images.read(data, "train"),
                    Images.read(data, "test"),
                    Integer.parseInt(arguments[2]),
                    Integer.parseInt(arguments[3]),
                    Float.parseFloat(arguments[4]),
                    arguments[5]);
        }

        List<Layer> layers() throws IOException {
            return Files.readAllLines(network).stream().map(Layer::of).toList();
        }
    }

    /// @param type as in recipes
    record Layer(String type, Map<String, String> settings) {
        static Layer of(String line) {
            String[] words = line.split(" ");
            return new Layer(
                    words[0],
                    Stream.of(words).skip(1).map(w -> w.split("=")).collect(Collectors.toMap(w -> w[0], w -> w[1])));
        }

        int number(String key) {
            return Integer.parseInt(settings.get(key));
        }

        double rate() {
            return Double.parseDouble(settings.get("rate"));
        }

        boolean bias() {
            return Boolean.parseBoolean(settings.get("bias"));
        }

        IllegalArgumentException unknown() {
            return new IllegalArgumentException("this peer has no layer " + type);
        }
    }

    /// @param pixels `[count, 784]`, 0..255 without sign
    record Images(byte[] pixels, byte[] labels) {
        static final int AREA = 784;
        static final int CLASSES = 10;
        // Of MNIST's training images, between 0 and 1.
        private static final float MEAN = 0.1307f;
        private static final float DEVIATION = 0.3081f;

        static Images read(Path folder, String name) throws IOException {
            return new Images(all(folder.resolve(name + ".pixels")), all(folder.resolve(name + ".labels")));
        }

        /// [Files#readAllBytes] would keep as much memory again, outside the heap.
        private static byte[] all(Path file) throws IOException {
            try (var in = new FileInputStream(file.toFile())) {
                return in.readAllBytes();
            }
        }

        int count() {
            return labels.length;
        }

        /// The images `order[from ..< to]`, normalised.
        float[] batch(int[] order, int from, int to) {
            float[] batch = new float[(to - from) * AREA];
            for (int i = from; i < to; i++) {
                for (int p = 0; p < AREA; p++) {
                    float pixel = (pixels[order[i] * AREA + p] & 0xFF) / 255f;
                    batch[(i - from) * AREA + p] = (pixel - MEAN) / DEVIATION;
                }
            }
            return batch;
        }

        /// As they stand.
        int[] order() {
            int[] order = new int[count()];
            for (int i = 0; i < order.length; i++) {
                order[i] = i;
            }
            return order;
        }

        int[] shuffled(Random random) {
            int[] order = order();
            for (int last = order.length - 1; last > 0; last--) {
                int chosen = random.nextInt(last + 1);
                int moved = order[last];
                order[last] = order[chosen];
                order[chosen] = moved;
            }
            return order;
        }

        /// Share of the images whose label has the largest score.
        double accuracy(float[] scores) {
            int right = 0;
            for (int i = 0; i < count(); i++) {
                int best = 0;
                for (int k = 1; k < CLASSES; k++) {
                    best = scores[i * CLASSES + k] > scores[i * CLASSES + best] ? k : best;
                }
                right += best == labels[i] ? 1 : 0;
            }
            return (double) right / count();
        }
    }

    /// Holds the conversation until its input ends, then ends the process: some libraries leave threads behind.
    static void converse(String[] arguments, Library library) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err); // standard output belongs to the conversation
        var questions = new BufferedReader(new InputStreamReader(System.in));
        try {
            Task task = Task.of(arguments);
            Peer peer = library.open(task);
            say(answers, "version", '"' + peer.version() + ", JDK " + Runtime.version() + '"');
            var random = new Random(1);
            for (String line = questions.readLine(); line != null; line = questions.readLine()) {
                if (line.equals("train")) {
                    int[] order = task.train().shuffled(random);
                    long start = System.nanoTime();
                    double loss = peer.train(order);
                    double seconds = (System.nanoTime() - start) * 1e-9;
                    say(answers, "imagesPerSecond", order.length / seconds, "loss", '"' + Double.toString(loss) + '"');
                } else {
                    long start = System.nanoTime();
                    float[] scores = peer.infer();
                    double seconds = (System.nanoTime() - start) * 1e-9;
                    double accuracy = task.test().accuracy(scores);
                    say(answers, "imagesPerSecond", task.test().count() / seconds, "accuracy", accuracy);
                }
            }
        } catch (Exception | LinkageError failure) { // what this machine lacks for it
            failure.printStackTrace();
            String sentence = (failure.getClass().getSimpleName() + ": " + failure.getMessage())
                    .lines()
                    .findFirst()
                    .orElse("");
            say(answers, "error", '"' + sentence.replaceAll("[\"\\\\\\p{Cntrl}]", "'") + '"');
        }
        Runtime.getRuntime().halt(0);
    }

    private static void say(PrintStream answers, Object... pairs) {
        var fields = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            fields.append(i > 0 ? ", " : "").append('"').append(pairs[i]).append("\": ").append(pairs[i + 1]);
        }
        answers.println("{" + fields + "}");
        answers.flush();
    }
}
