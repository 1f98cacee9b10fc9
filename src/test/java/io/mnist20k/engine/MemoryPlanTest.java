package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class MemoryPlanTest {
    static final int END = 20;

    @Property
    void whatLivesAtOneTimeSharesNoByte(
            @ForAll @Size(max = 30) List<@IntRange(max = 100_000) Integer> sizes,
            @ForAll @Size(min = 30, max = 30) List<@IntRange(max = END) Integer> from,
            @ForAll @Size(min = 30, max = 30) List<@IntRange(max = END) Integer> to) {
        var plan = new MemoryPlan(END);
        var regions = new ArrayList<Region>();
        for (int i = 0; i < sizes.size(); i++) {
            Region region = plan.passing(sizes.get(i));
            region.touch(from.get(i));
            region.touch(to.get(i));
            regions.add(region);
        }
        plan.layOut();
        for (Region a : regions) {
            assertEquals(0, a.offset() % 256, "alignment");
            assertTrue(a.offset() + a.bytes() <= plan.bytes());
            for (Region b : regions) {
                boolean apart = a.offset() + a.bytes() <= b.offset() || b.offset() + b.bytes() <= a.offset();
                assertTrue(a == b || apart || !a.livesBeside(b) || a.bytes() == 0 || b.bytes() == 0);
            }
        }
    }

    @Test
    void whatNeverMeetsTakesTheSamePlace() {
        var plan = new MemoryPlan(END);
        Region early = plan.passing(1000);
        Region late = plan.passing(700);
        Region both = plan.lasting(10);
        early.touch(0);
        early.touch(3);
        late.touch(4);
        plan.layOut();
        assertEquals(early.offset(), late.offset());
        assertTrue(both.offset() >= 1000);
        assertEquals(1024 + 10, plan.bytes());
    }

    @Test
    void whatNobodyAsksForHasNoPlace() {
        var plan = new MemoryPlan(END);
        Region unwanted = plan.passing(1000);
        plan.layOut();
        assertThrows(IllegalStateException.class, unwanted::offset);
        assertTrue(plan.bytes() < 1000);
    }
}
