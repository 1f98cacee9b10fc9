package io.mnist20k.cuda;

import static io.mnist20k.cuda.RawCalls.ints;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mnist20k.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// NVIDIA's own cuDNN 9.5.1 and cuBLAS of CUDA 12.6, as far as they go without a driver: everything up to a handle.
@Tag("real-libraries")
final class RealCudnnTest {
    @ParameterizedTest
    @EnumSource(names = {"CUDNN", "CUBLAS", "NVRTC"})
    void theSearchFindsTheLibraryInTheFolderItIsGiven(Library library) {
        Finding.Loaded found = assertInstanceOf(Finding.Loaded.class, Libraries.find(library));
        assertTrue(found.file().startsWith(System.getProperty("mnist20k.cuda.libraries")), found.toString());
        assertEquals(Machine.PROPERTY, found.origin());
        assertEquals(List.of(), found.notes());
    }

    @Test
    void everyFunctionThatWeBindIsThere() {
        var missing = new ArrayList<String>();
        Stream.concat(Stream.of(Cublas.FUNCTIONS, Nvrtc.FUNCTIONS), Cudnn.tables().stream())
                .flatMap(table -> table.functions().stream())
                .filter(function -> !function.found())
                .forEach(function -> missing.add(function.name()));
        assertEquals(List.of(), missing);
    }

    @Test
    void versionsAreThoseThatWereFetched() {
        assertAll(
                () -> assertEquals(9_05_01, Cudnn.version()),
                () -> assertEquals(12_06_03, Cublas.version()),
                () -> assertEquals("12.6", Nvrtc.version()));
    }

    @Test
    void aTensorIsWhatWeSaidItIs() {
        try (var tensor = new TensorDescriptor(DataType.BFLOAT16, 2, 3, 5, 7)) {
            assertEquals(
                    List.of(DataType.BFLOAT16.cudnn(), 2, 3, 5, 7, 105, 35, 7, 1),
                    ints("cudnnGetTensor4dDescriptor", tensor.handle(), 9));
        }
    }

    @Test
    void aFilterIsWhatWeSaidItIs() {
        try (var filter = new FilterDescriptor(DataType.BFLOAT16, 11, 3, 5, 7)) {
            int nchw = 0;
            assertEquals(
                    List.of(DataType.BFLOAT16.cudnn(), nchw, 11, 3, 5, 7),
                    ints("cudnnGetFilter4dDescriptor", filter.handle(), 6));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConvolutionIsWhatWeSaidItIs(MathType mathType) {
        try (var convolution = new ConvolutionDescriptor(2, 3, mathType)) {
            int crossCorrelation = 1;
            assertEquals(
                    List.of(2, 2, 3, 3, 1, 1, crossCorrelation, DataType.FLOAT.cudnn()),
                    ints("cudnnGetConvolution2dDescriptor", convolution.handle(), 8));
            assertEquals(List.of(mathType.value()), ints("cudnnGetConvolutionMathType", convolution.handle(), 1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPoolingIsWhatWeSaidItIs(PoolingMode mode) {
        try (var pooling = new PoolingDescriptor(mode, 2, 3, 5)) {
            int notPropagatingNan = 0;
            assertEquals(
                    List.of(mode.value(), notPropagatingNan, 2, 3, 0, 0, 5, 5),
                    ints("cudnnGetPooling2dDescriptor", pooling.handle(), 8));
        }
    }

    @Test
    void batchNormalisationKeepsANumberAChannel() {
        try (var x = new TensorDescriptor(DataType.BFLOAT16, 2, 3, 5, 7);
                var channels = TensorDescriptor.ofChannels(x)) {
            assertEquals(
                    List.of(DataType.FLOAT.cudnn(), 1, 3, 1, 1),
                    ints("cudnnGetTensor4dDescriptor", channels.handle(), 9).subList(0, 5));
        }
    }

    @ParameterizedTest
    @CsvSource({"28, 3, 1, 1, 28", "28, 5, 0, 1, 24", "28, 3, 1, 2, 14", "7, 1, 0, 1, 7", "13, 3, 0, 2, 6"})
    void aConvolutionIsAsLargeAsWeThink(int size, int kernel, int padding, int stride, int expected) {
        try (var x = new TensorDescriptor(DataType.FLOAT, 2, 3, size, size + stride);
                var w = new FilterDescriptor(DataType.FLOAT, 11, 3, kernel, kernel);
                var convolution = new ConvolutionDescriptor(padding, stride, MathType.FMA)) {
            assertEquals(
                    List.of(2, 11, expected, expected + 1),
                    RawCalls.ints(
                            "cudnnGetConvolution2dForwardOutputDim",
                            List.of(convolution.handle(), x.handle(), w.handle()),
                            4));
        }
    }

    @ParameterizedTest
    @CsvSource({"28, 2, 2, 14", "7, 7, 7, 1", "13, 3, 2, 6", "5, 2, 2, 2"})
    void aPoolingIsAsLargeAsWeThink(int size, int window, int stride, int expected) {
        try (var x = new TensorDescriptor(DataType.FLOAT, 2, 3, size, size + stride);
                var pooling = new PoolingDescriptor(PoolingMode.MAX, window, window, stride)) {
            assertEquals(
                    List.of(2, 3, expected, expected + 1),
                    RawCalls.ints("cudnnGetPooling2dForwardOutputDim", List.of(pooling.handle(), x.handle()), 4));
        }
    }

    @Test
    void whatCudnnRefusesIsSaidInItsOwnWordsAndFreed() {
        CudaException refusal =
                assertThrows(CudaException.class, () -> new TensorDescriptor(DataType.FLOAT, 0, 3, 5, 7));
        assertEquals(2000, refusal.status() / 1000 * 1000);
        String sentence = String.valueOf(refusal.getMessage());
        assertAll(
                () -> assertTrue(sentence.contains("cudnnSetTensor4dDescriptor"), sentence),
                () -> assertTrue(sentence.contains("CUDNN_STATUS_BAD_PARAM"), sentence),
                () -> assertTrue(sentence.contains("<= 0"), sentence),
                () -> assertEquals(Map.of(), NativeObject.live()));
    }

    /// What a status is called, which tests the numbering of cuDNN 9 against the library itself.
    @ParameterizedTest
    @CsvSource({
        "1001, CUDNN_STATUS_NOT_INITIALIZED",
        "1002, CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH",
        "1008, CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED",
        "3007, CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH",
        "4004, CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"
    })
    void cudnnNamesItsStatuses(int status, String name) {
        assertEquals(name, RawCalls.text(Library.CUDNN, "cudnnGetErrorString", status));
    }

    @ParameterizedTest
    @CsvSource({"1, CUBLAS_STATUS_NOT_INITIALIZED", "3, CUBLAS_STATUS_ALLOC_FAILED", "8, CUBLAS_STATUS_ARCH_MISMATCH"})
    void cublasNamesItsStatuses(int status, String name) {
        assertEquals(name, RawCalls.text(Library.CUBLAS, "cublasGetStatusName", status));
    }

    private static void assumeNoDriver() {
        assumeTrue(Libraries.find(Library.DRIVER) instanceof Finding.Missing, "this machine has a driver");
    }

    @Test
    void withoutADriverNoHandleIsMade() {
        assumeNoDriver();
        assertEquals(1001, RawCalls.create(Library.CUDNN, "cudnnCreate"));
        assertEquals(1, RawCalls.create(Library.CUBLAS, "cublasCreate_v2"));
    }

    @Test
    void withoutADriverTheMissingFileIsNamed() {
        assumeNoDriver();
        for (Executable attempt : List.<Executable>of(Gpu::all, Cublas::create)) {
            UserError refusal = assertThrows(UserError.class, attempt);
            assertTrue(refusal.getMessage().contains("libcuda.so.1"), refusal.getMessage());
        }
    }

    @Test
    void withoutADriverCudnnSendsToTheDoctor() {
        assumeNoDriver();
        CudaException refusal = assertThrows(CudaException.class, Cudnn::create);
        assertEquals(CudnnStatus.NOT_INITIALIZED, refusal.status());
        String sentence = String.valueOf(refusal.getMessage());
        assertTrue(sentence.contains("CUDNN_STATUS_NOT_INITIALIZED"), sentence);
        assertTrue(sentence.contains("doctor"), sentence);
    }
}
