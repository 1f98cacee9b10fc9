package io.mnist20k;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;

/// The map of rooms in `docs/ARCHITECTURE.md` as rules: which room may use which, and what only one room may do.
@AnalyzeClasses(packages = "io.mnist20k", importOptions = DoNotIncludeTests.class)
final class RoomsTest {
    private static final String ROOT = "io.mnist20k";

    /// Each room, and the rooms it may use beside itself. The root package holds what all may use.
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            room(""),
            room("random"),
            room("files"),
            room("network"),
            room("cuda"),
            room("data", "files", "random"),
            room("recipe", "files", "network"),
            room("model", "files", "network", "recipe", "data"),
            room("engine", "network", "data", "recipe", "random"),
            room("engine.reference", "engine", "network", "data", "recipe", "random"),
            room("engine.cpu", "engine", "network", "data", "recipe", "random"),
            room("engine.cuda", "files", "engine", "network", "data", "recipe", "random", "cuda"),
            room("train", "files", "engine", "recipe", "data", "model", "network", "random"),
            room("report", "train", "recipe", "data", "network", "engine"),
            room("bench", "engine", "recipe", "data", "network", "random"),
            room("sweep", "files", "train", "engine", "recipe", "data", "model", "network", "random"),
            room("predict", "files", "model", "engine", "data", "recipe", "network"),
            room("web", "files", "predict", "model", "engine", "train", "recipe", "network"),
            room("check", "files", "train", "model", "engine", "engine.cuda", "cuda", "recipe", "data", "network"),
            room(
                    "cli",
                    "files",
                    "random",
                    "network",
                    "data",
                    "recipe",
                    "model",
                    "engine",
                    "engine.reference",
                    "engine.cpu",
                    "engine.cuda",
                    "train",
                    "report",
                    "sweep",
                    "bench",
                    "check",
                    "predict",
                    "web"));

    @ArchTest
    static final ArchRule roomsUseOnlyTheRoomsBelow = classes().should(useOnlyWhatTheirRoomMay());

    @ArchTest
    static final ArchRule everyPackageIsNullMarked = classes().should(standInANullMarkedPackage());

    @ArchTest
    static final ArchRule onlyTheCpuEngineNamesTheVectorApi = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".engine.cpu..")
            .should()
            .dependOnClassesThat(resideInAPackage("jdk.incubator.vector.."));

    @ArchTest
    static final ArchRule onlyTheCudaRoomCallsNativeCode = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".cuda..")
            .should()
            .dependOnClassesThat(nameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?"));

    /// The libraries that the build gives to nobody who takes the program as a library.
    @ArchTest
    static final ArchRule onlyTheCommandLineUsesWhatIsOptional = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".cli..")
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                    "picocli..", "me.tongfei.progressbar..", "org.jline..", "org.apache.logging.log4j.."));

    @ArchTest
    static final ArchRule onlyTheCommandLineExits = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".cli..")
            .should()
            .callMethod(System.class, "exit", int.class);

    /// `check` has a program of its own, which another reads.
    @ArchTest
    static final ArchRule onlyTheCommandLinePrints = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + ".cli..", ROOT + ".check..")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(IO.class);

    @ArchTest
    static final ArchRule allRandomnessIsCounterBased = noClasses()
            .should()
            .dependOnClassesThat(DescribedPredicate.or(
                    resideInAPackage("java.util.random"),
                    nameMatching("java\\.util\\.(Splittable)?Random"),
                    nameMatching("java\\.security\\.SecureRandom"),
                    nameMatching("java\\.util\\.concurrent\\.ThreadLocalRandom")))
            .orShould()
            .callMethod(Math.class, "random");

    /// Where a processor cannot, `Lanes` does it in two steps, and Java's own thousands of times slower.
    @ArchTest
    static final ArchRule onlyLanesMultipliesAndAddsAtOnce = noClasses()
            .that()
            .doNotHaveSimpleName("Lanes")
            .should()
            .callMethodWhere(target(name("fma")).and(target(owner(resideOutsideOfPackage(ROOT + "..")))));

    private static Map.Entry<String, Set<String>> room(String name, String... mayUse) {
        return Map.entry(name, Set.of(mayUse));
    }

    /// The innermost room that holds the class, so that a package within a room belongs to it.
    private static String roomOf(JavaClass type) {
        String path =
                type.getPackageName().equals(ROOT) ? "" : type.getPackageName().substring(ROOT.length() + 1);
        while (!MAY_USE.containsKey(path) && path.contains(".")) {
            path = path.substring(0, path.lastIndexOf('.'));
        }
        return path;
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
    }

    private static ArchCondition<JavaClass> useOnlyWhatTheirRoomMay() {
        return new ArchCondition<>("use only the rooms that theirs may use") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                String from = roomOf(type);
                Set<String> allowed = MAY_USE.get(from);
                if (allowed == null) {
                    events.add(SimpleConditionEvent.violated(type, type.getName() + " is in a room without a rule"));
                    return;
                }
                type.getDirectDependenciesFromSelf().stream()
                        .filter(arrow -> isOurs(arrow.getTargetClass().getBaseComponentType()))
                        .forEach(arrow -> {
                            String to = roomOf(arrow.getTargetClass().getBaseComponentType());
                            if (!to.isEmpty() && !to.equals(from) && !allowed.contains(to)) {
                                events.add(SimpleConditionEvent.violated(arrow, arrow.getDescription()));
                            }
                        });
            }
        };
    }

    private static ArchCondition<JavaClass> standInANullMarkedPackage() {
        return new ArchCondition<>("stand in a package whose package-info is @NullMarked") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage()
                        .tryGetPackageInfo()
                        .map(info -> info.isAnnotatedWith(NullMarked.class))
                        .orElse(false);
                if (!marked) {
                    events.add(SimpleConditionEvent.violated(
                            type, type.getPackageName() + " has no package-info marked @NullMarked"));
                }
            }
        };
    }
}
