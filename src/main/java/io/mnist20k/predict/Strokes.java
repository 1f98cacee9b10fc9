package io.mnist20k.predict;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What of the ink is the digit, and what is dirt, a frame, or the table that the sheet lies on.
final class Strokes {
    /// Of the longest stroke; what is shorter is dirt: of MNIST's twenty pixels little more than one.
    private static final double LEAST_LENGTH = 1.0 / 16;

    /// In pixels of MNIST's: the pale border of a stroke.
    private static final double FRINGE = 0.25;

    private final Plane ink;
    private final boolean[] seen;

    private Strokes(Plane ink) {
        this.ink = ink;
        seen = new boolean[ink.values().length];
    }

    /// The ink of the digit alone, and of its strokes' pale borders.
    ///
    /// @param ink of which some is [Fit#HALF] and more
    static Plane digit(Plane ink) {
        List<Stroke> strokes = new Strokes(ink).ofTheDigit();
        var digit = new Plane(ink.width(), ink.height());
        strokes.forEach(stroke -> Arrays.stream(stroke.pixels).forEach(i -> digit.values()[i] = ink.values()[i]));
        int fringe = 1 + (int) (FRINGE * longest(strokes) / Fit.FITTED);
        Plane near = digit.dilated(fringe);
        for (int i = 0; i < ink.values().length; i++) {
            if (near.values()[i] > 0 && ink.values()[i] < Fit.HALF) {
                digit.values()[i] = ink.values()[i];
            }
        }
        return digit;
    }

    /// A frame, a table and the shadow in a corner lie in the picture's corners, and no digit does where there is more.
    private List<Stroke> ofTheDigit() {
        List<Stroke> all = all();
        List<Stroke> inside =
                all.stream().filter(stroke -> !isAtCorner(stroke.pixels)).toList();
        List<Stroke> either = longest(inside) < LEAST_LENGTH * longest(all) ? all : inside;
        double least = LEAST_LENGTH * longest(either);
        return either.stream().filter(stroke -> stroke.box.side() >= least).toList();
    }

    private static int longest(List<Stroke> strokes) {
        return strokes.stream().mapToInt(stroke -> stroke.box.side()).max().orElse(0);
    }

    private boolean isAtCorner(int[] pixels) {
        int last = seen.length - 1;
        int right = ink.width() - 1;
        return Arrays.stream(pixels).anyMatch(i -> i == 0 || i == right || i == last - right || i == last);
    }

    /// Pixels of ink that hang together, if only by their corners.
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    private record Stroke(int[] pixels, Box box) {}

    private List<Stroke> all() {
        var strokes = new ArrayList<Stroke>();
        int[] pixels = new int[seen.length];
        int count = 0;
        for (int i = 0; i < seen.length; i++) {
            if (isNew(i)) {
                int first = count;
                pixels[count++] = i;
                for (int next = first; next < count; next++) {
                    count = addNeighbours(pixels, next, count);
                }
                int[] stroke = Arrays.copyOfRange(pixels, first, count);
                strokes.add(new Stroke(stroke, Box.of(stroke, ink.width())));
            }
        }
        return strokes;
    }

    /// @return the new count of pixels
    private int addNeighbours(int[] pixels, int of, int count) {
        int added = count;
        int atX = pixels[of] % ink.width();
        int atY = pixels[of] / ink.width();
        for (int y = Math.max(0, atY - 1); y <= Math.min(ink.height() - 1, atY + 1); y++) {
            for (int x = Math.max(0, atX - 1); x <= Math.min(ink.width() - 1, atX + 1); x++) {
                if (isNew(y * ink.width() + x)) {
                    pixels[added++] = y * ink.width() + x;
                }
            }
        }
        return added;
    }

    /// Whether it is ink, and was not asked for before.
    private boolean isNew(int pixel) {
        boolean isNew = !seen[pixel] && ink.values()[pixel] >= Fit.HALF;
        seen[pixel] |= isNew;
        return isNew;
    }
}
