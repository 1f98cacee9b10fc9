package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PlanTest {
    @TempDir
    private Path folder;

    private Object run(boolean quick, String part) throws Exception {
        return run(parts(quick), part);
    }

    private static Object run(List<Part> parts, String name) throws Exception {
        return parts.stream()
                .filter(part -> part.name().equals(name))
                .findFirst()
                .orElseThrow()
                .work()
                .call();
    }

    private List<Part> parts(boolean quick) throws Exception {
        Path jar = MadeUpProgram.jar(folder.resolve("mnist20k.jar"));
        return new Plan("digits", quick).parts(new Processes(folder, jar, folder.toString()));
    }

    private List<String> names(boolean quick) throws Exception {
        return parts(quick).stream().map(Part::name).toList();
    }

    @Test
    void whatIsWorthMoreComesFirst() throws Exception {
        assertEquals(
                List.of(
                        "doctor",
                        "tests",
                        "training",
                        "same bits",
                        "warm",
                        "training by cuDNN",
                        "same bits by cuDNN",
                        "warm by cuDNN",
                        "sanitizer",
                        "peers",
                        "batches",
                        "floor",
                        "step",
                        "step by cuDNN",
                        "launches",
                        "ncu"),
                names(false));
        assertEquals(
                names(false).stream().filter(name -> !name.endsWith("by cuDNN")).toList(), names(true));
    }

    @Test
    void everyMeasurementHasAProcess() throws Exception {
        assertEquals("{\"devices\":2}", String.valueOf(run(true, "doctor")));
        run(true, "warm");
        run(false, "step by cuDNN");
        assertEquals(
                List.of(
                        "doctor --json",
                        "gpu-check --measure warm --data digits --quick",
                        "gpu-check --measure step by cuDNN --data digits"),
                MadeUpProgram.asked(folder));
    }

    @Test
    void aQuickTrainingHasToReachNothing() throws Exception {
        var measured = assertInstanceOf(Map.class, run(true, "training"));
        assertEquals("0.9939", String.valueOf(measured.get("finalAccuracy")));
        assertEquals(
                List.of("train --device cuda --json --quiet --set=engine.kernels=fused --out ./training-fused"
                        + " --data digits --limit 512 --epochs 2"),
                MadeUpProgram.asked(folder));
    }

    @Test
    void aWholeTrainingHasToReachWhatIsRequired() throws Exception {
        Part.Failed failed = assertThrows(Part.Failed.class, () -> run(false, "training by cuDNN"));
        assertEquals("the accuracy is 0.9939, below the required 0.994", failed.getMessage());
        assertEquals(
                List.of("train --device cuda --json --quiet --set=engine.kernels=cudnn --out ./training-cudnn"
                        + " --data digits"),
                MadeUpProgram.asked(folder));
    }

    @Test
    void theSameBitsAreThoseOfTwoTrainings() throws Exception {
        assertEquals(Map.of("equal", true), run(false, "same bits"));
        String train = "train --device cuda --json --quiet --set=engine.kernels=fused --out ";
        assertEquals(
                List.of(train + "./bits-1-fused --data digits", train + "./bits-2-fused --data digits"),
                MadeUpProgram.asked(folder));
    }

    @Test
    void oneByteThatDiffersIsSaid() throws Exception {
        Files.createFile(folder.resolve(MadeUpProgram.UNSTEADY));
        Part.Failed failed = assertThrows(Part.Failed.class, () -> run(true, "same bits"));
        int differs = "weights of bits-".length();
        assertEquals(
                "two trainings with the same seed gave models that differ from byte " + differs + " on",
                failed.getMessage());
        assertEquals(Map.of("equal", false, "firstDifference", (long) differs), failed.measured());
    }

    @Test
    void theFirstEpochOfABatchIsNoSpeed() throws Exception {
        List<Part> parts = parts(true);
        assertEquals(
                Map.of("images/s in batches of 64", 200.0, "images/s in batches of 128", 200.0), run(parts, "batches"));
        var floor = assertInstanceOf(Map.class, run(parts, "floor"));
        assertTrue(floor.containsKey("times the floor: batches of 128"), floor.toString());
        String train = "train --device cuda --json --quiet --set=engine.kernels=fused --out ";
        assertEquals(
                List.of(
                        train + "./batch-64 --data digits --limit 512 --epochs 2 --batch 64",
                        train + "./batch-128 --data digits --limit 512 --epochs 2 --batch 128",
                        "gpu-check --measure floor --data digits --quick"),
                MadeUpProgram.asked(folder));
    }

    @Test
    void aBatchThatFailsStopsNoOther() throws Exception {
        Files.createFile(folder.resolve(MadeUpProgram.CRAMPED));
        Part.Failed failed = assertThrows(Part.Failed.class, () -> run(true, "batches"));
        var measured = assertInstanceOf(Map.class, failed.measured());
        String why = String.valueOf(measured.get("images/s in batches of 64"));
        assertTrue(why.startsWith("not measured: ") && why.endsWith("no room for 64"), why);
        assertEquals(200.0, measured.get("images/s in batches of 128"));
    }

    @Test
    void whatIsProfiledIsATrainingAtItsOwnRates() throws Exception {
        Path ncu = folder.resolve("ncu");
        MadeUpTool.write(ncu, "echo '\"unit_forward\",\"gpu__time_duration.sum\",\"us\",\"7.1\"'\n");
        assertEquals(Map.of("profile", "ncu.out", "kernels", 1L), run(true, "ncu"));
        String asked = MadeUpTool.asked(ncu).getFirst();
        assertTrue(
                asked.startsWith("--csv --metrics=gpu__time_duration.sum --clock-control=none --cache-control=none"
                        + " --launch-skip=500 --launch-count=500 "),
                asked);
        assertTrue(
                asked.endsWith(" -jar ./mnist20k.jar train --device cuda --epochs 1 --limit 5120 --quiet"
                        + " --set=engine.kernels=fused --out ./ncu --data digits"),
                asked);
    }

    /// 1.5 s of which are no training.
    private static JsonNode answer(double accuracy) {
        return JsonMapper.shared()
                .valueToTree(Map.of("finalAccuracy", accuracy, "trainSeconds", 10.0, "totalSeconds", 11.5));
    }

    private static List<JsonNode> epochs(double... accuracies) {
        return List.<JsonNode>of(
                epoch(1, 2.0, accuracies[0]), epoch(2, 0.5, accuracies[1]), epoch(3, 0.25, accuracies[2]));
    }

    private static JsonNode epoch(int number, double seconds, double accuracy) {
        return JsonMapper.shared()
                .valueToTree(Map.of("epoch", number, "seconds", seconds, "validationAccuracy", accuracy));
    }

    @Test
    void theTimeToWhatIsRequiredCountsWhatIsNoTraining() {
        Map<String, Object> measured = Plan.judged(answer(0.994), epochs(0.9, 0.994, 0.996), Plan.REQUIRED);
        assertEquals(1.5 + 2.0 + 0.5, measured.get("secondsTo994Cold"));
        assertEquals("2", String.valueOf(measured.get("epochsTo994")));
    }

    @Test
    void aTrainingThatFallsShortHasFailed() {
        Part.Failed failed = assertThrows(
                Part.Failed.class, () -> Plan.judged(answer(0.9939), epochs(0.9, 0.99, 0.9939), Plan.REQUIRED));
        assertEquals("the accuracy is 0.9939, below the required 0.994", failed.getMessage());
        Map<?, ?> kept = (Map<?, ?>) failed.measured();
        assertEquals("0.9939", String.valueOf(kept.get("finalAccuracy")));
        assertFalse(kept.containsKey("secondsTo994Cold"), "a time to what was never reached");
        assertTrue(Plan.judged(answer(0.1), epochs(0.1, 0.1, 0.1), 0).containsKey("finalAccuracy"));
    }

    @Test
    void onlyKernelsThatWereProfiledAreAProfile() {
        String row = "\"1\",\"unit_forward\",\"gpu__time_duration.sum\",\"us\",\"7.1\"\n";
        assertEquals(Map.of("profile", "ncu.out", "kernels", 2L), Plan.profiled(ended(0, row + row)));
        assertThrows(Part.Failed.class, () -> Plan.profiled(ended(1, row)));
        Part.Failed nothing = assertThrows(Part.Failed.class, () -> Plan.profiled(ended(0, "==WARNING== No kernels")));
        assertEquals("ncu profiled 0 kernels and ended with 0: ==WARNING== No kernels", nothing.getMessage());
        Part.Skipped refused = assertThrows(
                Part.Skipped.class, () -> Plan.profiled(ended(1, "==ERROR== ERR_NVGPUCTRPERM - The user does not")));
        assertEquals(
                "the driver lets only administrators profile; run as root, or load its module with"
                        + " NVreg_RestrictProfilingToAdminUsers=0",
                refused.getMessage());
    }

    private static Processes.Ended ended(int exitCode, String output) {
        return new Processes.Ended(exitCode, output, "");
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetweenTwo() {
        assertEquals(3, Plan.median(new double[] {9, 1, 3}));
        assertEquals(4, Plan.median(new double[] {9, 1, 3, 5}));
    }
}
