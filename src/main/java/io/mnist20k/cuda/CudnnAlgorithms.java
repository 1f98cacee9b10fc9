package io.mnist20k.cuda;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.jcudnn.cudnnDeterminism;

/// What cuDNN offers for a convolution. The functions of the three passes have the same signatures, with the
/// input `x`, the weights `w` and the output `y`, or their gradients, in another order.
public final class CudnnAlgorithms {
    static final FunctionTable FUNCTIONS = new FunctionTable(Library.CUDNN);

    /// `cudnnConvolutionFwdAlgoPerf_t` of `cudnn_cnn.h`, and its twins of the backward passes.
    static final StructLayout PERFORMANCE = MemoryLayout.structLayout(
            JAVA_INT.withName("algo"),
            JAVA_INT.withName("status"),
            JAVA_FLOAT.withName("time"),
            MemoryLayout.paddingLayout(4),
            JAVA_LONG.withName("memory"),
            JAVA_INT.withName("determinism"),
            JAVA_INT.withName("mathType"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("reserved"),
            MemoryLayout.paddingLayout(4));

    private static final String MAX_COUNT = "JP";
    private static final String GET = "JJJJJIPP";
    private static final String FIND = "JJJJJJJJIPPJJ";
    private static final String WORKSPACE = "JJJJJIP";

    private static final MethodHandle FORWARD_MAX_COUNT =
            FUNCTIONS.bind("cudnnGetConvolutionForwardAlgorithmMaxCount", MAX_COUNT);
    private static final MethodHandle DATA_MAX_COUNT =
            FUNCTIONS.bind("cudnnGetConvolutionBackwardDataAlgorithmMaxCount", MAX_COUNT);
    private static final MethodHandle FILTER_MAX_COUNT =
            FUNCTIONS.bind("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount", MAX_COUNT);
    private static final MethodHandle GET_FORWARD = FUNCTIONS.bind("cudnnGetConvolutionForwardAlgorithm_v7", GET);
    private static final MethodHandle GET_DATA = FUNCTIONS.bind("cudnnGetConvolutionBackwardDataAlgorithm_v7", GET);
    private static final MethodHandle GET_FILTER = FUNCTIONS.bind("cudnnGetConvolutionBackwardFilterAlgorithm_v7", GET);
    private static final MethodHandle FIND_FORWARD = FUNCTIONS.bind("cudnnFindConvolutionForwardAlgorithmEx", FIND);
    private static final MethodHandle FIND_DATA = FUNCTIONS.bind("cudnnFindConvolutionBackwardDataAlgorithmEx", FIND);
    private static final MethodHandle FIND_FILTER =
            FUNCTIONS.bind("cudnnFindConvolutionBackwardFilterAlgorithmEx", FIND);
    private static final MethodHandle FORWARD_WORKSPACE =
            FUNCTIONS.bind("cudnnGetConvolutionForwardWorkspaceSize", WORKSPACE);
    private static final MethodHandle DATA_WORKSPACE =
            FUNCTIONS.bind("cudnnGetConvolutionBackwardDataWorkspaceSize", WORKSPACE);
    private static final MethodHandle FILTER_WORKSPACE =
            FUNCTIONS.bind("cudnnGetConvolutionBackwardFilterWorkspaceSize", WORKSPACE);

    private CudnnAlgorithms() {}

    /// Algorithms that can compute a pass, best first as cuDNN guesses. Nothing is computed.
    ///
    /// @param convolution whose [MathType] says what may be offered
    public static List<ConvolutionAlgorithm> guessed(
            ConvolutionPass pass,
            CudnnHandle cudnn,
            TensorDescriptor x,
            FilterDescriptor w,
            ConvolutionDescriptor convolution,
            TensorDescriptor y) {
        Operands<NativeObject> order = Operands.of(pass, x, w, y);
        MethodHandle get = of(pass, GET_FORWARD, GET_DATA, GET_FILTER);
        return list(
                pass,
                cudnn,
                (count, returned, results) -> Cudnn.check(
                        () -> (int) get.invokeExact(
                                cudnn.handle(),
                                order.first.handle(),
                                order.second.handle(),
                                convolution.handle(),
                                order.result.handle(),
                                count,
                                returned,
                                results),
                        () -> "cudnnGetConvolution…Algorithm_v7(" + words(pass, x, w, convolution, y) + ")"));
    }

    /// Algorithms that can compute a pass, the fastest first, in the order that cuDNN promises: it runs each a few
    /// times and overwrites the result. Waits for the GPU; not for a capture.
    ///
    /// @param xData          address of the input, or of the place for its gradient
    /// @param wData          address of the weights, or of the place for their gradient
    /// @param yData          address of the place for the output, or of its gradient
    /// @param workspaceBytes what an algorithm may need at most
    public static List<ConvolutionAlgorithm> measured(
            ConvolutionPass pass,
            CudnnHandle cudnn,
            TensorDescriptor x,
            long xData,
            FilterDescriptor w,
            long wData,
            ConvolutionDescriptor convolution,
            TensorDescriptor y,
            long yData,
            long workspace,
            long workspaceBytes) {
        Operands<NativeObject> order = Operands.of(pass, x, w, y);
        Operands<Long> data = Operands.of(pass, xData, wData, yData);
        MethodHandle find = of(pass, FIND_FORWARD, FIND_DATA, FIND_FILTER);
        return list(
                pass,
                cudnn,
                (count, returned, results) -> Cudnn.check(
                        () -> (int) find.invokeExact(
                                cudnn.handle(),
                                order.first.handle(),
                                (long) data.first,
                                order.second.handle(),
                                (long) data.second,
                                convolution.handle(),
                                order.result.handle(),
                                (long) data.result,
                                count,
                                returned,
                                results,
                                workspace,
                                workspaceBytes),
                        () -> "cudnnFindConvolution…AlgorithmEx(" + words(pass, x, w, convolution, y)
                                + ", workspaceBytes=" + workspaceBytes + ")"));
    }

    /// How much workspace an algorithm needs.
    ///
    /// @param algorithm cuDNN's number of it
    /// @throws CudaException where the algorithm cannot compute this
    public static long workspaceBytes(
            ConvolutionPass pass,
            CudnnHandle cudnn,
            TensorDescriptor x,
            FilterDescriptor w,
            ConvolutionDescriptor convolution,
            TensorDescriptor y,
            int algorithm) {
        Operands<NativeObject> order = Operands.of(pass, x, w, y);
        MethodHandle get = of(pass, FORWARD_WORKSPACE, DATA_WORKSPACE, FILTER_WORKSPACE);
        return FunctionTable.outLong(out -> Cudnn.check(
                () -> (int) get.invokeExact(
                        cudnn.handle(),
                        order.first.handle(),
                        order.second.handle(),
                        convolution.handle(),
                        order.result.handle(),
                        algorithm,
                        out),
                () -> "cudnnGetConvolution…WorkspaceSize(" + words(pass, x, w, convolution, y) + ", algorithm="
                        + algorithm + ")"));
    }

    /// What is given and what is computed, in the order in which the functions of a pass take them.
    private record Operands<T>(T first, T second, T result) {
        static <T> Operands<T> of(ConvolutionPass pass, T x, T w, T y) {
            return switch (pass) {
                case FORWARD -> new Operands<>(x, w, y);
                case BACKWARD_DATA -> new Operands<>(w, y, x);
                case BACKWARD_FILTER -> new Operands<>(x, y, w);
            };
        }
    }

    /// Asks for at most `count` results, of which `returned` are written.
    @FunctionalInterface
    private interface Search {
        void run(int count, MemorySegment returned, MemorySegment results);
    }

    private static List<ConvolutionAlgorithm> list(ConvolutionPass pass, CudnnHandle cudnn, Search search) {
        int count = maxCount(pass, cudnn);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment returned = arena.allocate(JAVA_INT);
            MemorySegment results = arena.allocate(PERFORMANCE, count);
            search.run(count, returned, results);
            List<ConvolutionAlgorithm> algorithms = new ArrayList<>();
            for (int index = 0; index < returned.get(JAVA_INT, 0); index++) {
                read(results.asSlice(index * PERFORMANCE.byteSize(), PERFORMANCE))
                        .ifPresent(algorithms::add);
            }
            return List.copyOf(algorithms);
        }
    }

    /// The list may be longer than the enumeration of algorithms: one algorithm appears with several math
    /// types.
    private static int maxCount(ConvolutionPass pass, CudnnHandle cudnn) {
        MethodHandle get = of(pass, FORWARD_MAX_COUNT, DATA_MAX_COUNT, FILTER_MAX_COUNT);
        return FunctionTable.outInt(out -> Cudnn.check(
                () -> (int) get.invokeExact(cudnn.handle(), out), () -> "cudnnGetConvolution…AlgorithmMaxCount()"));
    }

    /// An entry of the list; nothing where it says that the algorithm cannot be run.
    private static Optional<ConvolutionAlgorithm> read(MemorySegment entry) {
        if (intOf(entry, "status") != CudnnStatus.SUCCESS) {
            return Optional.empty();
        }
        return MathType.of(intOf(entry, "mathType"))
                .map(mathType -> new ConvolutionAlgorithm(
                        intOf(entry, "algo"),
                        entry.get(JAVA_LONG, PERFORMANCE.byteOffset(groupElement("memory"))),
                        intOf(entry, "determinism") == cudnnDeterminism.CUDNN_DETERMINISTIC,
                        mathType));
    }

    private static int intOf(MemorySegment entry, String field) {
        return entry.get(JAVA_INT, PERFORMANCE.byteOffset(groupElement(field)));
    }

    private static MethodHandle of(ConvolutionPass pass, MethodHandle forward, MethodHandle data, MethodHandle filter) {
        return switch (pass) {
            case FORWARD -> forward;
            case BACKWARD_DATA -> data;
            case BACKWARD_FILTER -> filter;
        };
    }

    private static String words(
            ConvolutionPass pass,
            TensorDescriptor x,
            FilterDescriptor w,
            ConvolutionDescriptor convolution,
            TensorDescriptor y) {
        return pass + ", x=" + x + ", w=" + w + ", " + convolution + ", y=" + y;
    }
}
