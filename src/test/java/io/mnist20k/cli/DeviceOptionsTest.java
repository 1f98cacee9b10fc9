package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

final class DeviceOptionsTest {
    /// The share of a shard of too many has no run at all.
    @ParameterizedTest
    @CsvSource({"0, 1, 5 threads", "1, 1, 5 threads", "2, 2, 2 threads", "3, 3, 1 thread", "9, 5, 1 thread"})
    void runsSideBySideShareTheThreads(int runs, int atATime, String each) {
        var options = new DeviceOptions();
        new CommandLine(options).parseArgs("--device", "cpu", "--threads", "5");
        DeviceOptions.ForRuns device = options.chooseForRuns(runs);
        assertEquals(atATime, device.atATime());
        String name = device.choice().engine().deviceName();
        assertTrue(name.endsWith(", " + each), name);
    }
}
