package io.mnist20k.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/// A range of values with round ticks at both ends and between.
///
/// @param ticks rising, at least two
record Axis(boolean logarithmic, List<Double> ticks) {
    private static final int WANTED_TICKS = 6;
    private static final double[] ROUND = {1, 2, 5, 10};

    /// Steps of 1, 2 or 5 times a power of ten.
    static Axis linear(double low, double high) {
        double range = high > low ? high - low : Math.max(Math.abs(high), 1) * 1e-2;
        double power = Math.pow(10, Math.floor(Math.log10(range / WANTED_TICKS)));
        double step = power * ROUND[ROUND.length - 1];
        for (int i = ROUND.length - 1; i >= 0; i--) {
            if (range / (power * ROUND[i]) <= WANTED_TICKS) {
                step = power * ROUND[i];
            }
        }
        var ticks = new ArrayList<Double>();
        long first = (long) Math.floor(low / step + 1e-9);
        long last = Math.max(first + 1, (long) Math.ceil(high / step - 1e-9));
        for (long i = first; i <= last; i++) {
            ticks.add(rounded(i * step));
        }
        return new Axis(false, ticks);
    }

    /// Ticks at 1, 2 and 5 times the powers of ten; where they would be too many, at the powers alone.
    ///
    /// @param low  above 0
    /// @param high at least `low`
    static Axis logarithmic(double low, double high) {
        var ticks = new ArrayList<Double>();
        int from = (int) Math.floor(Math.log10(low));
        int to = (int) Math.ceil(Math.log10(high));
        boolean powersAlone = to - from > 4;
        for (int power = from; power <= to; power++) {
            for (double factor : powersAlone ? new double[] {1} : new double[] {1, 2, 5}) {
                ticks.add(rounded(factor * Math.pow(10, power)));
            }
        }
        int first = 0;
        while (first + 1 < ticks.size() && ticks.get(first + 1) <= low) {
            first++;
        }
        int last = ticks.size() - 1;
        while (last - 1 > first && ticks.get(last - 1) >= high) {
            last--;
        }
        return new Axis(true, List.copyOf(ticks.subList(first, last + 1)));
    }

    double low() {
        return ticks.getFirst();
    }

    double high() {
        return ticks.getLast();
    }

    /// 0 at the low end, 1 at the high one.
    double position(double value) {
        return logarithmic ? Math.log(value / low()) / Math.log(high() / low()) : (value - low()) / (high() - low());
    }

    /// As short as it can be said.
    String label(double value) {
        return new BigDecimal(value)
                .round(new MathContext(6))
                .stripTrailingZeros()
                .toPlainString();
    }

    /// With more digits, to be read off.
    String exact(double value) {
        return new BigDecimal(value).round(new MathContext(5)).toPlainString();
    }

    /// Without the last bits that multiplying by a power of ten leaves.
    private static double rounded(double value) {
        return new BigDecimal(value).round(new MathContext(12)).doubleValue();
    }
}
