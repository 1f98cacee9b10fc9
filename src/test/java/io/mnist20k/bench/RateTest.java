package io.mnist20k.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RateTest {
    @Test
    void theMedianIsTheMiddleOne() {
        assertEquals(3, new Rate(List.of(7.0, 1.0, 3.0), 1).median());
        assertEquals(2, new Rate(List.of(7.0, 1.0, 3.0, 1.0), 1).median());
        assertEquals(5, new Rate(List.of(5.0), 1).median());
    }

    @Test
    void leastAndMostAreThose() {
        var rate = new Rate(List.of(4.0, 9.0, 2.0), 1);
        assertEquals(2, rate.least());
        assertEquals(9, rate.most());
    }

    @Test
    void aMultiplyAddIsTwoOperations() {
        assertEquals(60, new Rate(List.of(3.0), 10).nominalFlops());
    }
}
