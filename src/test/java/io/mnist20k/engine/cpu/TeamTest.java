package io.mnist20k.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TeamTest {
    private static final int MEETINGS = 1000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void nobodyPassesAMeetingBeforeAllHaveArrived(int size) {
        var team = new Team(size);
        var steps = new int[size];
        var meetings = new AtomicInteger();
        team.run(worker -> {
            for (int i = 1; i <= MEETINGS; i++) {
                steps[worker] = i;
                int expected = i;
                team.meet(() -> {
                    for (int step : steps) {
                        assertEquals(expected, step);
                    }
                    meetings.incrementAndGet();
                });
                assertEquals(expected, meetings.get());
            }
        });
        assertEquals(MEETINGS, meetings.get());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, -1})
    void aFailureOfOneReachesTheCallerAndFreesTheOthers(int failing) {
        var team = new Team(3);
        var failure = new IllegalStateException("planted");
        var thrown = Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThrows(
                        IllegalStateException.class,
                        () -> team.run(worker -> {
                            if (worker == failing) {
                                throw failure;
                            }
                            team.meet(() -> {
                                throw failure; // reached only where all three arrive
                            });
                        })));
        assertSame(failure, thrown);
        team.run(worker -> team.meet(() -> {})); // and the team can be used again
    }
}
