package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// NVIDIA's own NVRTC compiling our kernels, which takes neither driver nor GPU.
@Tag("real-libraries")
final class RealNvrtcTest {
    private static final Path FOLDER = Path.of("cuda-kernels");
    private static final String MAIN = "mnist20k.cu";
    private static final Pattern KERNEL =
            Pattern.compile("__global__ void (?:__launch_bounds__\\([^)]*\\) )?(KERNEL\\((\\w+)\\)|\\w+)\\(");
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

    private static Map<String, String> headers = Map.of();

    @BeforeAll
    static void readTheKernels() throws IOException {
        var texts = new TreeMap<String, String>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".cuh")).toList()) {
                texts.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        headers = texts;
    }

    @AfterEach
    void everyProgramIsClosed() {
        assertEquals(Map.of(), NativeObject.live());
    }

    private static KernelSources sources(String main) {
        return new KernelSources(MAIN, main, headers);
    }

    private static KernelSources allKernels() throws IOException {
        return sources(Files.readString(FOLDER.resolve(MAIN)));
    }

    static List<Integer> architectures() {
        return Nvrtc.supportedArchitectures();
    }

    @Test
    void everyFunctionThatWeBindIsThere() {
        assertEquals(
                List.of(),
                Nvrtc.FUNCTIONS.functions().stream()
                        .filter(function -> !function.found())
                        .map(FunctionTable.Function::name)
                        .toList());
    }

    @Test
    void itKnowsTheGpusThatWeCompileFor() {
        assertTrue(
                architectures().containsAll(List.of(75, 80, 86, 89, 90)),
                architectures().toString());
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void allKernelsCompileTo(int architecture) throws IOException {
        byte[] image = allKernels().compile(architecture, true);
        assertArrayEquals(ELF, Arrays.copyOf(image, ELF.length));
        String text = new String(image, StandardCharsets.ISO_8859_1);
        List<String> kernels = kernels();
        assertTrue(kernels.size() > 20, () -> "only " + kernels + " were recognised in the sources");
        kernels.forEach(kernel -> assertTrue(text.contains(kernel + "\0"), () -> "no " + kernel + " in the image"));
    }

    /// The names of all kernels, those in files that are read once a type with both suffixes.
    private static List<String> kernels() {
        return headers.values().stream()
                .flatMap(text -> KERNEL.matcher(text).results())
                .flatMap(match -> match.group(2) == null
                        ? Stream.of(match.group(1))
                        : Stream.of(match.group(2) + "_f32", match.group(2) + "_bf16"))
                .toList();
    }

    @Test
    void ptxForANewerGpuIsTextThatEndsInAZero() throws IOException {
        byte[] ptx = allKernels().compile(75, false);
        assertEquals(0, ptx[ptx.length - 1]);
        assertTrue(new String(ptx, StandardCharsets.UTF_8).contains(".target sm_75"));
    }

    @Test
    void whatItRefusesIsSaidWithItsLog() {
        UserError refusal = assertThrows(
                UserError.class,
                () -> sources("extern \"C\" __global__ void f() { undeclared = 1; }")
                        .compile(75, true));
        assertTrue(refusal.getMessage().contains("undeclared"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("mnist20k.cu(1)"), refusal.getMessage());
    }

    @Test
    void anOptionThatItDoesNotKnowIsNamed() {
        CudaException refusal =
                assertThrows(CudaException.class, () -> sources("int x;").compile(1, true));
        assertTrue(String.valueOf(refusal.getMessage()).contains("NVRTC_ERROR_INVALID_OPTION"), refusal.getMessage());
        assertTrue(String.valueOf(refusal.getMessage()).contains("sm_1"), refusal.getMessage());
    }
}
