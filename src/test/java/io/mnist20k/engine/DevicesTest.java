package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DevicesTest {
    @TempDir
    private Path folder;

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
    void aNamedDeviceThatIsMissingIsRefusedWithEveryReason() throws IOException {
        UserError error = withoutCuda(() -> assertThrows(UserError.class, () -> Devices.choose("cuda", 1)));
        assertTrue(error.getMessage().contains("--device cuda"), error.getMessage());
        Absent.REASONS.forEach(reason -> assertTrue(error.getMessage().contains(reason), error.getMessage()));
    }

    @Test
    void autoPassesOverWhatIsMissingAndSaysWhy() throws IOException {
        Devices.Choice choice = withoutCuda(() -> Devices.choose("auto", 1));
        assertFalse(choice.engine().name().equals("cuda"), choice.reason());
        Absent.REASONS.forEach(reason -> assertTrue(choice.reason().contains(reason), choice.reason()));
    }

    @Test
    void providersComeFastestFirst() {
        List<String> names =
                Devices.providers().stream().map(EngineProvider::name).toList();
        List<String> expected = Devices.NAMES.stream().filter(names::contains).toList();
        assertEquals(expected, names);
    }

    /// A `cuda` that lacks two things.
    public static final class Absent implements EngineProvider {
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

    /// Runs with [Absent] among the providers.
    private <T> T withoutCuda(Supplier<T> work) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(EngineProvider.class.getName()), Absent.class.getName());
        Thread thread = Thread.currentThread();
        ClassLoader usual = thread.getContextClassLoader();
        try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, usual)) {
            thread.setContextClassLoader(loader);
            return work.get();
        } finally {
            thread.setContextClassLoader(usual);
        }
    }
}
