package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Distortion;
import io.mnist20k.recipe.Augmentation;
import java.util.stream.Stream;

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
    private final float[] centredX;
    private final float[] centredY;
    private final Workspace[] workspaces;

    /// Of a block, for one image at a time.
    ///
    /// @param padded  the image with its black border
    /// @param squares at each of its pixels, that one and those right of, below, and right below it, a byte each
    /// @param found   by pixel of the result: first where its square is, then the square
    /// @param fx      by pixel of the result: how far right of its square's corner it lies
    /// @param fy      how far below
    private record Workspace(byte[] padded, int[] squares, int[] found, float[] fx, float[] fy) {
        static Workspace of(int height, int width) {
            int paddedPixels = (height + AROUND) * (width + AROUND);
            int pixels = height * width;
            return new Workspace(
                    new byte[paddedPixels],
                    new int[paddedPixels],
                    new int[pixels],
                    new float[pixels],
                    new float[pixels]);
        }
    }

    ImageLoader(
            Planes input, Batch batch, Augmentation augmentation, Normalization normalization, long seed, int blocks) {
        this.input = input;
        this.batch = batch;
        this.augmentation = augmentation;
        this.seed = seed;
        scale = 1 / (255 * normalization.deviation());
        shift = -normalization.mean() / normalization.deviation();
        int height = input.shape.height();
        int width = input.shape.width();
        centredX = new float[height * width];
        centredY = new float[height * width];
        for (int i = 0; i < height * width; i++) {
            centredX[i] = i % width - (width - 1) / 2f;
            int y = i / width;
            centredY[i] = y - (height - 1) / 2f;
        }
        workspaces =
                Stream.generate(() -> Workspace.of(height, width)).limit(blocks).toArray(Workspace[]::new);
    }

    void run(Dataset dataset, int block) {
        if (augmentation.equals(Augmentation.NONE)) {
            copy(dataset.pixels(), block);
            return;
        }
        for (int lane = 0; lane < batch.lanes(block); lane++) {
            int sample = block * COUNT + lane;
            Distortion distortion = Distortion.draw(augmentation, seed, batch.epoch, batch.step, sample);
            distort(dataset.pixels(), batch.images[sample], distortion, block, lane);
        }
    }

    /// Row by row of all images, so that what is written together stays in the nearest cache.
    private void copy(byte[] pixels, int block) {
        int width = input.shape.width();
        for (int y = 0; y < input.shape.height(); y++) {
            int row = input.row(block, 0, y);
            for (int lane = 0; lane < batch.lanes(block); lane++) {
                int from = batch.images[block * COUNT + lane] * input.shape.pixels() + y * width;
                for (int x = 0; x < width; x++) {
                    input.data[row + lane + x * COUNT] = (pixels[from + x] & 0xFF) * scale + shift;
                }
            }
        }
    }

    /// Plain loops over all pixels, which the JVM makes vectors of.
    private void distort(byte[] pixels, int image, Distortion d, int block, int lane) {
        Workspace work = workspaces[block];
        int height = input.shape.height();
        int width = input.shape.width();
        int stride = width + AROUND;
        for (int y = 0; y < height; y++) {
            System.arraycopy(pixels, (image * height + y) * width, work.padded, (y + BEFORE) * stride + BEFORE, width);
        }
        makeSquares(work.padded, stride, work.squares);
        locate(d, work.fx, work.fy, work.found);
        for (int i = 0; i < work.found.length; i++) {
            work.found[i] = work.squares[work.found[i]];
        }
        interpolate(work.found, work.fx, work.fy);
        for (int y = 0; y < height; y++) {
            int to = input.row(block, 0, y) + lane;
            for (int x = 0; x < width; x++) {
                input.data[to + x * COUNT] = work.fx[y * width + x];
            }
        }
    }

    private static void makeSquares(byte[] padded, int stride, int[] squares) {
        for (int i = 0; i < padded.length - stride - 1; i++) {
            squares[i] = (padded[i] & 0xFF)
                    | (padded[i + 1] & 0xFF) << 8
                    | (padded[i + stride] & 0xFF) << 16
                    | (padded[i + stride + 1] & 0xFF) << 24;
        }
    }

    private void locate(Distortion d, float[] fx, float[] fy, int[] found) {
        float centreX = (input.shape.width() - 1) / 2f;
        float centreY = (input.shape.height() - 1) / 2f;
        float mostX = input.shape.width() + BEFORE;
        float mostY = input.shape.height() + BEFORE;
        int stride = input.shape.width() + AROUND;
        float xx = d.xx();
        float xy = d.xy();
        float yx = d.yx();
        float yy = d.yy();
        float tx = d.tx();
        float ty = d.ty();
        for (int i = 0; i < found.length; i++) {
            float sx = xx * centredX[i] + (xy * centredY[i] + centreX + tx + BEFORE);
            float sy = yx * centredX[i] + (yy * centredY[i] + centreY + ty + BEFORE);
            sx = Math.min(Math.max(sx, 0), mostX);
            sy = Math.min(Math.max(sy, 0), mostY);
            int left = (int) sx;
            int top = (int) sy;
            fx[i] = sx - left;
            fy[i] = sy - top;
            found[i] = top * stride + left;
        }
    }

    /// Bilinear samples, normalised, in the place of `fx`.
    private void interpolate(int[] squares, float[] fx, float[] fy) {
        float scale = this.scale;
        float shift = this.shift;
        for (int i = 0; i < squares.length; i++) {
            int square = squares[i];
            float p00 = square & 0xFF;
            float p01 = (square >>> 8) & 0xFF;
            float p10 = (square >>> 16) & 0xFF;
            float p11 = square >>> 24;
            float above = p00 + fx[i] * (p01 - p00);
            float below = p10 + fx[i] * (p11 - p10);
            fx[i] = (above + fy[i] * (below - above)) * scale + shift;
        }
    }
}
