// Pooling that does not follow a batch normalisation directly: max over windows that may overlap or leave gaps, max
// and mean over whole channels. For `fused` and for bfloat16; else cuDNN pools. Both give the whole gradient of a
// window to its first maximum, row by row, since equal numbers are the rule where an image is black.

// Index within the plane of the first largest element of a window: a later one wins only by being greater.
__device__ inline int firstLargest(const T* plane, int corner, int kernel, int width) {
    int best = corner;
    float largest = toFloat(plane[corner]);
    for (int row = 0; row < kernel; row++) {
        for (int column = 0; column < kernel; column++) {
            int at = corner + row * width + column;
            float value = toFloat(plane[at]);
            if (value > largest) {
                largest = value;
                best = at;
            }
        }
    }
    return best;
}

// Grid-stride over planes * outHeight * outWidth.
extern "C" __global__ void KERNEL(max_pool_forward)(
    T* __restrict__ y,        // [planes, outHeight, outWidth]  out
    const T* __restrict__ x,  // [planes, height, width]        planes = samples * channels
    int kernel, int stride,   // outHeight = (height - kernel) / stride + 1, outWidth alike
    int planes, int height, int width) {
    int outHeight = (height - kernel) / stride + 1;
    int outWidth = (width - kernel) / stride + 1;
    forEachPiece(planes, outHeight * outWidth, [&](int i, int p) {
        const T* plane = x + static_cast<long long>(i) * height * width;
        int corner = (p / outWidth * width + p % outWidth) * stride;
        int best = firstLargest(plane, corner, kernel, width);
        y[static_cast<long long>(i) * outHeight * outWidth + p] = plane[best];
    });
}

// Every element of x asks the windows that it is in whether it is their first largest: no two threads write to one
// place, and gradients of overlapping windows add up in a fixed order.
//
// Grid-stride over planes * height * width.
extern "C" __global__ void KERNEL(max_pool_backward)(
    T* __restrict__ dx,        // [planes, height, width]        out
    const T* __restrict__ dy,  // [planes, outHeight, outWidth]
    const T* __restrict__ x,   // [planes, height, width]
    int kernel, int stride, int planes, int height, int width) {  // as forward
    int outHeight = (height - kernel) / stride + 1;
    int outWidth = (width - kernel) / stride + 1;
    forEachPiece(planes, height * width, [&](int i, int p) {
        const T* plane = x + static_cast<long long>(i) * height * width;
        const T* gradients = dy + static_cast<long long>(i) * outHeight * outWidth;
        int row = p / width;
        int column = p % width;
        int firstRow = row < kernel ? 0 : (row - kernel) / stride + 1;
        int firstColumn = column < kernel ? 0 : (column - kernel) / stride + 1;
        float sum = 0.0f;
        for (int u = firstRow; u < outHeight && u * stride <= row; u++) {
            for (int v = firstColumn; v < outWidth && v * stride <= column; v++) {
                int corner = (u * width + v) * stride;
                if (firstLargest(plane, corner, kernel, width) == p) {
                    sum += toFloat(gradients[u * outWidth + v]);
                }
            }
        }
        store(&dx[static_cast<long long>(i) * height * width + p], sum);
    });
}

// The first largest of a whole plane, in every lane of the calling warp. All lanes begin with element 0, so that a
// plane that begins with NaN gives NaN and any other skips NaN, as a scan by > does.
__device__ inline int firstLargestOfPlane(const T* plane, int pixels) {
    int best = 0;
    float largest = toFloat(plane[0]);
    for (int p = static_cast<int>(threadIdx.x % WARP); p < pixels; p += WARP) {
        float value = toFloat(plane[p]);
        if (value > largest) {
            largest = value;
            best = p;
        }
    }
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        float value = __shfl_xor_sync(0xFFFFFFFFu, largest, distance);
        int at = __shfl_xor_sync(0xFFFFFFFFu, best, distance);
        if (value > largest || (value == largest && at < best)) {
            largest = value;
            best = at;
        }
    }
    return best;
}

// One warp a plane. Grid: any number of blocks of a multiple of 32 threads.
extern "C" __global__ void KERNEL(global_max_forward)(
    T* __restrict__ y,        // [planes]          out
    const T* __restrict__ x,  // [planes, pixels]  planes = samples * channels
    int planes, int pixels) {
    forEachPlane(planes, [&](int i) {
        const T* plane = x + static_cast<long long>(i) * pixels;
        int best = firstLargestOfPlane(plane, pixels);
        if (threadIdx.x % WARP == 0) {
            y[i] = plane[best];
        }
    });
}

// One warp a plane. Grid: any number of blocks of a multiple of 32 threads.
extern "C" __global__ void KERNEL(global_max_backward)(
    T* __restrict__ dx,        // [planes, pixels]  out
    const T* __restrict__ dy,  // [planes]
    const T* __restrict__ x,   // [planes, pixels]
    int planes, int pixels) {
    forEachPlane(planes, [&](int i) {
        long long from = static_cast<long long>(i) * pixels;
        int best = firstLargestOfPlane(x + from, pixels);
        for (int p = static_cast<int>(threadIdx.x % WARP); p < pixels; p += WARP) {
            store(&dx[from + p], p == best ? toFloat(dy[i]) : 0.0f);
        }
    });
}

// One warp a plane. Grid: any number of blocks of a multiple of 32 threads.
extern "C" __global__ void KERNEL(global_average_forward)(
    T* __restrict__ y,        // [planes]          out
    const T* __restrict__ x,  // [planes, pixels]  planes = samples * channels
    int planes, int pixels) {
    forEachPlane(planes, [&](int i) {
        const T* plane = x + static_cast<long long>(i) * pixels;
        float sum = 0.0f;
        for (int p = static_cast<int>(threadIdx.x % WARP); p < pixels; p += WARP) {
            sum += toFloat(plane[p]);
        }
        sum = warpSum(sum);
        if (threadIdx.x % WARP == 0) {
            store(&y[i], sum / static_cast<float>(pixels));
        }
    });
}

// Grid-stride over planes * pixels.
extern "C" __global__ void KERNEL(global_average_backward)(
    T* __restrict__ dx,        // [planes, pixels]  out
    const T* __restrict__ dy,  // [planes]
    int planes, int pixels) {
    forEachPiece(planes, pixels, [&](int i, int p) {
        store(&dx[static_cast<long long>(i) * pixels + p], toFloat(dy[i]) / static_cast<float>(pixels));
    });
}
