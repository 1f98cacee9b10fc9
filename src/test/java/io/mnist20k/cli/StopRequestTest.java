package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StopRequestTest {
    private final StringWriter err = new StringWriter();
    private final List<Integer> ends = new ArrayList<>();
    private long now = -7;

    private StopRequest request() {
        return new StopRequest(new PrintWriter(err), () -> now, ends::add);
    }

    private void pass(long millis) {
        now += Duration.ofMillis(millis).toNanos();
    }

    /// As `timeout` sends it, to a program and to its group.
    @Test
    void theSameSignalTwiceAtOnceIsOneRequest() {
        try (var stop = request()) {
            assertFalse(stop.getAsBoolean());
            stop.received("TERM");
            stop.received("TERM");
            pass(999);
            stop.received("TERM");
            assertTrue(stop.getAsBoolean());
            assertEquals(List.of(), ends);
            assertEquals(143, stop.exitCode());
            assertEquals(1, err.toString().lines().count(), err.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"HUP, 129", "INT, 130", "TERM, 143"})
    void theSameSignalLaterEndsTheProcess(String signal, int exitCode) {
        try (var stop = request()) {
            stop.received(signal);
            assertEquals(exitCode, stop.exitCode());
            assertEquals("SIG" + signal, stop.toString());
            pass(1001);
            stop.received(signal);
            assertEquals(List.of(exitCode), ends);
        }
    }

    @Test
    void anotherSignalIsTheSameRequest() {
        try (var stop = request()) {
            stop.received("INT");
            pass(5000);
            stop.received("TERM");
            assertEquals(List.of(), ends);
            assertEquals("SIGINT", stop.toString());
        }
    }
}
