package io.mnist20k.cuda;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.cuda.FunctionTable.Function;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.invoke.WrongMethodTypeException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class FunctionTableTest {
    private static final Pattern PROTOTYPE = Pattern.compile("(.*?[ *])(\\w+)\\((.*)\\)");

    /// Enumerations and other types of four bytes.
    private static final Set<String> INTS = Set.of(
            "int",
            "unsigned int",
            "CUresult",
            "CUdevice",
            "CUdevice_attribute",
            "CUfunction_attribute",
            "CUstreamCaptureMode",
            "cudnnStatus_t",
            "cudnnTensorFormat_t",
            "cudnnDataType_t",
            "cudnnConvolutionMode_t",
            "cudnnMathType_t",
            "cudnnConvolutionFwdAlgo_t",
            "cudnnConvolutionBwdDataAlgo_t",
            "cudnnConvolutionBwdFilterAlgo_t",
            "cudnnBatchNormMode_t",
            "cudnnPoolingMode_t",
            "cudnnNanPropagation_t",
            "cublasStatus_t",
            "cublasMath_t",
            "cublasAtomicsMode_t",
            "cublasOperation_t",
            "cublasComputeType_t",
            "cublasGemmAlgo_t",
            "cudaDataType",
            "nvrtcResult");

    /// Integers of eight bytes, and handles, which are pointers.
    private static final Set<String> LONGS = Set.of(
            "size_t",
            "unsigned long long",
            "CUdeviceptr",
            "CUcontext",
            "CUstream",
            "CUevent",
            "CUmodule",
            "CUfunction",
            "CUgraph",
            "CUgraphExec",
            "cudaStream_t",
            "cudnnHandle_t",
            "cudnnTensorDescriptor_t",
            "cudnnFilterDescriptor_t",
            "cudnnConvolutionDescriptor_t",
            "cudnnPoolingDescriptor_t",
            "cublasHandle_t",
            "nvrtcProgram");

    static Stream<Function> functions() {
        return Stream.concat(
                        Stream.of(CudaDriver.FUNCTIONS, Cublas.FUNCTIONS, Nvrtc.FUNCTIONS), Cudnn.tables().stream())
                .flatMap(table -> table.functions().stream());
    }

    @ParameterizedTest
    @MethodSource("functions")
    void signatureIsThatOfTheHeader(Function function) {
        String prototype = prototypes().get(function.name());
        assertTrue(prototype != null, function.name() + " is bound and has no prototype");
        // Pointers and 64-bit integers are passed alike; which of them Java sees is its own affair.
        assertEquals(
                letters(prototype),
                function.returns() + ":" + function.parameters().replace('P', 'J'),
                prototype);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void hostPointersAreHostPointers(Function function) {
        Matcher prototype =
                PROTOTYPE.matcher(Objects.requireNonNull(prototypes().get(function.name())));
        assertTrue(prototype.matches());
        List<String> parameters = parameters(prototype);
        for (int index = 0; index < function.parameters().length(); index++) {
            String name = parameters.get(index).replaceFirst(".*[ *]", "");
            if (name.startsWith("alpha")
                    || name.startsWith("beta")
                    || parameters.get(index).contains("**")) {
                assertEquals(
                        'P', function.parameters().charAt(index), parameters.get(index) + " of " + function.name());
            }
        }
    }

    @Test
    void everyPrototypeIsBoundOnce() {
        List<String> bound = functions().map(Function::name).toList();
        assertEquals(prototypes().keySet(), new TreeSet<>(bound));
        assertEquals(bound.size(), Set.copyOf(bound).size());
    }

    @Test
    void missingLibraryIsSaidWhenTheFunctionIsCalled() {
        FunctionTable table = new FunctionTable(Library.NVRTC, () -> {
            throw new UserError("there is none");
        });
        MethodHandle handle = table.bind("anything", "JIP");
        assertEquals(MethodType.methodType(int.class, long.class, int.class, MemorySegment.class), handle.type());
        UserError first = assertThrows(UserError.class, () -> callInit(table));
        UserError second = assertThrows(UserError.class, table::requireComplete);
        assertEquals("there is none", first.getMessage());
        assertEquals("there is none", second.getMessage());
        assertNotSame(first, second);
        assertFalse(table.has("anything"));
    }

    @Test
    void missingFunctionsAreAllNamed() {
        FunctionTable table = new FunctionTable(Library.CUBLAS, FunctionTableTest::libc);
        table.bind("abs", "I");
        table.bind("noSuchFunction", "I");
        table.bind("noOtherFunction", "I");
        table.bindIfPresent("notNeeded", "I");
        String sentence = assertThrows(UserError.class, table::requireComplete).getMessage();
        assertTrue(sentence.contains("noSuchFunction, noOtherFunction"), sentence);
        assertTrue(sentence.contains("cuBLAS"), sentence);
        assertFalse(sentence.contains("abs") || sentence.contains("notNeeded"), sentence);
    }

    @Test
    void fallbackIsTakenWhereTheFirstNameIsMissing() throws Throwable {
        FunctionTable table = new FunctionTable(Library.DRIVER, FunctionTableTest::libc);
        MethodHandle handle = table.bind("abs_v2", "abs", "I");
        assertEquals(7, (int) handle.invokeExact(-7));
        table.requireComplete();
    }

    @Test
    void callThatDoesNotFitItsBindingIsRefused() {
        FunctionTable table = new FunctionTable(Library.DRIVER, FunctionTableTest::libc);
        MethodHandle handle = table.bind("abs", "I");
        assertThrows(WrongMethodTypeException.class, () -> FunctionTable.status(() -> (int) handle.invokeExact(7L)));
    }

    private static void callInit(FunctionTable table) {
        MethodHandle handle = table.bind("init", "I");
        FunctionTable.status(() -> (int) handle.invokeExact(0));
    }

    private static SymbolLookup libc() {
        return Linker.nativeLinker().defaultLookup();
    }

    private static Map<String, String> prototypes() {
        Map<String, String> prototypes = new TreeMap<>();
        for (String line : resource().lines().toList()) {
            Matcher prototype = PROTOTYPE.matcher(line);
            if (!line.startsWith("#") && prototype.matches()) {
                prototypes.put(prototype.group(2), line);
            }
        }
        return prototypes;
    }

    private static String resource() {
        try (InputStream stream =
                Objects.requireNonNull(FunctionTableTest.class.getResourceAsStream("prototypes.txt"))) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    /// Letter of the returned type, colon, letters of the parameters.
    private static String letters(String line) {
        Matcher prototype = PROTOTYPE.matcher(line);
        assertTrue(prototype.matches(), line);
        String returned = prototype.group(1).strip();
        char returns = returned.equals("const char *") ? 'P' : letter(returned);
        return parameters(prototype).stream()
                .map(parameter -> String.valueOf(letter(parameter.replaceFirst("\\w+$", ""))))
                .collect(joining("", returns + ":", ""));
    }

    private static List<String> parameters(Matcher prototype) {
        return prototype.group(3).equals("void")
                ? List.of()
                : Pattern.compile(", ").splitAsStream(prototype.group(3)).toList();
    }

    private static char letter(String type) {
        String bare = type.replace("const ", "").strip();
        if (bare.endsWith("*") || LONGS.contains(bare)) {
            return 'J';
        }
        if (INTS.contains(bare)) {
            return 'I';
        }
        return switch (bare) {
            case "void" -> 'V';
            case "unsigned char" -> 'B';
            case "float" -> 'F';
            case "double" -> 'D';
            default -> throw new AssertionError("what is a " + bare + "?");
        };
    }
}
