package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GpuTestsTest {
    @Test
    void countsAreReadFromTheSummaryOfTheLauncher() {
        String summary = """
                Test run finished after 64 ms
                [         2 containers found      ]
                [       376 tests found           ]
                [         1 tests skipped         ]
                [       375 tests started         ]
                [         0 tests aborted         ]
                [       374 tests successful      ]
                [         1 tests failed          ]
                """;
        assertEquals(
                Map.of("found", 376, "skipped", 1, "aborted", 0, "successful", 374, "failed", 1),
                GpuTests.counts(summary));
    }

    @Test
    void aSanitizerWithoutASummaryHasCountedNothing() {
        assertEquals(3, GpuTests.errors("========= ERROR SUMMARY: 3 errors"));
        assertEquals("not counted: it gave no summary", GpuTests.errors("========= COMPUTE-SANITIZER"));
    }
}
