package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Shape;
import io.mnist20k.recipe.Augmentation;

/// From the bytes of a dataset on the device to the network's input.
final class Loader {
    private static final int BATCH_IMAGES = 2;
    private static final int BATCH_LABELS = 3;
    private static final int BATCH_ORDER = 4;
    private static final int EVALUATED_IMAGES = 1;
    private static final int EVALUATED_FROM = 2;
    private static final int EVALUATED_COUNT = 3;

    private final KernelLaunch batch;
    private final KernelLaunch evaluated;

    Loader(Device device, LayerProgram program, Training training, int samples) {
        DataType type = program.input.type();
        Shape image = program.input.shape();
        long x = program.input.value().address();
        Normalization normalization = training.normalization();
        Augmentation augmentation = training.augmentation();
        batch = device.launch(
                kernel("load_batch", type),
                samples,
                1,
                Device.THREADS,
                x,
                program.labels.address(),
                0L,
                0L,
                0L,
                program.state().step.address(),
                training.batch(),
                image.height(),
                image.width(),
                training.seed(),
                Math.toRadians(augmentation.rotation()),
                augmentation.scale(),
                augmentation.shear(),
                augmentation.shift(),
                normalization.mean(),
                normalization.deviation());
        evaluated = device.launch(
                kernel("load_images", type),
                samples,
                1,
                Device.THREADS,
                x,
                0L,
                0,
                0,
                image.height(),
                image.width(),
                normalization.mean(),
                normalization.deviation());
    }

    /// Where the steps to come find their images.
    void bind(Step.Addresses addresses) {
        batch.set(BATCH_IMAGES, addresses.images());
        batch.set(BATCH_LABELS, addresses.labels());
        batch.set(BATCH_ORDER, addresses.order());
    }

    /// The training input of the step that the device is at.
    void loadBatch() {
        batch.launch();
    }

    /// The images `from ..< from + count`, then black ones until the batch is full.
    void load(DeviceImages images, int from, int count) {
        evaluated.set(EVALUATED_IMAGES, images.pixels());
        evaluated.set(EVALUATED_FROM, from);
        evaluated.set(EVALUATED_COUNT, count);
        evaluated.launch();
    }
}
