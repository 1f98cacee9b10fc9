package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShardTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "-1/-1"})
    void whatIsNoShardIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Shard.parse(text));
    }

    @Test
    void shardsShareEverythingOnceAndEvenly() {
        List<Integer> all = List.of(0, 1, 2, 3, 4, 5, 6);
        assertEquals(List.of(0, 3, 6), Shard.parse("1/3").of(all));
        assertEquals(List.of(1, 4), Shard.parse("2/3").of(all));
        assertEquals(List.of(2, 5), Shard.parse("3/3").of(all));
        assertEquals(all, Shard.ALL.of(all));
    }
}
