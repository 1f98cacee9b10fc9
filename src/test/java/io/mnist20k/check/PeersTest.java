package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class PeersTest {
    @TempDir
    private Path folder;

    private final Speeds speeds = new Speeds();
    private Peers peers = new Peers(new Processes(Path.of("none"), Path.of("none")), new Plan("", true), speeds);

    @BeforeEach
    void packAProgram() throws Exception {
        peers = new Peers(
                new Processes(folder, MadeUpProgram.jar(folder.resolve("mnist20k.jar")), folder.toString()),
                new Plan("digits", true),
                speeds);
    }

    /// Takes Python's place; the script itself has tests of its own.
    private void python(String script) throws Exception {
        Files.writeString(Files.createDirectories(folder.resolve("check")).resolve("pytorch_gpu.py"), "");
        MadeUpTool.write(folder.resolve("python3"), script);
    }

    @Test
    void bothLearnTheSameFromTheSameImages() throws Exception {
        python("""
                echo '{"version": "2.9"}'
                while read variant; do
                    echo $variant >> "$asked"
                    case $variant in
                        compile) echo '{"error": "no compiler"}' ;;
                        *) echo '{"imagesPerSecond": 70}' ;;
                    esac
                done
                """);
        var measured = assertInstanceOf(Map.class, peers.compare(1));
        assertEquals(
                List.of("./check/pytorch_gpu.py ./network.out digits", "eager", "compile", "graphs", "compile+graphs"),
                MadeUpTool.asked(folder.resolve("python3")));
        List<String> asked = MadeUpProgram.asked(folder);
        assertEquals(3, asked.size(), asked.toString());
        assertEquals("summary --json", asked.getFirst());
        assertUndistorted("fused", asked.get(1));
        assertUndistorted("cudnn", asked.get(2));
        assertEquals(350.0, measured.get("mnist20k images/s"), "the median of epochs 2 to 5");
        assertEquals(350.0, measured.get("mnist20k by cuDNN images/s"));
        assertEquals(5.0, measured.get("mnist20k / PyTorch graphs"));
        assertEquals("\"no compiler\"", String.valueOf(measured.get("PyTorch compile")));
        assertEquals("7 parameters", measured.get("network"));
        JsonNode ceilings = JsonMapper.shared().valueToTree(Map.of(Measurement.FLOPS, 1e12, Measurement.BYTES, 1e12));
        assertTrue(speeds.overFloor(ceilings).containsKey("times the floor: PyTorch compile+graphs, undistorted"));
    }

    private static void assertUndistorted(String kernels, String asked) {
        Recipe recipe = RecipeReader.read(
                "default",
                Stream.of(asked.split(" "))
                        .filter(word -> word.startsWith("--set="))
                        .map(word -> word.substring("--set=".length()))
                        .toList());
        assertEquals(Augmentation.NONE, recipe.augmentation());
        assertFalse(recipe.deskew());
        assertEquals(kernels, recipe.engine().kernels().type());
        String plain = asked.replaceAll(" --set=augmentation[^ ]+", "");
        assertEquals(
                "train --device cuda --json --quiet --set=engine.kernels=" + kernels + " --out ./peers-1-" + kernels
                        + " --data digits --limit 512 --epochs 5",
                plain);
    }

    @Test
    void aMachineWithoutPytorchIsTold() throws Exception {
        Part.Skipped without = assertThrows(Part.Skipped.class, () -> peers.compare(1));
        assertTrue(String.valueOf(without.getMessage()).contains("pytorch_gpu.py; make dist puts it there"));
        python("echo '{\"missing\": \"no PyTorch; install it\"}'");
        Part.Skipped skipped = assertThrows(Part.Skipped.class, () -> peers.compare(1));
        assertEquals("no PyTorch; install it", skipped.getMessage());
    }

    @Test
    void aPeerIsComparedByMedians() {
        var rounds = new LinkedHashMap<String, List<Double>>();
        rounds.put("mnist20k", List.of(900.0, 100.0, 600.0));
        rounds.put("PyTorch eager", List.of(200.0, 1.0, 300.0));
        assertEquals(3.0, Peers.table(rounds, new LinkedHashMap<>()).get("mnist20k / PyTorch eager"));
    }
}
