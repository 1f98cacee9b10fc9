package io.mnist20k.data;

import io.mnist20k.UserError;
import io.mnist20k.files.Sha256;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import java.util.Arrays;

/// What is trained on and what is only looked at: the training and test files of a folder, or the two parts of a
/// holdout.
public record Split(Dataset train, Dataset validation) {
    /// Key of the holdout's draw. Fixed, so that every run of every seed is judged by the same images.
    private static final long HOLDOUT_KEY = 0;

    /// The training images in two parts, five sixths to train and one sixth to validate: 50,000 and 10,000 of
    /// MNIST. Recipes are chosen by it, so that the test images are looked at once.
    ///
    /// The validation images are drawn once and for all by Philox, whatever the run's seed; drawn and not simply
    /// the last, because some datasets are sorted by class. Both parts keep the order of the file.
    ///
    /// @throws UserError where there are fewer than two images
    public static Split holdout(Dataset train) {
        int count = train.count();
        if (count < 2) {
            throw new UserError("--holdout splits the training images, and there is only " + count
                    + "; give --data a folder with more, or leave --holdout out");
        }
        int[] drawn = SampleOrder.permutation(HOLDOUT_KEY, Philox.stream(Purpose.SPLIT, 0, 0), count);
        int validation = Math.max(1, count / 6);
        int[] trainIndices = Arrays.copyOf(drawn, count - validation);
        int[] validationIndices = Arrays.copyOfRange(drawn, count - validation, count);
        Arrays.sort(trainIndices);
        Arrays.sort(validationIndices);
        return new Split(train.select(trainIndices), train.select(validationIndices));
    }

    /// All images thrown together and drawn apart again, into as many to train and as many to validate as before:
    /// another MNIST of the same digits. Which, Philox draws by the seed. Both parts keep the order of the files,
    /// training before validation.
    ///
    /// MNIST's own files keep the writers of the test images out of the training images; a draw does not.
    public Split redraw(long seed) {
        int count = train.count() + validation.count();
        int[] drawn = SampleOrder.permutation(seed, Philox.stream(Purpose.REDRAW, 0, 0), count);
        Arrays.sort(drawn, 0, train.count());
        Arrays.sort(drawn, train.count(), count);
        Dataset all = train.and(validation);
        return new Split(
                all.select(Arrays.copyOf(drawn, train.count())),
                all.select(Arrays.copyOfRange(drawn, train.count(), count)));
    }

    /// The same validation images, and only the first training images.
    ///
    /// @param most at least 1
    public Split limit(int most) {
        return new Split(train.first(most), validation);
    }

    /// Both parts without their slant.
    public Split deskewed() {
        return new Split(train.deskewed(), validation.deskewed());
    }

    /// SHA-256 of the images and labels, training and validation, in hexadecimal.
    public String digest() {
        return Sha256.of(train.pixels(), train.labels(), validation.pixels(), validation.labels());
    }
}
