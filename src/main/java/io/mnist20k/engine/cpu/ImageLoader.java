package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Distortion;
import io.mnist20k.recipe.Augmentation;

/// Puts images into the lanes of the network's input: gathered, distorted (in training), normalised.
final class ImageLoader {
    /// Black pixels around an image, so that a bilinear sample never needs to ask whether it is inside: coordinates
    /// are clamped to one pixel outside, and a sample reads the pixel after that too.
    private static final int BEFORE = 1;

    private static final int AROUND = 3;

    private final Planes input;
    private final Batch batch;
    private final Augmentation augmentation;
    private final long seed;
    private final float scale;
    private final float shift;
    private final byte[][] padded;

    ImageLoader(
            Planes input, Batch batch, Augmentation augmentation, Normalization normalization, long seed, int blocks) {
        this.input = input;
        this.batch = batch;
        this.augmentation = augmentation;
        this.seed = seed;
        scale = 1 / (255 * normalization.deviation());
        shift = -normalization.mean() / normalization.deviation();
        padded = new byte[blocks][(input.shape.height() + AROUND) * (input.shape.width() + AROUND)];
    }

    void run(Dataset dataset, int block) {
        boolean distorts = batch.training && !augmentation.equals(Augmentation.NONE);
        for (int lane = 0; lane < batch.lanes(block); lane++) {
            int sample = block * COUNT + lane;
            int image = batch.images[sample];
            if (distorts) {
                distort(
                        dataset.pixels(),
                        image,
                        Distortion.draw(augmentation, seed, batch.epoch, batch.step, sample),
                        block,
                        lane);
            } else {
                copy(dataset.pixels(), image, block, lane);
            }
        }
    }

    private void copy(byte[] pixels, int image, int block, int lane) {
        int width = input.shape.width();
        int from = image * input.shape.pixels();
        for (int y = 0; y < input.shape.height(); y++) {
            int to = input.row(block, 0, y) + lane;
            for (int x = 0; x < width; x++) {
                input.data[to + x * COUNT] = (pixels[from++] & 0xFF) * scale + shift;
            }
        }
    }

    private void distort(byte[] pixels, int image, Distortion d, int block, int lane) {
        int height = input.shape.height();
        int width = input.shape.width();
        int stride = width + AROUND;
        byte[] source = padded[block];
        for (int y = 0; y < height; y++) {
            System.arraycopy(pixels, (image * height + y) * width, source, (y + BEFORE) * stride + BEFORE, width);
        }
        float centreX = (width - 1) / 2f;
        float centreY = (height - 1) / 2f;
        for (int y = 0; y < height; y++) {
            float fromX = d.xy() * (y - centreY) + centreX + d.tx() + BEFORE;
            float fromY = d.yy() * (y - centreY) + centreY + d.ty() + BEFORE;
            int to = input.row(block, 0, y) + lane;
            for (int x = 0; x < width; x++) {
                float sx = clamp(d.xx() * (x - centreX) + fromX, width + BEFORE);
                float sy = clamp(d.yx() * (x - centreX) + fromY, height + BEFORE);
                int left = (int) sx;
                int top = (int) sy;
                float fx = sx - left;
                float fy = sy - top;
                int corner = top * stride + left;
                float p00 = source[corner] & 0xFF;
                float p01 = source[corner + 1] & 0xFF;
                float p10 = source[corner + stride] & 0xFF;
                float p11 = source[corner + stride + 1] & 0xFF;
                float above = p00 + fx * (p01 - p00);
                float below = p10 + fx * (p11 - p10);
                input.data[to + x * COUNT] = (above + fy * (below - above)) * scale + shift;
            }
        }
    }

    private static float clamp(float coordinate, float most) {
        float atLeast = coordinate > 0 ? coordinate : 0;
        return atLeast < most ? atLeast : most;
    }
}
