// Kernels that try what kernels can do on the software device, and what it must catch. For tests alone.

// out[i] = a * x[i] + y[i]
extern "C" __global__ void probe_saxpy(float* out, const float* x, const float* y, float a, int count) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) out[i] = a * x[i] + y[i];
}

// Parameters of every width, to see that each arrives.
extern "C" __global__ void probe_parameters(double* out, unsigned char a, int b, long long c, float d, double e) {
    if (threadIdx.x == 0) *out = a + b + static_cast<double>(c) + d + e;
}

// out[block] = sum of in[block * 64 ... + 64), by warp shuffles, shared memory and a barrier.
extern "C" __global__ void __launch_bounds__(64) probe_sum(int* out, const int* in) {
    __shared__ int warps[2];
    int value = in[blockIdx.x * 64 + threadIdx.x];
    for (int delta = 16; delta > 0; delta /= 2) value += __shfl_down_sync(0xFFFFFFFF, value, delta);
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) out[blockIdx.x] = warps[0] + warps[1];
}

// Shared memory of which the first `written` values are written.
extern "C" __global__ void probe_uninitialised(float* out, int written) {
    __shared__ float values[32];
    if (static_cast<int>(threadIdx.x) < written) values[threadIdx.x] = 1.0f;
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x];
}

// Each thread takes what its right neighbour wrote and writes anew. Barriers: 1 before it takes, 2 before it writes.
extern "C" __global__ void probe_race(int* out, int barriers) {
    __shared__ int values[64];
    values[threadIdx.x] = static_cast<int>(threadIdx.x);
    if ((barriers & 1) != 0) __syncthreads();
    out[threadIdx.x] = values[(threadIdx.x + 1) % blockDim.x];
    if ((barriers & 2) != 0) __syncthreads();
    values[threadIdx.x] = 64 + static_cast<int>(threadIdx.x);
    __syncthreads();
}

// Every block reads out[0], and writes where `apart` times its number says.
extern "C" __global__ void probe_block_race(unsigned char* out, int apart) {
    unsigned char first = out[0];
    out[1 + apart * blockIdx.x] = first;
}

// As kernels do whose launch may begin before the one before is done.
__device__ inline void awaitLaunchBefore() {
#ifdef MNIST20K_SOFTWARE_DEVICE
    software_await_launch_before();
#elif __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Copies a number, before or after it waits, or does not wait.
extern "C" __global__ void probe_early(int* out, const int* in, int early, int waits) {
    if (early) *out = *in;
    if (waits) awaitLaunchBefore();
    if (!early) *out = *in;
}

extern "C" __global__ void probe_early_return(int threads) {
    if (static_cast<int>(threadIdx.x) >= threads) return;
    __syncthreads();
}

extern "C" __global__ void probe_two_barriers() {
    if (threadIdx.x % 2 == 0) __syncthreads();
    else __syncthreads();
}

extern "C" __global__ void probe_lost_lane(int* out) {
    if (threadIdx.x == 7) __syncthreads();
    out[threadIdx.x] = __shfl_xor_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x), 1);
}

extern "C" __global__ void probe_ballot(unsigned* out) {
    out[threadIdx.x] = __ballot_sync(0xFFFFFFFF, threadIdx.x % 3 == 0);
}

// out[at] = value, wherever that is.
extern "C" __global__ void probe_write(int* out, int at, int value) {
    out[at] = value;
}

// out[0] counts the threads of the grid.
extern "C" __global__ void probe_count(int* out) {
    awaitLaunchBefore();
    atomicAdd(out, 1);
}

// Every word of the block's own shared memory, and `beside` more.
extern "C" __global__ void probe_dynamic_shared(float* out, int words, int beside) {
#ifdef MNIST20K_SOFTWARE_DEVICE
    float* shared = static_cast<float*>(software_dynamic_shared());
#else
    extern __shared__ float shared[];
#endif
    if (threadIdx.x == 0) out[blockIdx.x] = shared[0] + shared[words - 1];
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < words + beside; i += static_cast<int>(blockDim.x)) shared[i] = 1.0f;
}

extern "C" __global__ void probe_trap() {
    if (blockIdx.x == 3) __trap();
}
