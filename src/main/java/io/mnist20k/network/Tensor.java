package io.mnist20k.network;

import java.util.List;

/// A named tensor of a network: where it stands in the flat vector of its kind (parameters or statistics).
///
/// @param name   as in the `state_dict` of a PyTorch module whose children carry the layers' names, `conv1.weight`
/// @param layer  index of its layer in [Network#stages]
/// @param shape  conv weights `[out, in, kernel, kernel]`, dense weights `[out, in]`, all else `[channels]`
/// @param offset of its first element in the flat vector, row-major from there
public record Tensor(String name, int layer, List<Integer> shape, int offset) {
    /// Dimensions of the weights of convolutions, and of nothing else.
    public static final int CONVOLUTION_RANK = 4;

    public int elements() {
        return shape.stream().reduce(1, Math::multiplyExact);
    }
}
