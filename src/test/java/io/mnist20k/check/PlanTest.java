package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PlanTest {
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
        assertEquals("the accuracy is 0.9939 and has to be 0.994", failed.getMessage());
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
                "the driver lets administrators alone profile; run as root, or load its module with"
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
