package io.mnist20k.engine.cuda;

import io.mnist20k.network.Tensor;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where the network's tensors stand in a vector on the device: each begins on a boundary that NVIDIA's fastest kernels
/// ask for, and what is converted or decayed together stands together, weights of convolutions first, then those of
/// dense layers, then all else. The host's vectors are in the network's own order, without gaps.
final class Layout {
    /// In elements: 256 bytes of single precision, 128 of bfloat16.
    private static final int ALIGNMENT = 64;

    private final Map<Tensor, Integer> offsets = new LinkedHashMap<>();
    private final int flatLength;
    private final int length;

    Layout(List<Tensor> tensors) {
        int end = 0;
        Comparator<Tensor> byRank = Comparator.comparingInt(t -> t.shape().size());
        for (Tensor tensor : tensors.stream().sorted(byRank.reversed()).toList()) {
            offsets.put(tensor, end);
            end += aligned(tensor.elements());
        }
        length = end;
        flatLength = tensors.stream().mapToInt(Tensor::elements).sum();
    }

    /// Elements, gaps included.
    int length() {
        return length;
    }

    /// Elements of the tensors of at least this many dimensions, gaps included; they come first.
    int lengthOfRank(int rank) {
        return offsets.entrySet().stream()
                .filter(entry -> entry.getKey().shape().size() >= rank)
                .mapToInt(entry -> entry.getValue() + aligned(entry.getKey().elements()))
                .max()
                .orElse(0);
    }

    /// Of the first element, in elements.
    int offset(Tensor tensor) {
        Integer offset = offsets.get(tensor);
        if (offset == null) {
            throw new IllegalArgumentException("no " + tensor.name() + " here");
        }
        return offset;
    }

    /// @param flat in the network's order
    /// @return     as on the device, gaps 0
    float[] spread(float[] flat) {
        float[] spread = new float[length];
        offsets.forEach((tensor, offset) -> System.arraycopy(flat, tensor.offset(), spread, offset, tensor.elements()));
        return spread;
    }

    /// @param spread as on the device
    /// @return       in the network's order
    float[] gather(float[] spread) {
        float[] flat = new float[flatLength];
        offsets.forEach((tensor, offset) -> System.arraycopy(spread, offset, flat, tensor.offset(), tensor.elements()));
        return flat;
    }

    private static int aligned(int elements) {
        return Math.ceilDiv(elements, ALIGNMENT) * ALIGNMENT;
    }
}
