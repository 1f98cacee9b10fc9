package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// The packed program on a machine without NVIDIA's driver.
@Timeout(120)
final class NoNvidiaIT {
    private static JsonNode cuda = JsonNodeFactory.instance.objectNode();

    @TempDir
    private Path folder;

    @BeforeAll
    static void thereIsNoDriver() throws Exception {
        cuda = device(typed("doctor", "--json").succeeded().json(), "cuda");
        assumeTrue(cuda.get("missing").toString().contains("libcuda.so.1"), "this machine has NVIDIA's driver");
    }

    private static JsonNode device(JsonNode doctor, String name) {
        for (JsonNode device : doctor.get("devices")) {
            if (device.get("name").stringValue().equals(name)) {
                return device;
            }
        }
        throw new AssertionError("no " + name + " in " + doctor);
    }

    private String[] train(String device) {
        return new String[] {
            "train",
            "--device",
            device,
            "--data",
            TinySetup.data(folder).toString(),
            "--recipe",
            TinySetup.recipe(folder).toString(),
            "--out",
            folder.resolve("run").toString(),
            "--json"
        };
    }

    @Test
    void aNamedGpuIsRefusedInOneSentenceAndNothingIsLeft() throws Exception {
        Typed refused = typed(train("cuda")).failed(1, "--device cuda", "libcuda.so.1", "driver");
        assertTrue(refused.err().length() < 500, refused.err());
        assertFalse(Files.exists(folder.resolve("run")));
    }

    @Test
    void gpuCheckSaysWhatItNeedsAndLeavesNothing() throws Exception {
        Path out = folder.resolve("check");
        Typed refused = typed("gpu-check", "--out", out.toString()).failed(1, "NVIDIA GPU", "libcuda.so.1");
        assertEquals(
                1,
                refused.err()
                        .lines()
                        .filter(line -> line.startsWith("mnist20k:"))
                        .count(),
                refused.err());
        assertFalse(Files.exists(out));
    }

    @Test
    void autoTrainsOnTheCpu() throws Exception {
        Typed trained = typed(train("auto")).succeeded();
        assertEquals("cpu", trained.json().get("device").stringValue());
        assertTrue(Files.exists(folder.resolve("run/model.safetensors")));
    }

    @Test
    void doctorSaysWhatIsMissingWhereItLookedAndHowToGetIt() throws Exception {
        assertFalse(cuda.get("ready").booleanValue());
        assertEquals(1, cuda.get("missing").size(), cuda.toString());
        JsonNode findings = cuda.get("findings");
        assertTrue(findings.get("the NVIDIA driver").stringValue().contains("looked in"), findings.toString());
        Typed words = typed("doctor").succeeded();
        assertTrue(words.out().contains("libcuda.so.1"), words.out());
        assertTrue(words.out().contains("--device auto takes cpu"), words.out());
    }

    @Test
    void aFolderThatTheUserNamesIsLookedInFirst() throws Exception {
        Process process = start(List.of("doctor", "--json"), folder.toString());
        JsonNode named = device(ended(process).succeeded().json(), "cuda");
        String cudnn = named.get("findings").get("cuDNN 9").stringValue();
        assertTrue(cudnn.contains("looked in " + folder), cudnn);
    }

    private static Typed typed(String... args) throws Exception {
        return ended(start(List.of(args), ""));
    }

    private static Process start(List<String> args, String libraries) throws IOException {
        var command = new ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of("-jar", System.getProperty("mnist20k.jar")));
        command.addAll(args);
        var builder = new ProcessBuilder(command);
        builder.environment().put("MNIST20K_CUDA_LIBRARIES", libraries);
        return builder.start();
    }

    /// Reads both streams, which are short enough for their pipes.
    private static Typed ended(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Typed(process.waitFor(), out, err);
    }
}
