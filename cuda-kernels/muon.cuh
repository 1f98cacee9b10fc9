// One update of Muon's matrices, momentum, averages and bf16 copy included; all else is updated by adamw.
//
//   v <- mu v + (1 - mu) g;  X <- mu v + (1 - mu) g;  X <- X / max(|X|, leastNorm)
//   iterations times:  A <- X X^T;  X <- (linear + cubic A + quintic A^2) X
//   p <- p - eta lambda p - eta size sqrt(max(rows, columns)) X
//
// A matrix of more rows than columns is X lying on its side, which leads to the same by a smaller A. X and A are filled
// up by 0 to whole tiles, which stay 0.

#pragma once

constexpr int MUON_THREADS = 512;

// Rows and columns that a thread computes at once, and numbers that one instruction loads.
constexpr int MUON_TILE = 4;

struct Matrix {
    int at;  // its first parameter
    int rows, columns;
    int scratch;  // its first number of scratch
};
static_assert(sizeof(Matrix) == 16, "the host lays it out as four ints");

__device__ inline int wholeTiles(int count) {
    return (count + MUON_TILE - 1) / MUON_TILE * MUON_TILE;
}

// Calls operation(row, column), neighbouring lanes having neighbouring columns, and a thread the same cells each time.
template <typename Operation>
__device__ inline void forEachCell(int rows, int columns, Operation operation) {
    int warps = static_cast<int>(blockDim.x) / WARP;
    for (int row = static_cast<int>(threadIdx.x) / WARP; row < rows; row += warps) {
        for (int column = static_cast<int>(threadIdx.x) % WARP; column < columns; column += WARP) {
            operation(row, column);
        }
    }
}

// Calls put(i, j, the product of rows i and j) for all i and j; both orders have the same bits. Lanes side by side
// share the sums of a tile, since a matrix has few tiles and long rows.
template <typename Put>
__device__ inline void multiplyRows(const float* matrix, int rows, int columns, Put put) {
    constexpr int LANES = 16;
    constexpr int SUMS = MUON_TILE * MUON_TILE;
    static_assert(shareOf<LANES, SUMS>() == 1);
    int tiles = rows / MUON_TILE;
    int items = tiles * (tiles + 1) / 2 * LANES;
    int lane = static_cast<int>(threadIdx.x) % LANES;
    for (int item = static_cast<int>(threadIdx.x); item / WARP * WARP < items; item += static_cast<int>(blockDim.x)) {
        // Each tile with those behind it, in a circle, up to the one opposite: every two meet once.
        int tile = item / LANES % tiles;
        int other = (tile + item / LANES / tiles) % tiles;
        const float* left = matrix + tile * MUON_TILE * columns;
        const float* right = matrix + other * MUON_TILE * columns;
        float sums[SUMS] = {};
#pragma unroll 1
        for (int k = item < items ? lane * MUON_TILE : columns; k < columns; k += LANES * MUON_TILE) {
            Floats<MUON_TILE> lefts[MUON_TILE], rights[MUON_TILE];
#pragma unroll
            for (int i = 0; i < MUON_TILE; i++) {
                lefts[i] = load<MUON_TILE>(left + i * columns + k);
                rights[i] = load<MUON_TILE>(right + i * columns + k);
            }
#pragma unroll
            for (int s = 0; s < SUMS; s++) {
#pragma unroll
                for (int i = 0; i < MUON_TILE; i++) {
                    sums[s] = fmaf(lefts[s / MUON_TILE].values[i], rights[s % MUON_TILE].values[i], sums[s]);
                }
            }
        }
        int own = shareOut<LANES, SUMS>(sums);
        if (item < items) {
            int i = tile * MUON_TILE + own / MUON_TILE;
            int j = other * MUON_TILE + own % MUON_TILE;
            put(i, j, sums[0]);
            if (tile != other) {
                put(j, i, sums[0]);
            }
        }
    }
}

// product = symmetric matrix * x
__device__ inline void multiply(
    float* product,          // [rows, columns]  out
    const float* symmetric,  // [rows, rows]
    const float* x,          // [rows, columns]
    int rows, int columns) {
    int tiles = columns / MUON_TILE;
    int items = rows / MUON_TILE * tiles;
    for (int item = static_cast<int>(threadIdx.x); item < items; item += static_cast<int>(blockDim.x)) {
        int row = item / tiles * MUON_TILE;
        int column = item % tiles * MUON_TILE;
        Floats<MUON_TILE> sums[MUON_TILE] = {};
#pragma unroll 4
        for (int k = 0; k < rows; k++) {
            auto factors = load<MUON_TILE>(symmetric + k * rows + row);
            auto numbers = load<MUON_TILE>(x + k * columns + column);
#pragma unroll
            for (int i = 0; i < MUON_TILE; i++) {
#pragma unroll
                for (int j = 0; j < MUON_TILE; j++) {
                    sums[i].values[j] = fmaf(factors.values[i], numbers.values[j], sums[i].values[j]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < MUON_TILE; i++) {
            store(product + (row + i) * columns + column, sums[i]);
        }
    }
}

// Brings the singular values of x near 1. Returns where the result is: in x or in the piece of scratch behind it.
__device__ inline const float* orthogonalize(
    float* x,  // [rows, columns]  with the rest of the scratch behind it
    int rows, int columns, int iterations, float linear, float cubic, float quintic) {
    float* product = x + rows * columns;
    float* a = product + rows * columns;
    float* polynomial = a + rows * rows;
    for (int iteration = 0; iteration < iterations; iteration++) {
        multiplyRows(x, rows, columns, [&](int i, int j, float sum) { a[i * rows + j] = sum; });
        __syncthreads();
        multiplyRows(a, rows, rows, [&](int i, int j, float sum) {
            polynomial[i * rows + j] = (i == j ? linear : 0.0f) + cubic * a[i * rows + j] + quintic * sum;
        });
        __syncthreads();
        multiply(product, polynomial, x, rows, columns);
        __syncthreads();
        float* next = product;
        product = x;
        x = next;
    }
    return x;
}

// Grid: one block a matrix, of MUON_THREADS. With r and c the lesser and the greater of rows and columns, filled up to
// whole tiles, a matrix takes 2 r (r + c) floats of scratch: where that is null, of the launch's shared memory.
extern "C" __global__ void __launch_bounds__(MUON_THREADS) muon(
    float* __restrict__ parameters,       // in, out
    float* __restrict__ velocity,         // in, out
    float* __restrict__ averages,         // in, out; null where nothing is averaged
    bf16* __restrict__ rounded,           // out; null where no copy is wanted
    float* scratch,                       // null where it is shared memory
    const float* gradients,               // not __restrict__, as in all launches that overlap
    const Matrix* __restrict__ matrices,  // [gridDim.x]
    const Step* __restrict__ step,
    double momentum,                      // double, so that 1 - momentum keeps its digits
    float decay,                          // lambda
    int iterations, float linear, float cubic, float quintic, float leastNorm, float size) {
    awaitLaunchBefore();
    Matrix matrix = matrices[blockIdx.x];
    bool lying = matrix.rows > matrix.columns;
    int lesser = lying ? matrix.columns : matrix.rows;
    int greater = lying ? matrix.rows : matrix.columns;
    int rowStride = lying ? 1 : greater;
    int columnStride = lying ? lesser : 1;
    int rows = wholeTiles(lesser);
    int columns = wholeTiles(greater);
    float* x = scratch == nullptr ? dynamicShared() : scratch + matrix.scratch;

    float old = static_cast<float>(momentum);
    float share = static_cast<float>(1.0 - momentum);
    float squares = 0.0f;
    forEachCell(rows, columns, [&](int row, int column) {
        float value = 0.0f;
        if (row < lesser && column < greater) {
            int i = matrix.at + row * rowStride + column * columnStride;
            float g = share * gradients[i];
            float v = old * velocity[i] + g;
            velocity[i] = v;
            value = old * v + g;
        }
        x[row * columns + column] = value;
        squares = fmaf(value, value, squares);
    });
    float* sums = x + rows * columns;
    static_assert(MUON_THREADS / WARP <= MUON_TILE * MUON_TILE, "behind the smallest x is room for each warp's sum");
    squares = warpSum(squares);
    if (threadIdx.x % WARP == 0) {
        sums[threadIdx.x / WARP] = squares;
    }
    __syncthreads();
    float sum = 0.0f;
    for (unsigned warp = 0; warp < blockDim.x / WARP; warp++) {
        sum += sums[warp];
    }
    float norm = sqrtf(sum);
    // Not fmaxf, which would hide what is not a number.
    float inverse = 1.0f / (norm < leastNorm ? leastNorm : norm);
    forEachCell(rows, columns, [&](int row, int column) { x[row * columns + column] *= inverse; });
    __syncthreads();

    // Two calls, so that each is compiled for its kind of memory.
    const float* result = scratch == nullptr
        ? orthogonalize(dynamicShared(), rows, columns, iterations, linear, cubic, quintic)
        : orthogonalize(x, rows, columns, iterations, linear, cubic, quintic);

    float rate = step->learningRate;
    float averaging = step->averaging;
    float reach = rate * size * sqrtf(static_cast<float>(greater));
    forEachCell(lesser, greater, [&](int row, int column) {
        int i = matrix.at + row * rowStride + column * columnStride;
        float p = parameters[i] - rate * decay * parameters[i];
        p -= reach * result[row * columns + column];
        parameters[i] = p;
        publish(i, p, averages, rounded, averaging);
    });
}
