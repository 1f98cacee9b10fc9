package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/// The transforms of Winograd's minimal filtering: a tile of 4×4 outputs of a 3×3 correlation takes 36 products a
/// pair of channels instead of 144, `Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A` with d the 6×6 inputs under the tile.
///
/// By Toom and Cook: d and g are polynomials, multiplied at the points 0, ±√½, ±√2 and ∞. With these points every
/// entry of A and B that is not 0 has a size between ⅓ and 3, which loses fewer digits than the usual 0, ±1,
/// ±2, where it goes up to 8. Rows of B are the coefficients of f(x) / (x - point), f(x) = x (x² - ½)(x² - 2),
/// and of f itself; rows of A and G are the powers of a point, those of G divided by f'(point). (Lavin and
/// Gray, Fast Algorithms for Convolutional Neural Networks, 2015; Barabasz and others, Error Analysis and
/// Improving the Accuracy of Winograd Convolution, 2018.)
///
/// The weights' gradient of a tile is a correlation too, of the 6×6 inputs with the 4×4 gradients of the outputs, and
/// takes the same 36 products: `Gᵀ [(A dY Aᵀ) ∘ (Bᵀ d B)] G`.
///
/// Every transform works on vectors, a lane an image, one dimension after the other. Methods that took or returned
/// vectors would save lines here, but where the compiler does not inline one, every vector becomes an object.
final class Winograd {
    /// Outputs on a side of a tile.
    static final int OUT = 4;

    /// Inputs, and products, on a side of a tile.
    static final int IN = 6;

    /// Products of a tile.
    static final int PRODUCTS = IN * IN;

    /// Weights on a side of a kernel.
    static final int KERNEL = 3;

    private static final float P = (float) Math.sqrt(0.5);
    private static final float Q = (float) Math.sqrt(2);
    private static final float P3 = (float) (0.5 * Math.sqrt(0.5));
    private static final float Q3 = (float) (2 * Math.sqrt(2));

    /// f' at ±√½ and at ±√2.
    private static final float SLOPE_P = -1.5f;

    private static final float SLOPE_Q = 6;

    private Winograd() {}

    /// `Bᵀ d B` along columns: the six lines at `d[at]`, `width` vectors long and `line` floats apart, become six
    /// lines of `temp`.
    static void inputColumns(float[] d, int at, int line, int width, float[] temp, int to) {
        for (int i = 0; i < width * COUNT; i += COUNT) {
            points(d, at + i, line, temp, to + i, width * COUNT);
        }
    }

    /// `Bᵀ d B` along rows, of the tile that begins at `temp[at]` among lines of `width` vectors.
    ///
    /// @param v gets product i at `to + i * step`
    static void inputRows(float[] temp, int at, int width, float[] v, int to, int step) {
        for (int i = 0; i < IN; i++) {
            points(temp, at + i * width * COUNT, COUNT, v, to + i * IN * step, step);
        }
    }

    private static void points(float[] d, int at, int line, float[] v, int to, int step) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, d, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, d, at + line);
        FloatVector d2 = FloatVector.fromArray(SPECIES, d, at + 2 * line);
        FloatVector d3 = FloatVector.fromArray(SPECIES, d, at + 3 * line);
        FloatVector d4 = FloatVector.fromArray(SPECIES, d, at + 4 * line);
        FloatVector d5 = FloatVector.fromArray(SPECIES, d, at + 5 * line);
        FloatVector fiveHalves = FloatVector.broadcast(SPECIES, -2.5f);
        FloatVector two = FloatVector.broadcast(SPECIES, -2f);
        FloatVector half = FloatVector.broadcast(SPECIES, -0.5f);
        fma(d2, fiveHalves, d0.add(d4)).intoArray(v, to);
        FloatVector evenP = fma(d2, two, d4);
        FloatVector oddP = fma(d1, two, d3).mul(P);
        evenP.add(oddP).intoArray(v, to + step);
        evenP.sub(oddP).intoArray(v, to + 2 * step);
        FloatVector evenQ = fma(d2, half, d4);
        FloatVector oddQ = fma(d1, half, d3).mul(Q);
        evenQ.add(oddQ).intoArray(v, to + 3 * step);
        evenQ.sub(oddQ).intoArray(v, to + 4 * step);
        fma(d3, fiveHalves, d1.add(d5)).intoArray(v, to + 5 * step);
    }

    /// `Aᵀ m A` along columns, of the products `m[at + i * step]`, to four lines of six at `m[temp]`.
    static void outputColumns(float[] m, int at, int step, int temp) {
        for (int i = 0; i < IN; i++) {
            values(m, at + i * IN * step, step, m, temp + i * COUNT);
        }
    }

    private static void values(float[] m, int at, int step, float[] y, int to) {
        FloatVector m1 = FloatVector.fromArray(SPECIES, m, at + step);
        FloatVector m2 = FloatVector.fromArray(SPECIES, m, at + 2 * step);
        FloatVector m3 = FloatVector.fromArray(SPECIES, m, at + 3 * step);
        FloatVector m4 = FloatVector.fromArray(SPECIES, m, at + 4 * step);
        FloatVector evenP = m1.add(m2);
        FloatVector oddP = m1.sub(m2);
        FloatVector evenQ = m3.add(m4);
        FloatVector oddQ = m3.sub(m4);
        FloatVector.fromArray(SPECIES, m, at).add(evenP.add(evenQ)).intoArray(y, to);
        fma(oddQ, FloatVector.broadcast(SPECIES, Q), oddP.mul(P)).intoArray(y, to + IN * COUNT);
        fma(evenQ, FloatVector.broadcast(SPECIES, 2f), evenP.mul(0.5f)).intoArray(y, to + 2 * IN * COUNT);
        FloatVector m5 = FloatVector.fromArray(SPECIES, m, at + 5 * step);
        fma(oddQ, FloatVector.broadcast(SPECIES, Q3), fma(oddP, FloatVector.broadcast(SPECIES, P3), m5))
                .intoArray(y, to + 3 * IN * COUNT);
    }

    /// `Aᵀ m A + bias` along rows, from the four lines at `m[temp]`: 4×4 outputs to `y[to]`, or what is to stand there
    /// instead of smaller ones.
    static void outputRows(float[] m, int temp, float bias, float least, float[] y, int to, int line) {
        FloatVector b = FloatVector.broadcast(SPECIES, bias);
        FloatVector floor = FloatVector.broadcast(SPECIES, least);
        for (int i = temp; i < temp + OUT * IN * COUNT; i += IN * COUNT, to += COUNT) {
            FloatVector m1 = FloatVector.fromArray(SPECIES, m, i + COUNT);
            FloatVector m2 = FloatVector.fromArray(SPECIES, m, i + 2 * COUNT);
            FloatVector m3 = FloatVector.fromArray(SPECIES, m, i + 3 * COUNT);
            FloatVector m4 = FloatVector.fromArray(SPECIES, m, i + 4 * COUNT);
            FloatVector m5 = FloatVector.fromArray(SPECIES, m, i + 5 * COUNT);
            FloatVector evenP = m1.add(m2);
            FloatVector oddP = m1.sub(m2);
            FloatVector evenQ = m3.add(m4);
            FloatVector oddQ = m3.sub(m4);
            FloatVector y0 = FloatVector.fromArray(SPECIES, m, i).add(b).add(evenP.add(evenQ));
            FloatVector y1 =
                    fma(oddQ, FloatVector.broadcast(SPECIES, Q), fma(oddP, FloatVector.broadcast(SPECIES, P), b));
            FloatVector y2 =
                    fma(evenQ, FloatVector.broadcast(SPECIES, 2f), fma(evenP, FloatVector.broadcast(SPECIES, 0.5f), b));
            FloatVector y3 = fma(
                    oddQ, FloatVector.broadcast(SPECIES, Q3), fma(oddP, FloatVector.broadcast(SPECIES, P3), m5.add(b)));
            y0.blend(floor, y0.compare(LT, floor)).intoArray(y, to);
            y1.blend(floor, y1.compare(LT, floor)).intoArray(y, to + line);
            y2.blend(floor, y2.compare(LT, floor)).intoArray(y, to + 2 * line);
            y3.blend(floor, y3.compare(LT, floor)).intoArray(y, to + 3 * line);
        }
    }

    /// The first largest of each window of 2×2 of what [#outputRows] would write, without writing that: two lines
    /// become two outputs. Comparing and blending is faster than `max`, which takes extra care of signs and of
    /// what is no number; a window that begins with no number is none, as by definition.
    static void pooledRows(float[] m, int temp, float bias, float least, float[] y, int to, int line) {
        FloatVector b = FloatVector.broadcast(SPECIES, bias);
        FloatVector floor = FloatVector.broadcast(SPECIES, least);
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        for (int i = temp; i < temp + OUT * IN * COUNT; i += 2 * IN * COUNT, to += COUNT) {
            FloatVector upper = b;
            FloatVector lower = b;
            for (int j = i; j <= i + IN * COUNT; j += IN * COUNT) {
                FloatVector m1 = FloatVector.fromArray(SPECIES, m, j + COUNT);
                FloatVector m2 = FloatVector.fromArray(SPECIES, m, j + 2 * COUNT);
                FloatVector m3 = FloatVector.fromArray(SPECIES, m, j + 3 * COUNT);
                FloatVector m4 = FloatVector.fromArray(SPECIES, m, j + 4 * COUNT);
                FloatVector m5 = FloatVector.fromArray(SPECIES, m, j + 5 * COUNT);
                FloatVector evenP = m1.add(m2);
                FloatVector oddP = m1.sub(m2);
                FloatVector evenQ = m3.add(m4);
                FloatVector oddQ = m3.sub(m4);
                FloatVector y0 = FloatVector.fromArray(SPECIES, m, j).add(b).add(evenP.add(evenQ));
                FloatVector y1 =
                        fma(oddQ, FloatVector.broadcast(SPECIES, Q), fma(oddP, FloatVector.broadcast(SPECIES, P), b));
                FloatVector y2 = fma(evenQ, FloatVector.broadcast(SPECIES, 2f), fma(evenP, half, b));
                FloatVector y3 = fma(
                        oddQ,
                        FloatVector.broadcast(SPECIES, Q3),
                        fma(oddP, FloatVector.broadcast(SPECIES, P3), m5.add(b)));
                upper = j == i ? y0 : upper.blend(y0, y0.compare(GT, upper));
                upper = upper.blend(y1, y1.compare(GT, upper));
                lower = j == i ? y2 : lower.blend(y2, y2.compare(GT, lower));
                lower = lower.blend(y3, y3.compare(GT, lower));
            }
            upper.blend(floor, upper.compare(LT, floor)).intoArray(y, to);
            lower.blend(floor, lower.compare(LT, floor)).intoArray(y, to + line);
        }
    }

    /// `A dY Aᵀ` of the 4×4 gradients at `dy[at]`, product i to `v[to + i * step]`; works at `v[temp]`.
    static void gradient(float[] dy, int at, int line, float[] v, int temp, int to, int step) {
        for (int i = 0; i < OUT; i++) {
            powers(dy, at + i * line, COUNT, v, temp + i * COUNT, OUT * COUNT);
        }
        for (int i = 0; i < IN; i++) {
            powers(v, temp + i * OUT * COUNT, COUNT, v, to + i * step, IN * step);
        }
    }

    private static void powers(float[] dy, int at, int line, float[] v, int to, int step) {
        FloatVector y0 = FloatVector.fromArray(SPECIES, dy, at);
        FloatVector y1 = FloatVector.fromArray(SPECIES, dy, at + line);
        FloatVector y2 = FloatVector.fromArray(SPECIES, dy, at + 2 * line);
        FloatVector y3 = FloatVector.fromArray(SPECIES, dy, at + 3 * line);
        FloatVector two = FloatVector.broadcast(SPECIES, 2f);
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        y0.intoArray(v, to);
        FloatVector evenP = fma(y2, half, y0);
        FloatVector oddP = fma(y3, half, y1).mul(P);
        evenP.add(oddP).intoArray(v, to + step);
        evenP.sub(oddP).intoArray(v, to + 2 * step);
        FloatVector evenQ = fma(y2, two, y0);
        FloatVector oddQ = fma(y3, two, y1).mul(Q);
        evenQ.add(oddQ).intoArray(v, to + 3 * step);
        evenQ.sub(oddQ).intoArray(v, to + 4 * step);
        y3.intoArray(v, to + 5 * step);
    }

    /// `Gᵀ z G` of the products `z[at + i * step]`, to nine vectors from `z[to]` on; works at `z[temp]`.
    static void weights(float[] z, int at, int step, int temp, int to) {
        for (int i = 0; i < IN; i++) {
            taps(z, at + i * step, IN * step, z, temp + i * COUNT, IN * COUNT);
        }
        for (int i = 0; i < KERNEL; i++) {
            taps(z, temp + i * IN * COUNT, COUNT, z, to + i * KERNEL * COUNT, COUNT);
        }
    }

    private static void taps(float[] z, int at, int step, float[] g, int to, int line) {
        FloatVector z1 = FloatVector.fromArray(SPECIES, z, at + step);
        FloatVector z2 = FloatVector.fromArray(SPECIES, z, at + 2 * step);
        FloatVector z3 = FloatVector.fromArray(SPECIES, z, at + 3 * step);
        FloatVector z4 = FloatVector.fromArray(SPECIES, z, at + 4 * step);
        FloatVector evenP = z1.add(z2).mul(1 / SLOPE_P);
        FloatVector oddP = z1.sub(z2).mul(P / SLOPE_P);
        FloatVector evenQ = z3.add(z4).mul(1 / SLOPE_Q);
        FloatVector oddQ = z3.sub(z4).mul(Q / SLOPE_Q);
        FloatVector.fromArray(SPECIES, z, at).add(evenP.add(evenQ)).intoArray(g, to);
        oddP.add(oddQ).intoArray(g, to + line);
        evenP.mul(0.5f)
                .add(evenQ.mul(2f))
                .add(FloatVector.fromArray(SPECIES, z, at + 5 * step))
                .intoArray(g, to + 2 * line);
    }

    /// `G g Gᵀ` of nine vectors of weights, from `g[at]` on, a lane a pair of channels, product i to
    /// `u[to + i * step]`; works at `g[temp]`.
    static void kernels(float[] g, int at, int temp, float[] u, int to, int step) {
        for (int i = 0; i < KERNEL; i++) {
            products(g, at + i * COUNT, KERNEL * COUNT, g, temp + i * COUNT, KERNEL * COUNT);
        }
        for (int i = 0; i < IN; i++) {
            products(g, temp + i * KERNEL * COUNT, COUNT, u, to + i * IN * step, step);
        }
    }

    private static void products(float[] g, int at, int line, float[] u, int to, int step) {
        FloatVector g0 = FloatVector.fromArray(SPECIES, g, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, g, at + line);
        FloatVector g2 = FloatVector.fromArray(SPECIES, g, at + 2 * line);
        g0.intoArray(u, to);
        FloatVector evenP = g0.add(g2.mul(0.5f)).mul(1 / SLOPE_P);
        FloatVector oddP = g1.mul(P / SLOPE_P);
        evenP.add(oddP).intoArray(u, to + step);
        evenP.sub(oddP).intoArray(u, to + 2 * step);
        FloatVector evenQ = g0.add(g2.mul(2f)).mul(1 / SLOPE_Q);
        FloatVector oddQ = g1.mul(Q / SLOPE_Q);
        evenQ.add(oddQ).intoArray(u, to + 3 * step);
        evenQ.sub(oddQ).intoArray(u, to + 4 * step);
        g2.intoArray(u, to + 5 * step);
    }
}
