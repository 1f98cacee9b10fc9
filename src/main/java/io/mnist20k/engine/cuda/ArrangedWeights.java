package io.mnist20k.engine.cuda;

import io.mnist20k.network.Tensor;
import java.util.Arrays;
import java.util.List;

/// Where weights and their gradients stand as the kernels of `unit.cuh` have them: four channels side by side, whole
/// groups of them. Two tables say which parameter each number is, -1 where it only fills up a group.
final class ArrangedWeights {
    private final UnitNetwork units;
    private final Layout layout;
    private final int[] forward;
    private final int[] backward;
    private final int[] gradients;
    private int[] weightTable = new int[0];
    private int[] gradientTable = new int[0];

    /// @param weights of each unit, and of the head as the last
    ArrangedWeights(UnitNetwork units, Layout layout, List<Tensor> weights) {
        this.units = units;
        this.layout = layout;
        int count = units.units().size();
        forward = new int[count];
        backward = new int[count];
        gradients = new int[count + 1];
        for (int i = 0; i < count; i++) {
            Unit unit = units.units().get(i);
            forward[i] = weightTable.length;
            weightTable = joined(weightTable, forward(unit, weights.get(i)));
            backward[i] = weightTable.length;
            if (!unit.isFirst()) {
                weightTable = joined(weightTable, backward(unit, weights.get(i)));
            }
            gradients[i] = gradientTable.length;
            gradientTable = joined(gradientTable, gradients(unit, weights.get(i)));
        }
        gradients[count] = gradientTable.length;
        gradientTable = joined(gradientTable, head(weights.getLast()));
    }

    /// Which parameter each weight is.
    int[] weightTable() {
        return weightTable;
    }

    /// Which parameter each gradient is of.
    int[] gradientTable() {
        return gradientTable;
    }

    /// Where a unit's weights begin, `[groups, inGroups, taps, in, 4]`.
    int forward(int unit) {
        return forward[unit];
    }

    /// Where a unit's weights begin for its backward pass, `[inGroups, groups, taps, 4, 4]`, taps from last to first.
    int backward(int unit) {
        return backward[unit];
    }

    /// Where the gradients of a unit's weights begin, `[groups, inGroups, taps, 4, in]`, or those of the head as the
    /// last.
    int gradients(int unit) {
        return gradients[unit];
    }

    private int[] forward(Unit unit, Tensor weight) {
        int[] table = new int[unit.arrangedWeights()];
        int beside = unit.inBeside();
        for (int at = 0; at < table.length; at++) {
            int group = at / (Unit.GROUP * beside * unit.taps());
            int out = group / unit.inGroups() * Unit.GROUP + at % Unit.GROUP;
            int in = group % unit.inGroups() * beside + at / Unit.GROUP % beside;
            table[at] = parameter(unit, weight, out, in, at / (Unit.GROUP * beside) % unit.taps());
        }
        return table;
    }

    private int[] backward(Unit unit, Tensor weight) {
        int[] table = new int[unit.arrangedWeights()];
        int groups = Unit.groups(unit.raw().channels());
        for (int at = 0; at < table.length; at++) {
            int group = at / (Unit.GROUP * Unit.GROUP * unit.taps());
            int in = group / groups * Unit.GROUP + at % Unit.GROUP;
            int out = group % groups * Unit.GROUP + at / Unit.GROUP % Unit.GROUP;
            int tap = at / (Unit.GROUP * Unit.GROUP) % unit.taps();
            table[at] = parameter(unit, weight, out, in, unit.taps() - 1 - tap);
        }
        return table;
    }

    private int[] gradients(Unit unit, Tensor weight) {
        int[] table = new int[unit.arrangedWeights()];
        int beside = unit.inBeside();
        for (int at = 0; at < table.length; at++) {
            int group = at / (Unit.GROUP * beside * unit.taps());
            int out = group / unit.inGroups() * Unit.GROUP + at / beside % Unit.GROUP;
            int in = group % unit.inGroups() * beside + at % beside;
            table[at] = parameter(unit, weight, out, in, at / (Unit.GROUP * beside) % unit.taps());
        }
        return table;
    }

    private int parameter(Unit unit, Tensor weight, int out, int in, int tap) {
        boolean fillsUp = out >= unit.raw().channels() || in >= unit.in().channels();
        return fillsUp ? -1 : layout.offset(weight) + (out * unit.in().channels() + in) * unit.taps() + tap;
    }

    private int[] head(Tensor weight) {
        int[] table = new int[units.head().classes() * units.last().raw().channels()];
        Arrays.setAll(table, at -> layout.offset(weight) + at);
        return table;
    }

    private static int[] joined(int[] table, int[] more) {
        int[] joined = Arrays.copyOf(table, table.length + more.length);
        System.arraycopy(more, 0, joined, table.length, more.length);
        return joined;
    }
}
