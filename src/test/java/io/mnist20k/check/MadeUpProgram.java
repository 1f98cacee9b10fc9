package io.mnist20k.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/// A program that answers at once what the real one, or JUnit's launcher, takes minutes for. It adds what it was asked
/// to the file `asked` beside its jar, and takes only options that it knows. As one class without nested ones, and
/// without lambdas, it starts in a tenth of a second.
public final class MadeUpProgram {
    /// Where there is such a file beside the jar, no two trainings give the same model.
    static final String UNSTEADY = "unsteady";

    /// Where there is such a file beside the jar, batches of 64 are refused.
    static final String CRAMPED = "cramped";

    private MadeUpProgram() {}

    /// Packs it.
    static Path jar(Path jar) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, MadeUpProgram.class.getName());
        String entry = MadeUpProgram.class.getName().replace('.', '/') + ".class";
        try (InputStream code = MadeUpProgram.class.getResourceAsStream("/" + entry);
                OutputStream file = Files.newOutputStream(jar);
                var packed = new JarOutputStream(file, manifest)) {
            packed.putNextEntry(new JarEntry(entry));
            packed.write(code.readAllBytes());
        }
        return jar;
    }

    /// What the program in that folder was asked so far, a line each; absolute names of its folder are `.`.
    static List<String> asked(Path folder) throws IOException {
        return asked(folder, "asked");
    }

    /// @param file in the folder, or below it
    static List<String> asked(Path folder, String file) throws IOException {
        return Files.readString(folder.resolve(file))
                .replace(folder.toString(), ".")
                .lines()
                .toList();
    }

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(System.getProperty("java.class.path")).resolveSibling("");
        Files.writeString(
                folder.resolve("asked"),
                properties() + String.join(" ", args) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        switch (args[0]) {
            case "doctor" -> known(args, 1, "", "--json");
            case "summary" -> known(args, 1, "", "--json");
            case "gpu-check" -> known(args, 1, "--measure --data", "--quick");
            case "train" -> known(args, 1, "--device --out --data --limit --epochs --batch", "--json --quiet");
            case "execute" -> known(args, 1, "", "--disable-banner --disable-ansi-colors");
            default -> refuse(args[0]);
        }
        switch (args[0]) {
            case "doctor" -> System.out.println("{\"devices\": 2}");
            case "summary" -> System.out.println("{\"parameters\": 7}");
            case "gpu-check" -> System.out.println("{\"FP32 operations/s\": 1e12, \"bytes/s\": 1e12}");
            case "train" -> train(folder, args);
            default -> System.out.println("[ 2 tests found ]\n[ 2 tests successful ]");
        }
    }

    private static String properties() {
        var properties = new StringBuilder();
        for (String key : new String[] {"mnist20k.require.native", "mnist20k.jar", "mnist20k.data"}) {
            String value = System.getProperty(key);
            if (value != null) {
                properties.append(key).append('=').append(value).append(' ');
            }
        }
        return properties.toString();
    }

    private static void known(String[] args, int from, String withValue, String flags) {
        for (int i = from; i < args.length; i++) {
            if (List.of(withValue.split(" ")).contains(args[i])) {
                i++;
            } else if (!args[i].contains("=") && !List.of(flags.split(" ")).contains(args[i])) {
                refuse(args[i]);
            }
        }
    }

    private static void refuse(String word) {
        System.err.println("mnist20k: unknown " + word);
        System.exit(2);
    }

    /// An epoch is a hundred times as fast as its number, and the first is a hundred times as slow as that.
    private static void train(Path folder, String[] args) throws IOException {
        if (value(args, "--batch", "").equals("64") && Files.exists(folder.resolve(CRAMPED))) {
            System.err.println("mnist20k: no room for 64");
            System.exit(1);
        }
        Path out = Path.of(value(args, "--out", ""));
        Files.createDirectories(out);
        int epochs = Integer.parseInt(value(args, "--epochs", "3"));
        var metrics = new StringBuilder();
        for (int epoch = 1; epoch <= epochs; epoch++) {
            metrics.append("{\"epoch\": ").append(epoch);
            metrics.append(", \"seconds\": 2, \"validationAccuracy\": 0.9939");
            metrics.append(", \"imagesPerSecond\": ")
                    .append(epoch == 1 ? 1 : 100 * epoch)
                    .append("}\n");
        }
        Files.writeString(out.resolve("metrics.jsonl"), metrics);
        Files.writeString(
                out.resolve("model.safetensors"),
                "weights" + (Files.exists(folder.resolve(UNSTEADY)) ? " of " + out.getFileName() : ""));
        System.out.println("{\"finalAccuracy\": 0.9939, \"trainSeconds\": 6, \"totalSeconds\": 7}");
    }

    private static String value(String[] args, String option, String otherwise) {
        int at = List.of(args).indexOf(option);
        return at < 0 ? otherwise : args[at + 1];
    }
}
