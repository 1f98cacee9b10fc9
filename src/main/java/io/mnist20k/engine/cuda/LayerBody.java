package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.Training;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One operation after the other.
final class LayerBody implements Body {
    private final LayerProgram program;
    private final List<Operation> operations;
    private final Loader loader;
    private final SoftmaxLoss loss;
    private final @Nullable KernelLaunch widenLogits;

    LayerBody(Device device, Owner owner, LayerProgram program, Training training, int samples) {
        this.program = program;
        operations = program.operations(device, owner, samples);
        loader = new Loader(device, program, training, samples);
        loss = new SoftmaxLoss(device, program, training, samples);
        widenLogits = widenLogits(device, program, samples);
    }

    private static @Nullable KernelLaunch widenLogits(Device device, LayerProgram program, int samples) {
        long count = (long) samples * program.logits.shape().channels();
        return program.logits.type() == DataType.FLOAT
                ? null
                : device.striding(
                        "convert_to_f32",
                        count,
                        program.evaluatedLogits().address(),
                        program.logits.value().address(),
                        count);
    }

    @Override
    public void bind(Step.Addresses addresses) {
        loader.bind(addresses);
        loss.bind(addresses);
    }

    @Override
    public Map<String, Runnable> pieces() {
        List<String> names = program.names();
        var pieces = new LinkedHashMap<String, Runnable>();
        pieces.put("load", loader::loadBatch);
        for (int i = 0; i < operations.size(); i++) {
            pieces.put(names.get(i) + " forward", operations.get(i)::forward);
        }
        pieces.put("loss", loss::launch);
        for (int i = operations.size() - 1; i >= program.untrained(); i--) {
            pieces.put(names.get(i) + " backward", operations.get(i)::backward);
        }
        return pieces;
    }

    @Override
    public void evaluate(DeviceImages images, int from, int count) {
        loader.load(images, from, count);
        operations.forEach(Operation::infer);
        if (widenLogits != null) {
            widenLogits.launch();
        }
    }
}
