package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.mnist20k.cuda.FunctionTable.Function;
import java.io.IOException;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Functions, constants and structures as we have them, against the classes that others generated from NVIDIA's
/// headers of CUDA 13.3 and cuDNN 9.25.
final class GeneratedHeaderTest {
    private static final GeneratedHeader DRIVER = GeneratedHeader.of("cudart");
    private static final GeneratedHeader CUDNN = GeneratedHeader.of("cudnn");
    private static final GeneratedHeader CUBLAS = GeneratedHeader.of("cublas");
    private static final GeneratedHeader NVRTC = GeneratedHeader.of("nvrtc");

    /// Functions that the classes have under another name, with the reason.
    private static final Map<String, String> OTHER_NAMES = Map.of(
            // cuda.h makes one a macro for the other since CUDA 12, and the parser met the macro's name.
            "cuGraphInstantiateWithFlags", "cuGraphInstantiate");

    private static Stream<Arguments> functions() {
        return Stream.of(
                        Map.entry(DRIVER, List.of(CudaDriver.FUNCTIONS)),
                        Map.entry(CUDNN, Cudnn.tables()),
                        Map.entry(CUBLAS, List.of(Cublas.FUNCTIONS)),
                        Map.entry(NVRTC, List.of(Nvrtc.FUNCTIONS)))
                .flatMap(library -> library.getValue().stream()
                        .flatMap(table -> table.functions().stream())
                        .map(function -> arguments(function.name(), function, library.getKey())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("functions")
    void theFunctionHasTheseParameters(String name, Function function, GeneratedHeader header) {
        List<String> theirs = theirs(name, header);
        assertTrue(!theirs.isEmpty(), () -> "no " + name + " in the header");
        String ours = function.returns() + ":" + function.parameters();
        assertTrue(
                theirs.stream().anyMatch(signature -> agree(ours, signature)),
                () -> name + " is bound as " + ours + ", and the header says " + theirs);
    }

    /// The classes have the driver's functions as C code writes them; cuda.h appends a version by macro.
    private static List<String> theirs(String name, GeneratedHeader header) {
        List<String> exact = header.signatures(OTHER_NAMES.getOrDefault(name, name));
        return exact.isEmpty() && header == DRIVER ? header.signatures(name.replaceFirst("_v2$", "")) : exact;
    }

    private static boolean agree(String ours, String theirs) {
        if (ours.length() != theirs.length()) {
            return false;
        }
        for (int i = 0; i < ours.length(); i++) {
            boolean eitherSide = theirs.charAt(i) == '*' && (ours.charAt(i) == 'P' || ours.charAt(i) == 'J');
            if (!eitherSide && ours.charAt(i) != theirs.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    @ParameterizedTest
    @ValueSource(strings = {"J:PJ", "I:PI", "I:P", "I:JJ", "I:PJJ"})
    void aWrongSignatureIsFound(String wrong) {
        assertTrue(DRIVER.signatures("cuMemAlloc").stream().anyMatch(theirs -> agree("I:PJ", theirs)));
        assertTrue(DRIVER.signatures("cuMemAlloc").stream().noneMatch(theirs -> agree(wrong, theirs)), wrong);
    }

    /// javac inlines the constants of JCuda, so only the sources tell which we use.
    private static Stream<Arguments> constantsOfJcuda() throws IOException {
        var used = new TreeMap<String, String>();
        for (Path source : sources()) {
            String text = Files.readString(source);
            for (String owner : matches(text, "^import jcuda\\.([\\w.]+);").toList()) {
                String type = owner.substring(owner.lastIndexOf('.') + 1);
                matches(text, "\\b" + type + "\\.(\\w+)\\b").forEach(name -> used.put(name, "jcuda." + owner));
            }
        }
        return used.entrySet().stream().map(entry -> arguments(entry.getKey(), entry.getValue()));
    }

    /// All but those of the room that measures JCuda itself, beside us.
    private static List<Path> sources() throws IOException {
        Path main = Path.of("src/main/java/io/mnist20k");
        try (Stream<Path> all = Files.walk(main)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(main.resolve("check")))
                    .toList();
        }
    }

    private static Stream<String> matches(String text, String pattern) {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("constantsOfJcuda")
    void theConstantOfJcudaHasTodaysValue(String name, String owner) throws ReflectiveOperationException {
        int ours = Class.forName(owner).getField(name).getInt(null);
        assertEquals(OptionalLong.of(ours), constant(name), name);
    }

    /// No other constant of JCuda's is used, however it is imported.
    @Test
    void jcudaIsImportedClassByClass() throws IOException {
        for (Path source : sources()) {
            String text = Files.readString(source);
            assertEquals(
                    matches(text, "\\b(jcuda\\.)").count(),
                    matches(text, "^import (jcuda\\.[\\w.]*\\w);").count(),
                    source + " names jcuda otherwise than in plain imports");
            assertEquals(0, matches(text, "(cudnnStatus\\.)").count(), source + " uses statuses of cuDNN 8");
        }
    }

    private static Stream<Arguments> constantsOfOurOwn() {
        return Stream.of(
                        Map.entry(CudnnStatus.class, "CUDNN_STATUS_"),
                        Map.entry(DriverRemedy.class, ""),
                        Map.entry(LaunchConfig.class, "CU_LAUNCH_ATTRIBUTE_"),
                        Map.entry(Nvrtc.class, "NVRTC_ERROR_"))
                .flatMap(owner -> Arrays.stream(owner.getKey().getDeclaredFields())
                        .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == int.class)
                        .map(field -> arguments(headerName(owner.getValue(), field.getName()), field)));
    }

    private static String headerName(String prefix, String name) {
        return prefix.equals("NVRTC_ERROR_") && name.equals("SUCCESS") ? "NVRTC_SUCCESS" : prefix + name;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("constantsOfOurOwn")
    void ourOwnConstantHasTodaysValue(String name, Field ours) throws ReflectiveOperationException {
        ours.setAccessible(true);
        assertEquals(OptionalLong.of(ours.getInt(null)), constant(name), name);
    }

    @Test
    void theMajorVersionOfCudnnIsTheOneWeCall() throws ReflectiveOperationException {
        Field major = Cudnn.class.getDeclaredField("MAJOR");
        major.setAccessible(true);
        assertEquals(OptionalLong.of(major.getInt(null)), constant("CUDNN_MAJOR"));
    }

    private static OptionalLong constant(String name) {
        return Stream.of(DRIVER, CUDNN, CUBLAS, NVRTC)
                .map(header -> header.constant(name))
                .filter(OptionalLong::isPresent)
                .findFirst()
                .orElse(OptionalLong.empty());
    }

    /// The members and their types are those of the header; where each lies follows from the rules of the
    /// platform's C, as natives would be needed to ask. The length of the last member, an array, is not in the
    /// classes: `cudnn_cnn.h` says `int reserved[3]`.
    @ParameterizedTest
    @ValueSource(strings = {"Fwd", "BwdData", "BwdFilter"})
    void theResultsOfASearchForAlgorithmsLieWhereCPutsThem(String pass) {
        Map<String, Class<?>> members = GeneratedHeader.structure("cudnn.cudnnConvolution" + pass + "AlgoPerf_t");
        assertEquals(
                List.of("algo", "status", "time", "memory", "determinism", "mathType", "reserved"),
                List.copyOf(members.keySet()));
        long offset = 0;
        for (Map.Entry<String, Class<?>> member : members.entrySet()) {
            int bytes = member.getValue() == long.class ? Long.BYTES : Integer.BYTES;
            offset = align(offset, bytes);
            var ours = PathElement.groupElement(member.getKey());
            assertEquals(offset, CudnnAlgorithms.PERFORMANCE.byteOffset(ours), member.getKey());
            int elements = member.getKey().equals("reserved") ? 3 : 1;
            assertEquals(
                    (long) bytes * elements,
                    CudnnAlgorithms.PERFORMANCE.select(ours).byteSize(),
                    member.getKey());
            offset += (long) bytes * elements;
        }
        assertEquals(align(offset, Long.BYTES), CudnnAlgorithms.PERFORMANCE.byteSize());
    }

    private static long align(long offset, int bytes) {
        return (offset + bytes - 1) / bytes * bytes;
    }
}
