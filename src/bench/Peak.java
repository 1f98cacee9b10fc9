import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The most multiply-adds this machine does: independent vector multiply-adds on registers, nothing loaded or stored.
/// Prints one number, GFLOP/s (two a multiply-add), the median of several rounds.
///
/// `java --add-modules jdk.incubator.vector src/bench/Peak.java THREADS`
public final class Peak {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12; // latency (4 cycles) times units (2), and some more
    private static final int LENGTH = 20_000_000;
    private static final int ROUNDS = 7;

    private Peak() {}

    public static void main(String[] arguments) {
        int threads = Integer.parseInt(arguments[0]);
        double[] rates = new double[ROUNDS];
        double check = 0;
        for (int round = -2; round < ROUNDS; round++) { // two rounds to compile
            long start = System.nanoTime();
            check += IntStream.range(0, threads).parallel().mapToDouble(_ -> chains()).sum();
            double seconds = (System.nanoTime() - start) * 1e-9;
            if (round >= 0) {
                rates[round] = 2.0 * threads * CHAINS * SPECIES.length() * LENGTH / seconds * 1e-9;
            }
        }
        if (Double.isNaN(check)) {
            throw new AssertionError("the chains diverged");
        }
        java.util.Arrays.sort(rates);
        System.out.printf("%.1f%n", rates[ROUNDS / 2]);
    }

    private static double chains() {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < LENGTH; n++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
            k = k.fma(x, y);
            l = l.fma(x, y);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
    }
}
