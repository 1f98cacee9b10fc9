// Matrix products, column by column as cuBLAS has them. The order of every sum depends on its length alone.
#include <cstring>

#include "numbers.h"
#include "status.h"

namespace software {

namespace {

enum { OP_N = 0, OP_T = 1, OP_C = 2 };
enum { DEFAULT_MATH_MODE = 0, PEDANTIC_MATH = 2, TF32_MATH = 3 };
enum { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_TF32 = 77 };
enum { R_32F = 0, R_16BF = 14 };

constexpr const char* BLAS = "cuBLAS handle";
constexpr Entry SETTING{.capture = true};

struct Blas {
    Handle stream = 0;
    Address workspace = 0;
    std::size_t workspaceBytes = 0;
    int math = DEFAULT_MATH_MODE;
};

template <class Body> int cublas(const char* function, const Entry& entry, Body body) {
    return call(blasStatusOf, function, entry, body);
}

// A matrix in device memory, its columns `leading` elements apart.
struct Matrix {
    Address address;
    int type, leading;

    float at(std::size_t row, std::size_t column) const {
        std::size_t index = column * static_cast<std::size_t>(leading) + row;
        return type == R_32F ? pointer<const float>(address)[index] : fromBfloat16(pointer<const std::uint16_t>(address)[index]);
    }

    void put(std::size_t row, std::size_t column, float value) const {
        std::size_t index = column * static_cast<std::size_t>(leading) + row;
        if (type == R_32F) pointer<float>(address)[index] = value;
        else pointer<std::uint16_t>(address)[index] = toBfloat16(value);
    }

    // With the gaps between columns, as if they were read or written too.
    Use use(const char* what, int rows, int columns, Access access) const {
        std::size_t bytes = type == R_32F ? 4 : 2;
        if (address == 0) throw Refusal{Fault::nullPointer, format("%s is null", what)};
        if (leading < rows)
            throw Refusal{Fault::invalidValue, format("the columns of %s have %d rows and are %d apart", what, rows, leading)};
        std::size_t last = static_cast<std::size_t>(columns - 1) * static_cast<std::size_t>(leading);
        return {what, address, (last + static_cast<std::size_t>(rows)) * bytes, bytes, access};
    }
};

struct Product {
    int transA, transB, m, n, k;
    Matrix a, b, c;
    Scaling scale;
    bool tf32;
};

// The operand with the terms of each sum together: [rows][k].
std::vector<float> rowsOf(const Matrix& matrix, bool termsAreRows, int rows, int k, bool tf32) {
    std::size_t R = static_cast<std::size_t>(rows), K = static_cast<std::size_t>(k);
    std::vector<float> values(R * K);
    for (std::size_t row = 0; row < R; ++row)
        for (std::size_t i = 0; i < K; ++i) {
            float value = termsAreRows ? matrix.at(i, row) : matrix.at(row, i);
            values[row * K + i] = tf32 ? toTf32(value) : value;
        }
    return values;
}

// Eight sums at once, each over every eighth term, then together.
float dot(const float* left, const float* right, std::size_t count) {
    float sums[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += left[i + lane] * right[i + lane];
    for (; i < count; ++i) sums[i % 8] += left[i] * right[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void multiply(const Product& p) {
    std::size_t M = static_cast<std::size_t>(p.m), N = static_cast<std::size_t>(p.n), K = static_cast<std::size_t>(p.k);
    std::vector<float> left = rowsOf(p.a, p.transA != OP_N, p.m, p.k, p.tf32);
    std::vector<float> right = rowsOf(p.b, p.transB == OP_N, p.n, p.k, p.tf32);
    software_parallel(N, [&](std::size_t column) {
        for (std::size_t row = 0; row < M; ++row) {
            float value = p.scale.alpha * dot(&left[row * K], &right[column * K], K);
            if (p.scale.beta != 0.0f) value += p.scale.beta * p.c.at(row, column);
            p.c.put(row, column, value);
        }
    });
}

void enqueue(Handle handle, const char* name, const Product& p) {
    Blas& blas = find<Blas>(BLAS, handle);
    if (p.transA < OP_N || p.transA > OP_C || p.transB < OP_N || p.transB > OP_C)
        throw Refusal{Fault::invalidValue, format("operations %d and %d", p.transA, p.transB)};
    if (p.m < 0 || p.n < 0 || p.k < 1) throw Refusal{Fault::invalidValue, format("m %d, n %d, k %d", p.m, p.n, p.k)};
    if (p.m == 0 || p.n == 0) return;
    Use a = p.transA == OP_N ? p.a.use("A", p.m, p.k, Access::read) : p.a.use("A", p.k, p.m, Access::read);
    Use b = p.transB == OP_N ? p.b.use("B", p.k, p.n, Access::read) : p.b.use("B", p.n, p.k, Access::read);
    Use c = p.c.use("C", p.m, p.n, p.scale.access());
    Use workspace{"the workspace", blas.workspace, blas.workspaceBytes, 256, Access::scratch};
    requireApart(c, {a, b, workspace});
    software_enqueue(blas.stream, {name, {a, b, c, workspace}, {{BLAS, handle}}, [=] {
                                       if (workspace.bytes > 0) // nobody may count on what is left there
                                           std::memset(pointer<void>(workspace.address), 0xFF,
                                                       std::min<std::size_t>(workspace.bytes, 65536));
                                       multiply(p);
                                   }});
}

} // namespace

} // namespace software

using namespace software;

extern "C" int cublasGetVersion_v2(Handle, int* version) {
    return cublas("cublasGetVersion_v2", {.context = false, .capture = true, .initialised = false},
                  [&] { result("version", version) = 130000; });
}

extern "C" int cublasCreate_v2(Handle* handle) {
    return cublas("cublasCreate_v2", {}, [&] {
        Handle& given = result("handle", handle);
        given = create(BLAS, Blas{});
    });
}

extern "C" int cublasDestroy_v2(Handle handle) {
    return cublas("cublasDestroy_v2", {.releases = true}, [&] {
        software_find(BLAS, handle);
        software_drain();
        software_destroy(BLAS, handle);
    });
}

// As in the real one, the workspace is forgotten.
extern "C" int cublasSetStream_v2(Handle handle, Handle stream) {
    return cublas("cublasSetStream_v2", SETTING, [&] {
        software_check_stream(stream);
        Blas& blas = find<Blas>(BLAS, handle);
        blas.stream = stream;
        blas.workspace = 0;
        blas.workspaceBytes = 0;
    });
}

extern "C" int cublasSetWorkspace_v2(Handle handle, Address workspace, std::size_t bytes) {
    return cublas("cublasSetWorkspace_v2", SETTING, [&] {
        Blas& blas = find<Blas>(BLAS, handle);
        software_check_device({"the workspace", workspace, bytes, 256, Access::scratch});
        blas.workspace = workspace;
        blas.workspaceBytes = bytes;
    });
}

extern "C" int cublasSetMathMode(Handle handle, int mode) {
    return cublas("cublasSetMathMode", SETTING, [&] {
        if (mode != DEFAULT_MATH_MODE && mode != PEDANTIC_MATH && mode != TF32_MATH)
            throw Refusal{Fault::invalidValue, format("there is no math mode %d", mode)};
        find<Blas>(BLAS, handle).math = mode;
    });
}

extern "C" int cublasSetAtomicsMode(Handle handle, int mode) {
    return cublas("cublasSetAtomicsMode", SETTING, [&] {
        if (mode != 0 && mode != 1) throw Refusal{Fault::invalidValue, format("there is no atomics mode %d", mode)};
        find<Blas>(BLAS, handle);
    });
}

extern "C" int cublasGemmEx(Handle handle, int transA, int transB, int m, int n, int k, const void* alpha, Address a,
                            int typeA, int leadingA, Address b, int typeB, int leadingB, const void* beta, Address c,
                            int typeC, int leadingC, int compute, int algorithm) {
    return cublas("cublasGemmEx", SETTING, [&] {
        bool floats = typeA == R_32F && typeB == R_32F && typeC == R_32F;
        bool halves = typeA == R_16BF && typeB == R_16BF && (typeC == R_16BF || typeC == R_32F);
        bool known = compute == COMPUTE_32F || compute == COMPUTE_32F_PEDANTIC || (compute == COMPUTE_32F_FAST_TF32 && floats);
        if (!(floats || halves) || !known)
            throw Refusal{Fault::notSupported, format("types %d x %d to %d computed as %d", typeA, typeB, typeC, compute)};
        if (algorithm < -1) throw Refusal{Fault::invalidValue, format("there is no algorithm %d", algorithm)};
        bool allowed = compute == COMPUTE_32F && find<Blas>(BLAS, handle).math == TF32_MATH;
        enqueue(handle, "cublasGemmEx",
                {transA, transB, m, n, k, {a, typeA, leadingA}, {b, typeB, leadingB}, {c, typeC, leadingC},
                 scaling(alpha, beta), floats && (allowed || compute == COMPUTE_32F_FAST_TF32)});
    });
}
