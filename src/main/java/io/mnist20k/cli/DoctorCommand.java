package io.mnist20k.cli;

import com.sun.management.OperatingSystemMXBean;
import io.mnist20k.Units;
import io.mnist20k.engine.Availability;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.EngineProvider;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "doctor",
        description = "Says what this machine has to compute with, what each device lacks, and how to get it.")
final class DoctorCommand implements Runnable {
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// @param auto the device that `--device auto` takes
    private record Answer(
            Map<String, String> java,
            Map<String, String> system,
            long memoryBytes,
            long heapBytes,
            List<Device> devices,
            String auto) {}

    /// @param ready       whether it can be used
    /// @param reservation why it has to be named to be used; empty where `auto` may take it
    /// @param missing     what it lacks, each with its remedy; empty where it is ready
    /// @param findings    what was looked at
    private record Device(
            String name,
            boolean ready,
            String deviceName,
            String reservation,
            List<String> missing,
            Map<String, String> findings) {
        static Device of(EngineProvider provider) {
            return switch (provider.probe()) {
                case Availability.Ready(String deviceName, Map<String, String> findings) ->
                    new Device(provider.name(), true, deviceName, "", List.of(), findings);
                case Availability.OnRequest(String deviceName, String reservation, Map<String, String> findings) ->
                    new Device(provider.name(), true, deviceName, reservation, List.of(), findings);
                case Availability.Missing(List<String> reasons, Map<String, String> findings) ->
                    new Device(provider.name(), false, "", "", reasons, findings);
            };
        }
    }

    @Override
    public void run() {
        Answer answer = look();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(out, answer);
        } else {
            print(out, answer);
        }
    }

    private static Answer look() {
        var java = new LinkedHashMap<String, String>();
        java.put("version", Runtime.version().toString());
        java.put("vendor", System.getProperty("java.vendor", "unknown"));
        java.put("home", System.getProperty("java.home", "unknown"));
        var system = new LinkedHashMap<String, String>();
        system.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        system.put("arch", System.getProperty("os.arch", "unknown"));
        system.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        List<Device> devices = Devices.providers().stream().map(Device::of).toList();
        return new Answer(
                java,
                system,
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize(),
                Runtime.getRuntime().maxMemory(),
                devices,
                devices.stream()
                        .filter(device -> device.ready && device.reservation.isEmpty())
                        .findFirst()
                        .map(Device::name)
                        .orElse("none"));
    }

    private static void print(PrintWriter out, Answer answer) {
        out.println("Java       " + answer.java.get("version") + ", " + answer.java.get("vendor") + ", in "
                + answer.java.get("home"));
        out.println("System     " + answer.system.get("os") + ", " + answer.system.get("arch") + ", "
                + answer.system.get("processors") + " processors");
        out.println("Memory     " + Units.bytes(answer.memoryBytes) + ", of which Java may use "
                + Units.bytes(answer.heapBytes));
        for (Device device : answer.devices) {
            out.println();
            out.println("%-10s %s".formatted(device.name, device.ready ? "ready: " + device.deviceName : "not usable"));
            if (!device.reservation.isEmpty()) {
                out.println(" ".repeat(11) + "only if named: " + device.reservation);
            }
            device.missing.forEach(reason -> out.println(" ".repeat(11) + "- " + reason));
            device.findings.forEach((what, found) -> out.println(" ".repeat(11) + what + ": " + found));
        }
        out.println();
        out.println("--device auto takes " + answer.auto + ".");
    }
}
