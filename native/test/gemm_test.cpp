// Matrix products against plain loops in double.
#include "networks.h"
#include "watched.h"

extern "C" {
int cublasCreate_v2(Handle*);
int cublasDestroy_v2(Handle);
int cublasSetStream_v2(Handle, Handle);
int cublasSetWorkspace_v2(Handle, Address, std::size_t);
int cublasSetMathMode(Handle, int);
int cublasGemmEx(Handle, int, int, int, int, int, const void*, Address, int, int, Address, int, int, const void*, Address, int,
                 int, int, int);
}

namespace {

using test::ONE;
using test::ZERO;

struct Blas : test::Device {
    Blas() {
        CHECK(cublasCreate_v2(&handle) == 0);
        CHECK(cublasSetStream_v2(handle, stream) == 0);
    }

    ~Blas() {
        software_reset();
        cublasDestroy_v2(handle);
    }

    Handle handle = 0;
};

constexpr int R_32F = 0, R_16BF = 14;

int sgemm(Handle blas, int transA, int transB, int m, int n, int k, const float* alpha, Address a, int leadingA, Address b,
          int leadingB, const float* beta, Address c, int leadingC) {
    return cublasGemmEx(blas, transA, transB, m, n, k, alpha, a, R_32F, leadingA, b, R_32F, leadingB, beta, c, R_32F, leadingC,
                        68, -1);
}

std::size_t size(int value) {
    return static_cast<std::size_t>(value);
}

// A matrix that is stored with columns further apart than it has rows.
struct Matrix {
    int rows, columns, leading;
    std::vector<float> values;

    Matrix(int rows, int columns, int apart, unsigned seed)
        : rows(rows), columns(columns), leading(rows + apart), values(test::numbers(size(leading) * size(columns), seed)) {}

    double at(bool transposed, int row, int column) const {
        return transposed ? values[size(row) * size(leading) + size(column)] : values[size(column) * size(leading) + size(row)];
    }
};

TEST("a product of matrices, either turned around, is the sum of its products") {
    int sizes[][3] = {{1, 1, 1}, {10, 128, 28}, {7, 5, 33}, {17, 1, 8}, {1, 31, 3}, {28, 10, 128}};
    for (auto& [m, n, k] : sizes)
        for (int transA : {0, 1})
            for (int transB : {0, 1}) {
                Blas blas;
                Matrix a(transA ? k : m, transA ? m : k, 3, 1), b(transB ? n : k, transB ? k : n, 1, 2), c(m, n, 2, 3);
                Address da = blas.upload(a.values), db = blas.upload(b.values), dc = blas.upload(c.values);
                float alpha = 0.5f, beta = -2.0f;
                SAME(sgemm(blas.handle, transA, transB, m, n, k, &alpha, da, a.leading, db, b.leading, &beta, dc, c.leading), 0);
                std::vector<double> expected(c.values.begin(), c.values.end()); // between the columns nothing changes
                for (int i = 0; i < m; ++i)
                    for (int j = 0; j < n; ++j) {
                        double sum = 0.0;
                        for (int term = 0; term < k; ++term) sum += a.at(transA, i, term) * b.at(transB, term, j);
                        double& at = expected[size(j) * size(c.leading) + size(i)];
                        at = alpha * sum + beta * at;
                    }
                NEAR(blas.download(dc, c.values.size()), expected, k + 4, test::FLOAT);
            }
}

TEST("a product of bfloat16 is summed in float") {
    constexpr int m = 9, n = 7, k = 65;
    for (int typeC : {R_32F, R_16BF}) {
        test::Cudnn device;
        Handle blas;
        SAME(cublasCreate_v2(&blas), 0);
        SAME(cublasSetStream_v2(blas, device.stream), 0);
        test::Data a(device, 1, 1, k, m, test::BFLOAT16, test::NCHW, 1), b(device, 1, 1, n, k, test::BFLOAT16, test::NCHW, 2);
        test::Data c(device, 1, 1, n, m, typeC == R_32F ? test::FLOAT : test::BFLOAT16, test::NCHW, 3);
        SAME(cublasGemmEx(blas, 0, 0, m, n, k, &ONE, a.address, R_16BF, m, b.address, R_16BF, k, &ZERO, c.address, typeC, m,
                          68, -1), 0);
        std::vector<double> expected(size(m * n));
        for (int i = 0; i < m; ++i)
            for (int j = 0; j < n; ++j)
                for (int t = 0; t < k; ++t) expected[size(j * m + i)] += double{a.values[size(t * m + i)]} * b.values[size(j * k + t)];
        NEAR(c.download(device), expected, k, c.type);
        SAME(cublasGemmEx(blas, 0, 0, m, n, k, &ONE, a.address, R_16BF, m, b.address, R_32F, k, &ZERO, c.address, typeC, m, 68,
                          -1), 15);
        SAME(cublasDestroy_v2(blas), 0);
    }
}

TEST("TF32 is used where it is allowed and nowhere else") {
    Blas blas;
    auto values = test::numbers(64 * 64, 1);
    Address a = blas.upload(values), c = blas.allocate(64 * 64 * 4);
    auto product = [&](int math) {
        SAME(cublasSetMathMode(blas.handle, math), 0);
        SAME(sgemm(blas.handle, 0, 1, 64, 64, 64, &ONE, a, 64, a, 64, &ZERO, c, 64), 0);
        return blas.download(c, 64 * 64);
    };
    auto exact = product(0);
    CHECK(exact == product(2));
    CHECK(exact != product(3));
}

TEST("a product refuses what does not fit") {
    Blas blas;
    Address a = blas.upload(test::numbers(20, 1)), c = blas.upload(test::numbers(16, 2));
    auto product = [&](int m, int n, int k, Address from, int leading, Address to) {
        return sgemm(blas.handle, 0, 0, m, n, k, &ONE, from, leading, a, k, &ZERO, to, m);
    };
    SAME(product(4, 4, 5, a, 4, c), 0);
    SAME(product(4, 4, 5, a, 3, c), 7);     // columns overlap
    SAME(product(4, 4, 5, a + 4, 4, c), 7); // beyond the end
    SAME(product(4, 4, 5, a, 4, a), 7);     // onto its own operand
    SAME(product(4, 5, 5, a, 4, c), 7);
    SAME(product(4, 4, 5, a, 4, 0), 7);
    SAME(cublasSetWorkspace_v2(blas.handle, c, 128), 7);                      // longer than it is
    SAME(cublasSetWorkspace_v2(blas.handle, blas.allocate(4096) + 16, 256), 7); // not at a multiple of 256
}

TEST("a product reads what was written, its result only where that counts, and leaves nothing in its workspace") {
    for (float beta : test::BETAS)
        test::checkAccesses<Blas>({{'r', 6}, {'r', 12}, {test::blended(beta), 8}, {'s', 64}},
                                  [&](Blas& blas, const std::vector<Address>& at) {
                                      SAME(cublasSetWorkspace_v2(blas.handle, at[3], 256), 0);
                                      SAME(sgemm(blas.handle, 0, 0, 2, 4, 3, &ONE, at[0], 2, at[1], 3, &beta, at[2], 2), 0);
                                  });
}

} // namespace
