// Two products of small matrices, written for the compiler's vectors. Both read rows of floats through a table of offsets,
// so that the rows can be shifted windows of one plane: a convolution without copies of its input.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

namespace software {

using Lanes [[gnu::vector_size(64)]] = float; // 16 floats

constexpr std::size_t LANES = 16, TILE = 4 * LANES, ROWS = 4;

inline std::size_t roundUp(std::size_t count, std::size_t multiple) {
    return (count + multiple - 1) / multiple * multiple;
}

inline Lanes load(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store(float* to, const Lanes& lanes) {
    std::memcpy(to, &lanes, sizeof lanes);
}

// [rows][terms] as blocks of ROWS rows: [rows / ROWS][terms][ROWS], filled up with 0.
inline std::vector<float> packed(const std::vector<float>& matrix, std::size_t rows, std::size_t terms) {
    std::vector<float> blocks(roundUp(rows, ROWS) * terms, 0.0f);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t k = 0; k < terms; ++k) blocks[(r / ROWS * terms + k) * ROWS + r % ROWS] = matrix[r * terms + k];
    return blocks;
}

// out[r][i] = sum over k of blocks[r][k] * in[offsets[k] + i], for i < count. Reads up to a TILE beyond the last row's end
// and writes whole tiles: `pitch` is a multiple of TILE, `out` has a multiple of ROWS rows.
inline void multiplyRows(const float* blocks, std::size_t rows, const std::vector<std::size_t>& offsets, const float* in,
                         float* out, std::size_t pitch, std::size_t count) {
    std::size_t terms = offsets.size();
    for (std::size_t i = 0; i < count; i += TILE)
        for (std::size_t r = 0; r < rows; r += ROWS) {
            Lanes sums[ROWS][4] = {};
            const float* weight = blocks + r * terms;
            for (std::size_t k = 0; k < terms; ++k, weight += ROWS) {
                const float* from = in + offsets[k] + i;
                Lanes a = load(from), b = load(from + LANES), c = load(from + 2 * LANES), d = load(from + 3 * LANES);
                for (std::size_t row = 0; row < ROWS; ++row) {
                    sums[row][0] += weight[row] * a;
                    sums[row][1] += weight[row] * b;
                    sums[row][2] += weight[row] * c;
                    sums[row][3] += weight[row] * d;
                }
            }
            for (std::size_t row = 0; row < ROWS; ++row)
                for (std::size_t part = 0; part < 4; ++part) store(out + (r + row) * pitch + i + part * LANES, sums[row][part]);
        }
}

inline float sum(const Lanes& lanes) {
    float total = 0.0f;
    for (std::size_t i = 0; i < LANES; ++i) total += lanes[i];
    return total;
}

// out[r][k] += sum over i < count of left[r][i] * in[offsets[k] + i]. `left` has a multiple of ROWS rows of `pitch` floats
// that are 0 from `count` on, up to a multiple of LANES, to where `in` is read as well; so is `offsets` long, and `out` wide.
inline void multiplyPairs(const float* left, std::size_t rows, std::size_t pitch, const std::vector<std::size_t>& offsets,
                          const float* in, float* out, std::size_t count) {
    for (std::size_t r = 0; r < rows; r += ROWS)
        for (std::size_t k = 0; k < offsets.size(); k += ROWS) {
            Lanes sums[ROWS][ROWS] = {};
            for (std::size_t i = 0; i < count; i += LANES) {
                Lanes ours[ROWS], theirs[ROWS];
                for (std::size_t each = 0; each < ROWS; ++each) {
                    ours[each] = load(left + (r + each) * pitch + i);
                    theirs[each] = load(in + offsets[k + each] + i);
                }
                for (std::size_t a = 0; a < ROWS; ++a)
                    for (std::size_t b = 0; b < ROWS; ++b) sums[a][b] += ours[a] * theirs[b];
            }
            for (std::size_t a = 0; a < ROWS; ++a)
                for (std::size_t b = 0; b < ROWS; ++b) out[(r + a) * offsets.size() + k + b] += sum(sums[a][b]);
        }
}

} // namespace software
