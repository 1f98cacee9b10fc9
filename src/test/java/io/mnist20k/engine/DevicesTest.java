package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.engine.reference.ReferenceProvider;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DevicesTest {
    @Test
    void theReferenceIsAlwaysThere() {
        Devices.Choice choice = Devices.choose("reference", 1);
        assertEquals("reference", choice.engine().name());
        assertTrue(choice.reason().contains("reference"), choice.reason());
    }

    @Test
    void anUnknownDeviceIsRefusedWithTheKnownOnes() {
        String message =
                assertThrows(UserError.class, () -> Devices.choose("abacus", 1)).getMessage();
        assertTrue(message.contains("abacus"), message);
        Devices.NAMES.forEach(name -> assertTrue(message.contains(name), message));
    }

    @Test
    void noThreadIsRefused() {
        for (String device : Devices.NAMES) {
            assertThrows(IllegalArgumentException.class, () -> Devices.choose(device, 0));
        }
    }

    @Test
    void aNamedDeviceThatIsMissingIsRefusedWithEveryReason() {
        UserError error = assertThrows(
                UserError.class, () -> Devices.choose(List.of(new Absent(), new ReferenceProvider()), "cuda", 1));
        assertTrue(error.getMessage().contains("--device cuda"), error.getMessage());
        Absent.REASONS.forEach(reason -> assertTrue(error.getMessage().contains(reason), error.getMessage()));
    }

    @Test
    void autoPassesOverWhatIsMissingAndSaysWhy() {
        Devices.Choice choice = Devices.choose(List.of(new Absent(), new ReferenceProvider()), "auto", 1);
        assertFalse(choice.engine().name().equals("cuda"), choice.reason());
        Absent.REASONS.forEach(reason -> assertTrue(choice.reason().contains(reason), choice.reason()));
    }

    @Test
    void autoPassesOverWhatHasToBeNamed() {
        Devices.Choice auto = Devices.choose(List.of(new Reserved(), new ReferenceProvider()), "auto", 1);
        assertFalse(auto.engine().name().equals("cuda"), auto.reason());
        assertTrue(auto.reason().contains(Reserved.WHY), auto.reason());
        Devices.Choice named = Devices.choose(List.of(new Reserved(), new ReferenceProvider()), "cuda", 1);
        assertEquals("cuda (a toy)", named.reason());
    }

    /// As where this program is a part of another one, loaded by a loader of its own.
    @Test
    void providersAreFoundWhateverTheThreadLoadsClassesWith() {
        List<String> expected = namesOfProviders();
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
            assertEquals(expected, namesOfProviders());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static List<String> namesOfProviders() {
        return Devices.providers().stream().map(EngineProvider::name).toList();
    }

    @Test
    void providersComeFastestFirst() {
        assertEquals(List.of("cuda", "cpu", "reference"), namesOfProviders());
    }

    /// As a later Java will deny it to who does not grant it.
    @Test
    void whereNativeAccessIsDeniedAutoTakesTheCpuAndSaysWhatToGrant() throws Exception {
        String reason = chosenBy("--illegal-native-access=deny", "--add-modules=jdk.incubator.vector");
        assertTrue(reason.startsWith("cpu "), reason);
        assertTrue(reason.contains("--enable-native-access=ALL-UNNAMED"), reason);
    }

    /// As of a Java that jlink made for nothing else.
    @Test
    void twoModulesOfJavaAreEnoughForTheCpu() throws Exception {
        String reason = chosenBy(
                "--limit-modules=java.base,jdk.incubator.vector",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED");
        assertTrue(reason.startsWith("cpu "), reason);
    }

    /// What `auto` says in another Java.
    private static String chosenBy(String... flags) throws Exception {
        var command = new ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of(flags));
        command.addAll(List.of("-Dmnist20k.cuda.libraries=", "-cp", System.getProperty("java.class.path")));
        command.add(Auto.class.getName());
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    static final class Auto {
        public static void main(String[] args) {
            System.out.println(Devices.choose("auto", 1).reason());
        }
    }

    /// A `cuda` that lacks two things.
    private static final class Absent implements EngineProvider {
        static final List<String> REASONS = List.of("no driver, install one", "no card, buy one");

        @Override
        public String name() {
            return "cuda";
        }

        @Override
        public Availability probe() {
            return new Availability.Missing(REASONS, Map.of());
        }

        @Override
        public Engine create(int threads) {
            throw new IllegalStateException("created although missing");
        }
    }

    /// A `cuda` that `auto` is not to take.
    private static final class Reserved implements EngineProvider {
        static final String WHY = "it is for tests";

        @Override
        public String name() {
            return "cuda";
        }

        @Override
        public Availability probe() {
            return new Availability.OnRequest("a toy", WHY, Map.of());
        }

        @Override
        public Engine create(int threads) {
            return Devices.choose("reference", threads).engine();
        }
    }
}
