package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.cuda.UnitProgram.UnitMemory;
import io.mnist20k.network.Shape;
import io.mnist20k.recipe.Augmentation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The launches of a network of units for one number of samples.
final class UnitBody implements Body {
    private static final int IMAGES = 3;
    private static final int ORDER = 4;
    private static final int FROM = 7;
    private static final int COUNT = 8;
    private static final int HEAD_LABELS = 30;
    private static final int HEAD_ORDER = 31;
    private static final int LOSS_SUMS = 3;
    private static final int CORRECT_SUMS = 4;
    private static final int HEAD_THREADS = 256;
    private static final int MERGE_THREADS = 256;
    /// From more images on, merging what they leave takes less time than every block's adding it up.
    private static final int MOST_UNMERGED = 512;
    /// Sums that a block of `sum_samples` computes.
    private static final int SUMS = 32;

    private final Device device;
    private final UnitProgram program;
    private final Training training;
    private final int samples;
    private final long step;
    private final List<KernelLaunch> forward = new ArrayList<>();
    private final List<KernelLaunch> infer = new ArrayList<>();
    private final List<KernelLaunch> backward = new ArrayList<>();
    private final List<KernelLaunch> mergeMoments = new ArrayList<>();
    private final List<KernelLaunch> mergeGradients = new ArrayList<>();
    private final KernelLaunch head;
    private final KernelLaunch inferHead;
    private final KernelLaunch sum;
    private final KernelLaunch arrange;

    UnitBody(Device device, UnitProgram program, Training training, int samples) {
        this.device = device;
        this.program = program;
        this.training = training;
        this.samples = samples;
        step = program.state().step.address();
        for (int i = 0; i < program.units.units().size(); i++) {
            forward.add(i == 0 ? first(true) : forward(i, true));
            infer.add(i == 0 ? first(false) : forward(i, false));
            backward.add(i == 0 ? firstBackward() : backward(i));
            if (merges()) {
                mergeMoments.add(mergeMoments(i));
                mergeGradients.add(mergeGradients(i));
            }
        }
        head = head(true);
        inferHead = head(false);
        sum = sum();
        arrange = program.arrange(device, program.state().parameters);
    }

    /// In an evaluation it follows the copy of the logits before.
    private KernelLaunch first(boolean trains) {
        Unit unit = program.units.units().getFirst();
        UnitMemory memory = program.memory(0);
        Augmentation augmentation = training.augmentation();
        Normalization normalization = training.normalization();
        Tiling tiling = unit.forwardTiling(Mask.NONE);
        return device.launchSharing(
                trains,
                "first_unit_forward",
                samples,
                Unit.THREADS,
                unit.forwardShared(Mask.NONE),
                memory.raw().address(),
                trains ? memory.moments().address() : 0L,
                program.input.address(),
                0L,
                0L,
                step,
                program.forwardWeights(0),
                0,
                0,
                training.batch(),
                unit.in().height(),
                unit.in().width(),
                training.seed(),
                Math.toRadians(augmentation.rotation()),
                augmentation.scale(),
                augmentation.shear(),
                augmentation.shift(),
                normalization.mean(),
                normalization.deviation(),
                unit.raw().channels(),
                unit.conv().kernel(),
                unit.conv().padding(),
                tiling.tile(),
                tiling.shares());
    }

    private KernelLaunch forward(int index, boolean trains) {
        Unit unit = program.units.units().get(index);
        UnitMemory memory = program.memory(index);
        Mask mask = trains ? program.units.maskBefore(index) : Mask.NONE;
        Tiling tiling = unit.forwardTiling(mask);
        return device.launchSharing(
                "unit_forward",
                samples,
                Unit.THREADS,
                unit.forwardShared(mask),
                memory.raw().address(),
                trains ? memory.moments().address() : 0L,
                finished(index - 1, trains),
                step,
                mask.parameters(training.seed()),
                program.forwardWeights(index),
                entries(),
                unit.raw().channels(),
                unit.conv().kernel(),
                unit.conv().padding(),
                tiling.tile(),
                tiling.shares());
    }

    private boolean merges() {
        return samples > MOST_UNMERGED;
    }

    /// A channel's entries in the moments and sums that units read.
    private int entries() {
        return merges() ? 1 : samples;
    }

    private KernelLaunch mergeMoments(int index) {
        UnitMemory memory = program.memory(index);
        Shape raw = program.units.units().get(index).raw();
        return device.launchSharing(
                "merge_moments",
                raw.channels(),
                MERGE_THREADS,
                0,
                memory.merged().address(),
                memory.moments().address(),
                samples,
                raw.pixels());
    }

    private KernelLaunch mergeGradients(int index) {
        UnitMemory memory = program.memory(index);
        return device.launchSharing(
                "merge_gradient_sums",
                program.units.units().get(index).raw().channels(),
                MERGE_THREADS,
                0,
                memory.merged().address(),
                memory.gradientSums().address(),
                samples);
    }

    /// A unit's raw output, what normalises it, and its shape.
    private List<Object> finished(int index, boolean trains) {
        Unit unit = program.units.units().get(index);
        UnitMemory memory = program.memory(index);
        NormPlaces norm = program.norm(index);
        Shape raw = unit.raw();
        return List.of(
                memory.raw().address(),
                trains ? (merges() ? memory.merged() : memory.moments()).address() : 0L,
                norm.saved(),
                trains ? norm.runningMean().current() : norm.runningMean().evaluated(),
                trains
                        ? norm.runningVariance().current()
                        : norm.runningVariance().evaluated(),
                trains ? norm.scale().current() : norm.scale().evaluated(),
                trains ? norm.shift().current() : norm.shift().evaluated(),
                unit.norm().epsilon(),
                unit.norm().momentum(),
                1.0 / entries(),
                perPixel(raw),
                raw.channels(),
                raw.height(),
                raw.width(),
                unit.pool());
    }

    private double perPixel(Shape raw) {
        return 1.0 / ((double) samples * raw.pixels());
    }

    private KernelLaunch head(boolean trains) {
        Unit last = program.units.last();
        int index = program.units.units().size() - 1;
        UnitMemory memory = program.memory(index);
        DeviceState.Place weight = program.headWeight();
        DeviceState.Place bias = program.denseBias();
        return device.launchSharing(
                "head",
                samples,
                HEAD_THREADS,
                program.units.headShared(),
                program.evaluatedLogits().address(),
                program.logitGradients.address(),
                program.losses.address(),
                program.correct.address(),
                program.share(program.units.units().size()),
                memory.gradient().address(),
                memory.gradientSums().address(),
                finished(index, trains),
                (trains ? last.mask() : Mask.NONE).parameters(training.seed()),
                program.units.head().takesLargest() ? 1 : 0,
                trains ? weight.current() : weight.evaluated(),
                trains ? bias.current() : bias.evaluated(),
                0L,
                0L,
                step,
                training.batch(),
                (float) training.labelSmoothing(),
                program.shareStride(),
                entries(),
                program.units.head().classes());
    }

    private KernelLaunch firstBackward() {
        Unit unit = program.units.units().getFirst();
        return device.launchSharing(
                "first_unit_backward",
                samples,
                Unit.THREADS,
                unit.backwardShared(Mask.NONE),
                gradientsOut(0),
                gradientsIn(0),
                raw(0),
                program.input.address(),
                shape(unit),
                unit.slices());
    }

    private KernelLaunch backward(int index) {
        Unit unit = program.units.units().get(index);
        Unit before = program.units.units().get(index - 1);
        UnitMemory memoryBefore = program.memory(index - 1);
        NormPlaces normBefore = program.norm(index - 1);
        Mask mask = program.units.maskBefore(index);
        Shape rawBefore = before.raw();
        Tiling tiling = unit.backwardTiling(mask);
        return device.launchSharing(
                "unit_backward",
                samples,
                Unit.THREADS,
                unit.backwardShared(mask),
                gradientsOut(index),
                memoryBefore.gradient().address(),
                memoryBefore.gradientSums().address(),
                gradientsIn(index),
                raw(index),
                memoryBefore.raw().address(),
                normBefore.saved(),
                normBefore.scale().current(),
                normBefore.shift().current(),
                rawBefore.channels(),
                rawBefore.height(),
                rawBefore.width(),
                before.pool(),
                step,
                mask.parameters(training.seed()),
                program.backwardWeights(index),
                shape(unit),
                tiling.tile(),
                tiling.shares(),
                unit.slices(),
                unit.stagesLate(mask) ? 1 : 0);
    }

    /// Where the gradients of a unit's parameters go.
    private List<Object> gradientsOut(int index) {
        NormPlaces norm = program.norm(index);
        return List.of(
                program.share(index), norm.scale().gradient(), norm.shift().gradient());
    }

    /// Where a unit's gradients come from.
    private List<Object> gradientsIn(int index) {
        UnitMemory memory = program.memory(index);
        return List.of(memory.gradient().address(), (merges() ? memory.merged() : memory.gradientSums()).address());
    }

    private List<Object> raw(int index) {
        NormPlaces norm = program.norm(index);
        return List.of(
                program.memory(index).raw().address(),
                norm.saved(),
                norm.scale().current(),
                norm.shift().current(),
                perPixel(program.units.units().get(index).raw()));
    }

    private List<Object> shape(Unit unit) {
        Shape raw = unit.raw();
        return List.of(
                program.shareStride(),
                entries(),
                raw.channels(),
                raw.height(),
                raw.width(),
                unit.pool(),
                unit.conv().kernel(),
                unit.conv().padding());
    }

    private KernelLaunch sum() {
        int count = program.gradientCount();
        return device.launch(
                "sum_samples",
                Math.ceilDiv(count, SUMS) + 1,
                1,
                HEAD_THREADS,
                program.state().gradients.address(),
                program.gradientTable.address(),
                program.denseBias().gradient(),
                0L,
                0L,
                program.shares.address(),
                program.logitGradients.address(),
                program.losses.address(),
                program.correct.address(),
                step,
                count,
                program.shareStride(),
                samples,
                program.units.head().classes());
    }

    @Override
    public void bind(Step.Addresses addresses) {
        forward.getFirst().set(IMAGES, addresses.images());
        forward.getFirst().set(ORDER, addresses.order());
        head.set(HEAD_LABELS, addresses.labels());
        head.set(HEAD_ORDER, addresses.order());
        sum.set(LOSS_SUMS, addresses.lossSums());
        sum.set(CORRECT_SUMS, addresses.correct());
    }

    @Override
    public Map<String, Runnable> pieces() {
        List<Unit> units = program.units.units();
        var pieces = new LinkedHashMap<String, Runnable>();
        pieces.put("arrange", arrange::launch);
        for (int i = 0; i < units.size(); i++) {
            pieces.put(units.get(i).name() + " unit forward", forward.get(i)::launch);
            if (merges()) {
                pieces.put(units.get(i).name() + " moments", mergeMoments.get(i)::launch);
            }
        }
        pieces.put("head", head::launch);
        for (int i = units.size() - 1; i >= 0; i--) {
            if (merges()) {
                pieces.put(units.get(i).name() + " gradient sums", mergeGradients.get(i)::launch);
            }
            pieces.put(units.get(i).name() + " unit backward", backward.get(i)::launch);
        }
        pieces.put("sums", sum::launch);
        return pieces;
    }

    @Override
    public void evaluate(DeviceImages images, int from, int count) {
        KernelLaunch first = infer.getFirst();
        first.set(IMAGES, images.pixels());
        first.set(FROM, from);
        first.set(COUNT, count);
        infer.forEach(KernelLaunch::launch);
        inferHead.launch();
    }
}
