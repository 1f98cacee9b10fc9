// From the bytes of the dataset, which stay on the device, to the network's input: gathered, distorted, normalised in
// one pass over the output, so that a step copies nothing from the host and the input is written once.
//
//   x = (v / 255 - mean) / deviation        v the pixel, or sampled bilinearly at
//   sx = xx (column - cx) + xy (row - cy) + cx + tx        cx = (width - 1) / 2, cy = (height - 1) / 2
//   sy = yx (column - cx) + yy (row - cy) + cy + ty        black outside the image

__device__ inline float pixelAt(const unsigned char* image, int row, int column, int height, int width) {
    bool inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? static_cast<float>(image[row * width + column]) : 0.0f;
}

// 0..255, not rounded. A draw moves a pixel some hundred pixels at most: the coordinates fit an int.
__device__ inline float sampled(
    const unsigned char* image, const Distortion& d, int row, int column, int height, int width) {
    float centreX = static_cast<float>(width - 1) / 2.0f;
    float centreY = static_cast<float>(height - 1) / 2.0f;
    float right = static_cast<float>(column) - centreX;
    float down = static_cast<float>(row) - centreY;
    float sx = d.xx * right + (d.xy * down + centreX + d.tx);
    float sy = d.yx * right + (d.yy * down + centreY + d.ty);
    float left = floorf(sx);
    float top = floorf(sy);
    float fx = sx - left;
    float fy = sy - top;
    int x0 = static_cast<int>(left);
    int y0 = static_cast<int>(top);
    float p00 = pixelAt(image, y0, x0, height, width);
    float p01 = pixelAt(image, y0, x0 + 1, height, width);
    float p10 = pixelAt(image, y0 + 1, x0, height, width);
    float p11 = pixelAt(image, y0 + 1, x0 + 1, height, width);
    float above = p00 + fx * (p01 - p00);
    float below = p10 + fx * (p11 - p10);
    return above + fy * (below - above);
}

// The training input of a step. Sample n of the step is image order[step * batch + n].
//
// Grid: `samples` blocks, one a sample, of any size; 256 threads are a good choice.
extern "C" __global__ void KERNEL(load_batch)(
    T* __restrict__ x,                           // [samples, height, width]  out
    unsigned char* __restrict__ batchLabels,     // [samples]                 out
    const unsigned char* __restrict__ images,    // [count, height, width]    the dataset
    const unsigned char* __restrict__ labels,    // [count]
    const int* __restrict__ order,               // [samples of the epoch]    each in [0, count); checked on the host
    const Step* __restrict__ step,
    int batch,                                   // samples of a full step; this one has gridDim.x of them
    int height, int width,
    unsigned long long seed,
    double rotation,                             // radians; this and the next three all 0: no distortion
    double scale, double shear, double shift,    // as in io.mnist20k.recipe.Augmentation
    float mean, float deviation) {
    __shared__ Distortion shared;
    int n = static_cast<int>(blockIdx.x);
    int index = order[static_cast<long long>(step->step) * batch + n];
    bool distorts = rotation != 0.0 || scale != 0.0 || shear != 0.0 || shift != 0.0;
    if (threadIdx.x == 0) {
        batchLabels[n] = labels[index];
        if (distorts) {
            shared = drawDistortion(*step, seed, n, rotation, scale, shear, shift);
        }
    }
    __syncthreads();
    int pixels = height * width;
    const unsigned char* image = images + static_cast<long long>(index) * pixels;
    T* out = x + static_cast<long long>(n) * pixels;
    float factor = 1.0f / (255.0f * deviation);
    float offset = -mean / deviation;
    for (int i = static_cast<int>(threadIdx.x); i < pixels; i += static_cast<int>(blockDim.x)) {
        float value = distorts ? sampled(image, shared, i / width, i % width, height, width)
                               : static_cast<float>(image[i]);
        store(&out[i], value * factor + offset);
    }
}

// The input of an evaluation: the images from ..< from + count, then black ones up to the number of blocks.
//
// Grid: one block a row of x, of any size; 256 threads are a good choice.
extern "C" __global__ void KERNEL(load_images)(
    T* __restrict__ x,                         // [gridDim.x, height, width]  out
    const unsigned char* __restrict__ images,  // [at least from + count, height, width]
    int from, int count,
    int height, int width,
    float mean, float deviation) {
    int n = static_cast<int>(blockIdx.x);
    int pixels = height * width;
    const unsigned char* image = images + static_cast<long long>(from + n) * pixels;
    T* out = x + static_cast<long long>(n) * pixels;
    float factor = 1.0f / (255.0f * deviation);
    float offset = -mean / deviation;
    for (int i = static_cast<int>(threadIdx.x); i < pixels; i += static_cast<int>(blockDim.x)) {
        float value = n < count ? static_cast<float>(image[i]) : 0.0f;
        store(&out[i], value * factor + offset);
    }
}
