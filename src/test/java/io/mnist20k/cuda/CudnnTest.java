package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// That arguments reach cuDNN in their places. All numbers are small integers or halves, so results are exact
/// in any order of summation; what the operations compute in general the engine's tests hold against the
/// reference.
@OnCudaDevice
final class CudnnTest {
    private static final int WORKSPACE_BYTES = 1 << 22;

    private final Owner owner = new Owner();
    private Gpu gpu;
    private CudnnHandle cudnn;
    private long workspace;

    @BeforeEach
    void open() {
        gpu = owner.own(new Gpu(0));
        cudnn = owner.own(new CudnnHandle(gpu));
        workspace = owner.own(new DeviceBuffer(gpu, WORKSPACE_BYTES)).address();
    }

    @AfterEach
    void nothingIsLeft() {
        owner.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @Test
    void versionIsOfCudnn9() {
        assertEquals(9, Cudnn.version() / 10_000);
    }

    /// Input 1x2x3x3, two filters of 2x2, stride 1, no padding: small enough to be checked by hand.
    private final class SmallConvolution {
        final TensorDescriptor x = tensor(1, 2, 3, 3);
        final FilterDescriptor w = owner.own(new FilterDescriptor(DataType.FLOAT, 2, 2, 2, 2));
        final TensorDescriptor y = tensor(1, 2, 2, 2);
        final ConvolutionDescriptor convolution = owner.own(new ConvolutionDescriptor(0, 1, MathType.FMA));
        final DeviceBuffer input = buffer(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 0, 1, 0, 1, 0, 1, 0);
        // The first filter takes the upper left pixel of channel 0, the second the lower right of channel 1 doubled.
        final DeviceBuffer weights = buffer(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
        final DeviceBuffer output = buffer(new float[8]);

        ConvolutionAlgorithm algorithm(ConvolutionPass pass) {
            return CudnnAlgorithms.guessed(pass, cudnn, x, w, convolution, y).stream()
                    .filter(offered -> offered.deterministic() && offered.workspaceBytes() <= WORKSPACE_BYTES)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void convolutionGoesForward() {
        SmallConvolution small = new SmallConvolution();
        CudnnConvolution.forward(
                cudnn,
                small.x,
                small.input.address(),
                small.w,
                small.weights.address(),
                small.convolution,
                small.algorithm(ConvolutionPass.FORWARD).number(),
                workspace,
                WORKSPACE_BYTES,
                small.y,
                small.output.address());
        assertArrayEquals(new float[] {1, 2, 4, 5, 0, 2, 2, 0}, floats(small.output, 8));
    }

    @Test
    void gradientByTheInputGoesBack() {
        SmallConvolution small = new SmallConvolution();
        small.output.upload(0, new float[] {1, 2, 3, 4, 5, 6, 7, 8});
        CudnnConvolution.backwardData(
                cudnn,
                small.w,
                small.weights.address(),
                small.y,
                small.output.address(),
                small.convolution,
                small.algorithm(ConvolutionPass.BACKWARD_DATA).number(),
                workspace,
                WORKSPACE_BYTES,
                small.x,
                small.input.address());
        assertArrayEquals(
                new float[] {1, 2, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 10, 12, 0, 14, 16}, floats(small.input, 18));
    }

    @Test
    void gradientByTheWeightsIsASum() {
        SmallConvolution small = new SmallConvolution();
        small.output.upload(0, new float[] {1, 0, 0, 0, 0, 0, 0, 2});
        CudnnConvolution.backwardFilter(
                cudnn,
                small.x,
                small.input.address(),
                small.y,
                small.output.address(),
                small.convolution,
                small.algorithm(ConvolutionPass.BACKWARD_FILTER).number(),
                workspace,
                WORKSPACE_BYTES,
                small.w,
                small.weights.address());
        assertArrayEquals(new float[] {1, 2, 4, 5, 0, 1, 1, 0, 10, 12, 16, 18, 0, 2, 2, 0}, floats(small.weights, 16));
    }

    @ParameterizedTest
    @EnumSource
    void measuredAlgorithmsNeedWhatTheySay(ConvolutionPass pass) {
        SmallConvolution small = new SmallConvolution();
        List<ConvolutionAlgorithm> measured = CudnnAlgorithms.measured(
                pass,
                cudnn,
                small.x,
                small.input.address(),
                small.w,
                small.weights.address(),
                small.convolution,
                small.y,
                small.output.address(),
                workspace,
                WORKSPACE_BYTES);
        assertFalse(measured.isEmpty());
        for (ConvolutionAlgorithm algorithm : measured) {
            small.convolution.mathType(algorithm.mathType());
            long bytes = CudnnAlgorithms.workspaceBytes(
                    pass, cudnn, small.x, small.w, small.convolution, small.y, algorithm.number());
            assertTrue(bytes <= algorithm.workspaceBytes(), algorithm + " needs " + bytes);
        }
    }

    @Test
    void poolingGoesForwardAndBack() {
        TensorDescriptor x = tensor(1, 1, 2, 4);
        TensorDescriptor y = tensor(1, 1, 1, 2);
        PoolingDescriptor pooling = owner.own(new PoolingDescriptor(PoolingMode.MAX, 2, 2, 2));
        DeviceBuffer input = buffer(1, 7, 3, 2, 5, 6, 4, 8);
        DeviceBuffer output = buffer(0, 0);
        DeviceBuffer dOutput = buffer(10, 20);
        DeviceBuffer dInput = buffer(new float[8]);
        CudnnPooling.forward(cudnn, pooling, x, input.address(), y, output.address());
        assertArrayEquals(new float[] {7, 8}, floats(output, 2));
        CudnnPooling.backward(
                cudnn, pooling, y, output.address(), dOutput.address(), x, input.address(), dInput.address());
        assertArrayEquals(new float[] {0, 10, 0, 0, 0, 0, 0, 20}, floats(dInput, 8));
    }

    @Test
    void averageIsOfTheWholeWindow() {
        PoolingDescriptor pooling = owner.own(new PoolingDescriptor(PoolingMode.AVERAGE, 2, 4, 1));
        DeviceBuffer input = buffer(1, 2, 3, 4, 5, 6, 7, 8);
        DeviceBuffer output = buffer(0);
        CudnnPooling.forward(cudnn, pooling, tensor(1, 1, 2, 4), input.address(), tensor(1, 1, 1, 1), output.address());
        assertArrayEquals(new float[] {4.5f}, floats(output, 1));
    }

    @Test
    void batchIsNormalisedAndRemembered() {
        // Two channels of four values, -1 and 1 around the means 5 and -3: variance 1, unbiased 4/3.
        TensorDescriptor tensor = tensor(2, 2, 1, 2);
        TensorDescriptor channels = owner.own(TensorDescriptor.ofChannels(tensor));
        DeviceBuffer x = buffer(4, 6, -4, -2, 6, 4, -2, -4);
        DeviceBuffer y = buffer(new float[8]);
        DeviceBuffer scale = buffer(2, 3);
        DeviceBuffer shift = buffer(10, 20);
        DeviceBuffer runningMean = buffer(1, 1);
        DeviceBuffer runningVariance = buffer(1, 1);
        DeviceBuffer savedMean = buffer(0, 0);
        DeviceBuffer savedInverse = buffer(0, 0);
        CudnnBatchNormalization.forwardTraining(
                cudnn,
                tensor,
                x.address(),
                y.address(),
                channels,
                scale.address(),
                shift.address(),
                0.25,
                runningMean.address(),
                runningVariance.address(),
                0.0,
                savedMean.address(),
                savedInverse.address());
        // A division and a root may each be off by half a unit in the last place.
        float tolerance = 20 * Math.ulp(1f);
        assertArrayEquals(new float[] {8, 12, 17, 23, 12, 8, 23, 17}, floats(y, 8), tolerance);
        assertArrayEquals(new float[] {2, 0}, floats(runningMean, 2), tolerance);
        assertArrayEquals(new float[] {13 / 12f, 13 / 12f}, floats(runningVariance, 2), tolerance);
        assertArrayEquals(new float[] {5, -3}, floats(savedMean, 2), tolerance);
        assertArrayEquals(new float[] {1, 1}, floats(savedInverse, 2), tolerance);

        DeviceBuffer dY = buffer(1, 0, 0, 0, 0, 0, 0, 2);
        DeviceBuffer dX = buffer(new float[8]);
        DeviceBuffer dScale = buffer(0, 0);
        DeviceBuffer dShift = buffer(0, 0);
        CudnnBatchNormalization.backward(
                cudnn,
                tensor,
                x.address(),
                dY.address(),
                dX.address(),
                channels,
                scale.address(),
                dScale.address(),
                dShift.address(),
                0.0,
                savedMean.address(),
                savedInverse.address());
        assertArrayEquals(new float[] {-1, -2}, floats(dScale, 2), tolerance);
        assertArrayEquals(new float[] {1, 2}, floats(dShift, 2), tolerance);
        // scale (dY - dShift / 4 - x̂ dScale / 4), with x̂ = -1, 1 | -1, 1 and 1, -1 | 1, -1
        assertArrayEquals(new float[] {1, 0, -3, 0, 0, -1, 0, 3}, floats(dX, 8), tolerance);
    }

    @Test
    void knownMeanAndVarianceNormalise() {
        TensorDescriptor tensor = tensor(1, 2, 1, 2);
        TensorDescriptor channels = owner.own(TensorDescriptor.ofChannels(tensor));
        DeviceBuffer x = buffer(1, 2, 3, 4);
        DeviceBuffer y = buffer(new float[4]);
        CudnnBatchNormalization.forwardInference(
                cudnn,
                tensor,
                x.address(),
                y.address(),
                channels,
                buffer(2, 3).address(),
                buffer(10, 20).address(),
                buffer(1, 2).address(),
                buffer(3, 15).address(),
                1.0);
        assertArrayEquals(new float[] {10, 11, 20.75f, 21.5f}, floats(y, 4), 21.5f * 4 * Math.ulp(1f));
    }

    @Test
    void refusalNamesTheCallItsArgumentsAndTheReason() {
        SmallConvolution small = new SmallConvolution();
        TensorDescriptor wrong = tensor(1, 2, 3, 2);
        CudaException failure = assertThrows(
                CudaException.class,
                () -> CudnnConvolution.forward(
                        cudnn,
                        small.x,
                        small.input.address(),
                        small.w,
                        small.weights.address(),
                        small.convolution,
                        1,
                        workspace,
                        WORKSPACE_BYTES,
                        wrong,
                        small.output.address()));
        assertTrue(failure.call().startsWith("cudnnConvolutionForward("), failure.call());
        assertTrue(failure.call().contains("[1, 2, 3, 3]"), failure.call());
        assertTrue(failure.call().contains("[1, 2, 3, 2]"), failure.call());
        assertTrue(failure.getMessage().contains("CUDNN_STATUS_"), failure.getMessage());
        assertTrue(failure.status() >= 2000 && failure.status() < 4000, failure.getMessage());
    }

    @Test
    void impossibleDescriptorLeavesNothingBehind() {
        Map<String, Integer> before = NativeObject.live();
        assertThrows(CudaException.class, () -> tensor(1, 0, 1, 1));
        assertThrows(CudaException.class, () -> new FilterDescriptor(DataType.FLOAT, 1, 1, -1, 1));
        assertThrows(CudaException.class, () -> new ConvolutionDescriptor(0, 0, MathType.DEFAULT));
        assertThrows(CudaException.class, () -> new PoolingDescriptor(PoolingMode.MAX, 2, 2, 0));
        assertEquals(before, NativeObject.live());
    }

    @Test
    void closedDescriptorCannotBeUsed() {
        TensorDescriptor closed = new TensorDescriptor(DataType.FLOAT, 1, 1, 1, 1);
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, () -> TensorDescriptor.ofChannels(closed));
        assertEquals(0, NativeObject.live().getOrDefault("tensor descriptor", 0));
    }

    private TensorDescriptor tensor(int batch, int channels, int height, int width) {
        return owner.own(new TensorDescriptor(DataType.FLOAT, batch, channels, height, width));
    }

    private DeviceBuffer buffer(float... values) {
        DeviceBuffer buffer = owner.own(new DeviceBuffer(gpu, (long) values.length * Float.BYTES));
        buffer.upload(0, values);
        return buffer;
    }

    private static float[] floats(DeviceBuffer buffer, int count) {
        float[] floats = new float[count];
        buffer.download(0, floats);
        return floats;
    }
}
