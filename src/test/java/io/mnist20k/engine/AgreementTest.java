package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The contract is worth what it refuses: here the reference itself is slightly wrong.
@ExtendWith(SeedReport.class)
final class AgreementTest {
    private static final long SEED = SeedReport.SEED;

    static List<Arguments> mistakes() {
        ContractCase nesterov = ContractCase.named("one sample a step", SEED);
        ContractCase plain = ContractCase.named("dense twice, norm of one by one", SEED);
        ContractCase adam = ContractCase.named("default in small", SEED);
        ContractCase muon = ContractCase.named("units to a convolution", SEED);
        return List.of(
                mistake("Nesterov's form", nesterov, new Optimizer.Sgd(0.01, 0.9, false, 0.01)),
                mistake("momentum", nesterov, new Optimizer.Sgd(0.01, 0.891, true, 0.01)),
                mistake("weight decay", nesterov, new Optimizer.Sgd(0.01, 0.9, true, 0.0101)),
                mistake("plain momentum", plain, new Optimizer.Sgd(0.01, 0.792, false, 0)),
                mistake("first moment", adam, new Optimizer.AdamW(0.01, 0.901, 0.99, 0.01, 0.05)),
                mistake("second moment", adam, new Optimizer.AdamW(0.01, 0.9, 0.9901, 0.01, 0.05)),
                mistake("epsilon", adam, new Optimizer.AdamW(0.01, 0.9, 0.99, 0.0101, 0.05)),
                mistake("decoupled decay", adam, new Optimizer.AdamW(0.01, 0.9, 0.99, 0.01, 0.051)),
                mistake("turned momentum", muon, new Optimizer.Muon(0.891, rest(5))),
                mistake("decay of matrices", muon, new Optimizer.Muon(0.9, rest(5.05))),
                arguments(
                        "label smoothing", adam, training(adam, adam.training().optimizer(), 0.101, 0.9)),
                arguments(
                        "average",
                        nesterov,
                        training(nesterov, nesterov.training().optimizer(), 0.1, 0.384)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mistakes")
    void refusesAnEngineThatIsSlightlyWrong(String mistake, ContractCase test, Training wrong) {
        ReferenceRun run = ReferenceRun.of(test, SEED);
        var agreement = new Agreement(test);
        try (Session session = new ReferenceEngine().open(test.network(), wrong)) {
            assertThrows(
                    AssertionError.class,
                    () -> {
                        for (int step = 0; step < run.epoch().steps(); step++) {
                            SessionState before = run.states().get(step);
                            SessionState after = run.states().get(step + 1);
                            session.restore(before);
                            session.train(run.dataset(), ReferenceRun.only(run.epoch(), step), (_, _, _) -> true);
                            agreement.checkStep(
                                    before, after, session.state(), run.epoch().learningRates()[step]);
                        }
                    },
                    mistake);
        }
    }

    private static Arguments mistake(String name, ContractCase test, Optimizer optimizer) {
        Training right = test.training();
        return arguments(name, test, training(test, optimizer, right.labelSmoothing(), right.averagingDecay()));
    }

    private static Training training(
            ContractCase test, Optimizer optimizer, double labelSmoothing, double averagingDecay) {
        Training right = test.training();
        return new Training(
                right.batch(),
                right.seed(),
                optimizer,
                labelSmoothing,
                averagingDecay,
                right.augmentation(),
                right.normalization(),
                right.engine());
    }

    private static Optimizer.AdamW rest(double weightDecay) {
        return new Optimizer.AdamW(0.01, 0.9, 0.99, 0.01, weightDecay);
    }
}
