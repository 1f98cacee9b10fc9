package io.mnist20k.data;

import java.util.List;

/// One of the four files of a dataset, and what MNIST's own looks like.
///
/// @param fileName the usual name, without `.gz`
/// @param bytes    length of MNIST's own file, unpacked
/// @param sha256   of MNIST's own file, unpacked, in lower-case hexadecimal
record MnistFile(String fileName, IdxFile.Kind kind, int bytes, String sha256) {
    static final MnistFile TRAIN_IMAGES = new MnistFile(
            "train-images-idx3-ubyte",
            IdxFile.Kind.IMAGES,
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
    static final MnistFile TRAIN_LABELS = new MnistFile(
            "train-labels-idx1-ubyte",
            IdxFile.Kind.LABELS,
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5");
    static final MnistFile TEST_IMAGES = new MnistFile(
            "t10k-images-idx3-ubyte",
            IdxFile.Kind.IMAGES,
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7");
    static final MnistFile TEST_LABELS = new MnistFile(
            "t10k-labels-idx1-ubyte",
            IdxFile.Kind.LABELS,
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");

    /// Under what names the file may lie in a folder, best first; some mirrors write `.idx3` for `-idx3`.
    List<String> names() {
        String dotted = fileName.replace("-idx", ".idx");
        return List.of(fileName, fileName + ".gz", dotted, dotted + ".gz");
    }
}
