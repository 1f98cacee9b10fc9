package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OwnerTest {
    private final List<String> closed = new ArrayList<>();

    @Test
    void lastOwnedIsClosedFirstAndOnlyOnce() {
        Owner owner = new Owner();
        owner.own(() -> closed.add("first"));
        owner.own(() -> closed.add("second"));
        owner.close();
        owner.close();
        assertEquals(List.of("second", "first"), closed);
    }

    @Test
    void failureOfOneDoesNotKeepTheOthers() {
        IllegalStateException first = new IllegalStateException("first");
        IllegalStateException second = new IllegalStateException("second");
        Owner owner = new Owner();
        owner.own(() -> closed.add("bottom"));
        owner.own(() -> {
            throw second;
        });
        owner.own(() -> closed.add("middle"));
        owner.own(() -> {
            throw first;
        });
        assertSame(first, assertThrows(IllegalStateException.class, owner::close));
        assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
        assertEquals(List.of("middle", "bottom"), closed);
    }

    @Test
    void reasonForClosingComesBeforeFailuresOfClosing() {
        IllegalStateException reason = new IllegalStateException("reason");
        IllegalStateException second = new IllegalStateException("second");
        Owner owner = new Owner();
        owner.own(() -> {
            throw second;
        });
        owner.closeAfter(reason);
        assertArrayEquals(new Throwable[] {second}, reason.getSuppressed());
    }

    @Test
    void objectThatIsClosedTwiceIsFreedOnce() {
        List<Long> freed = new ArrayList<>();
        Thing thing = new Thing(freed);
        assertEquals(1, NativeObject.live().get(Thing.KIND));
        thing.close();
        thing.close();
        assertEquals(List.of(42L), freed);
        assertNull(NativeObject.live().get(Thing.KIND));
        assertThrows(IllegalStateException.class, thing::handle);
    }

    @Test
    void failedFreeIsNotTriedAgain() {
        int[] tries = {0};
        NativeObject thing = new NativeObject(Thing.KIND, () -> 42, _ -> {
            tries[0]++;
            throw new IllegalStateException("no");
        }) {};
        assertThrows(IllegalStateException.class, thing::close);
        thing.close();
        assertEquals(1, tries[0]);
        assertNull(NativeObject.live().get(Thing.KIND));
    }

    @Test
    void objectWhoseConfigurationFailsIsFreed() {
        List<Long> freed = new ArrayList<>();
        IllegalArgumentException failure = new IllegalArgumentException("bad");
        Thing thing = new Thing(freed);
        assertSame(
                failure,
                assertThrows(
                        IllegalArgumentException.class,
                        () -> thing.configure(() -> {
                            throw failure;
                        })));
        assertEquals(List.of(42L), freed);
        assertEquals(Map.of(), without(NativeObject.live()));
    }

    private static Map<String, Integer> without(Map<String, Integer> live) {
        live.keySet().retainAll(List.of(Thing.KIND));
        return live;
    }

    private static final class Thing extends NativeObject {
        static final String KIND = "thing of a test";

        Thing(List<Long> freed) {
            super(KIND, () -> 42, freed::add);
        }
    }
}
