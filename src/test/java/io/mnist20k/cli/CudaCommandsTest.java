package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.OnSoftwareDevice;
import io.mnist20k.cuda.SoftwareDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The commands as a person sees them where there is the software CUDA device.
@OnSoftwareDevice
final class CudaCommandsTest {
    private static final String NAME = "mnist20k software CUDA device";

    @TempDir
    private Path folder;

    @AfterEach
    void forgetFailures() {
        SoftwareDevice.reset();
    }

    @Test
    void doctorCallsTheSoftwareDeviceByItsName() {
        String page = Typed.in("doctor").succeeded().out();
        assertTrue(page.contains("ready: " + NAME), page);
        assertTrue(page.contains("only if named"), page);
        JsonNode answer = Typed.in("doctor", "--json").succeeded().json();
        assertFalse(answer.get("auto").stringValue().equals("cuda"), answer.toString());
    }

    @Test
    void aRunOnCudaSaysSoAndCanBeEvaluatedThere() {
        Path run = folder.resolve("run");
        JsonNode answer = Typed.in(trainOnCuda(run, "--json")).succeeded().json();
        assertEquals("cuda", answer.get("device").stringValue());
        assertEquals(NAME, answer.get("deviceName").stringValue());
        Typed.in(
                        "evaluate",
                        run.resolve("model.safetensors").toString(),
                        "--device",
                        "cuda",
                        "--data",
                        TinySetup.data(folder).toString())
                .succeeded();
    }

    @Test
    void aFailureOfTheDeviceIsOneSentence() {
        Path run = folder.resolve("run");
        SoftwareDevice.fail("cuGraphLaunch", 2, 719);
        Typed.in(trainOnCuda(run, "--quiet")).failed(1, "cuGraphLaunch", "719");
    }

    @Test
    void whatCouldNotBeCapturedIsToldInTheLog() throws IOException {
        Path run = folder.resolve("run");
        SoftwareDevice.fail("cuGraphInstantiateWithFlags", 1, 801);
        Typed.in(trainOnCuda(run, "--quiet")).succeeded();
        String log = Files.readString(run.resolve("log.txt"));
        assertTrue(log.contains("launched piece by piece, since cuGraphInstantiateWithFlags"), log);
    }

    private String[] trainOnCuda(Path run, String more) {
        String[] arguments = Typed.train(folder, run, more);
        Arrays.asList(arguments).replaceAll(word -> word.equals("reference") ? "cuda" : word);
        return arguments;
    }
}
