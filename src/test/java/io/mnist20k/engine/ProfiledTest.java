package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.cpu.CpuProvider;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Stage;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Where the CPU engine says its time goes.
@ExtendWith(SeedReport.class)
final class ProfiledTest {
    private static final long SEED = SeedReport.SEED;
    private static final int THREADS = 2;
    private static final StepObserver ON = (_, _, _) -> true;

    static List<ContractCase> cases() {
        return ContractCase.all(SEED);
    }

    /// With blocks for both threads, however wide the vectors are.
    private static ContractCase large() {
        return cases().stream()
                .filter(test -> test.training().batch() == 128 && test.images() > 128)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void lookingAtTheClockChangesNoBit() {
        ContractCase test = large();
        ReferenceRun run = ReferenceRun.of(test, SEED);
        try (Session plain = open(test);
                Session watched = open(test)) {
            plain.train(run.dataset(), run.epoch(), ON);
            profile(watched, run);
            SameBits.check(plain.state(), watched.state());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void allLayersHaveTheirWork(ContractCase test) {
        Set<String> expected = test.network().stages().stream()
                .filter(stage -> !(stage.layer() instanceof Layer.Softmax))
                .map(Stage::name)
                .collect(Collectors.toSet());
        List<Work> all = profile(test).stream().map(Profiled.Time::work).toList();

        assertEquals(expected, layersOf(all, EnumSet.of(Pass.FORWARD)));
        assertEquals(expected, layersOf(all, EnumSet.of(Pass.BACKWARD, Pass.WEIGHT_GRADIENT)));
        Set<Pass> ofTheStep = all.stream()
                .filter(work -> work.layers().isEmpty())
                .map(Work::pass)
                .collect(Collectors.toSet());
        assertEquals(EnumSet.of(Pass.LOAD, Pass.LOSS, Pass.UPDATE, Pass.PACK, Pass.WAIT), ofTheStep);
    }

    private static Set<String> layersOf(List<Work> all, Set<Pass> passes) {
        var layers = new TreeSet<String>();
        for (Work work : all) {
            if (passes.contains(work.pass())) {
                layers.addAll(work.layers());
            }
        }
        return layers;
    }

    /// Nothing before the first layer learns, so its data gradient is not computed.
    @ParameterizedTest
    @MethodSource("cases")
    void multiplyAddsAreTheNetworks(ContractCase test) {
        long forward = test.network().multiplyAdds();
        Stage first = test.network().stages().getFirst();
        List<Work> all = profile(test).stream().map(Profiled.Time::work).toList();

        assertEquals(forward, sumOf(all, Pass.FORWARD));
        assertEquals(forward, sumOf(all, Pass.WEIGHT_GRADIENT));
        assertEquals(forward - first.multiplyAdds(), sumOf(all, Pass.DATA_GRADIENT));
    }

    private static long sumOf(List<Work> all, Pass pass) {
        return all.stream()
                .filter(work -> work.pass() == pass)
                .mapToLong(Work::multiplyAdds)
                .sum();
    }

    @Test
    void allTimeOfTheThreadsIsInSomeWork() {
        ContractCase test = large();
        ReferenceRun run = ReferenceRun.of(test, SEED);
        try (Session session = open(test)) {
            var stepEnds = new ArrayList<Long>();
            long start = System.nanoTime();
            List<Profiled.Time> times = ((Profiled) session)
                    .profile(() -> session.train(run.dataset(), run.epoch(), (_, _, _) -> {
                        stepEnds.add(System.nanoTime());
                        return true;
                    }));
            long most = THREADS * (System.nanoTime() - start);
            long least = stepEnds.getLast() - stepEnds.getFirst();
            long sum = times.stream().mapToLong(Profiled.Time::nanos).sum();

            assertTrue(sum <= most, sum + " ns of " + most);
            assertTrue(sum >= THREADS * least, sum + " ns, where the steps alone are " + THREADS * least);
        }
    }

    @Test
    void aProfileForgetsTheOneBefore() {
        ContractCase test = large();
        try (Session session = open(test)) {
            profile(session, ReferenceRun.of(test, SEED));
            List<Profiled.Time> idle = ((Profiled) session).profile(() -> {});
            assertEquals(0, idle.stream().mapToLong(Profiled.Time::nanos).sum());
        }
    }

    private static List<Profiled.Time> profile(ContractCase test) {
        try (Session session = open(test)) {
            return profile(session, ReferenceRun.of(test, SEED));
        }
    }

    private static List<Profiled.Time> profile(Session session, ReferenceRun run) {
        return ((Profiled) session).profile(() -> session.train(run.dataset(), run.epoch(), ON));
    }

    private static Session open(ContractCase test) {
        Session session = new CpuProvider().create(THREADS).open(test.network(), test.training());
        session.restore(ReferenceRun.of(test, SEED).states().getFirst());
        return session;
    }
}
