package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class KernelSourcesTest {
    private static final Path PAGE = Path.of("docs", "KERNELS.md");
    private static final Pattern KERNEL = Pattern.compile(
            "__global__ void (?:__launch_bounds__\\(.*?\\) )?" + "(?:KERNEL\\((?<typed>\\w+)\\)|(?<plain>\\w+))\\(");

    @Test
    void theJarHasThemAsTheyAre() throws IOException {
        for (Path file : sources()) {
            try (var resource = KernelSourcesTest.class.getResourceAsStream("/cuda-kernels/" + file.getFileName())) {
                assertTrue(resource != null, file + " is not among the resources");
                assertEquals(
                        Files.readString(file),
                        new String(resource.readAllBytes(), StandardCharsets.UTF_8),
                        file.toString());
            }
        }
    }

    @Test
    void thePageMeasuresEveryKernelAndNoOther() throws IOException {
        var expected = new TreeSet<String>();
        for (Path file : sources()) {
            KERNEL.matcher(Files.readString(file)).results().forEach(kernel -> {
                if (kernel.group("plain") != null) {
                    expected.add(kernel.group("plain"));
                } else {
                    expected.add(kernel.group("typed") + "_f32");
                    expected.add(kernel.group("typed") + "_bf16");
                }
            });
        }
        assertTrue(expected.contains("adamw") && expected.contains("softmax_loss_bf16"), expected.toString());
        var measured = new TreeSet<String>();
        Pattern.compile("(?m)^\\| `(\\w+)` \\|")
                .matcher(Files.readString(PAGE))
                .results()
                .forEach(row -> measured.add(row.group(1)));
        assertEquals(expected, measured, "make kernels-report writes " + PAGE);
    }

    @Test
    void nothingIsAddedUpInAnOrderThatChanges() throws IOException {
        for (Path file : sources()) {
            String text = Files.readString(file);
            assertTrue(!text.contains("atomicAdd"), file + " adds atomically");
        }
    }

    /// The software device cannot give a kernel such an array, only what that file asks it for.
    @Test
    void sharedMemoryOfALaunchIsTakenInOnePlace() throws IOException {
        for (Path file : sources()) {
            boolean isThePlace = file.endsWith("shared.cuh");
            assertEquals(isThePlace, Files.readString(file).contains("extern __shared__"), file.toString());
        }
    }

    private static List<Path> sources() throws IOException {
        try (var files = Files.list(Path.of("cuda-kernels"))) {
            return files.sorted().toList();
        }
    }
}
