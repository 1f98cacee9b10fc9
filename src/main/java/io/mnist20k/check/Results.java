package io.mnist20k.check;

import io.mnist20k.files.AtomicFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// What has been measured so far: `gpu-check.json` and, of the same, `gpu-check.md`. Both are written anew,
/// each whole or not at all, whenever a part has ended.
final class Results {
    static final String JSON_FILE = "gpu-check.json";
    static final String TABLE_FILE = "gpu-check.md";

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private final Path folder;
    private final Map<String, Object> about;
    private final Map<String, Outcome> parts = new LinkedHashMap<>();

    /// How a part ended.
    ///
    /// @param status   `done`, `failed` or `skipped`
    /// @param reason   empty where it is done
    /// @param measured empty where it was skipped
    record Outcome(String status, String reason, double seconds, Object measured) {}

    /// @param about what the whole is about: versions, the device, when
    Results(Path folder, Map<String, Object> about) {
        this.folder = folder;
        this.about = about;
    }

    void add(String part, Outcome outcome) {
        parts.put(part, outcome);
        var document = new LinkedHashMap<>(about);
        document.put("parts", parts);
        byte[] json = JSON.writeValueAsBytes(document);
        AtomicFile.write(folder.resolve(JSON_FILE), json);
        AtomicFile.write(folder.resolve(TABLE_FILE), table(JSON.readTree(json)));
    }

    boolean anyFailed() {
        return parts.values().stream().anyMatch(part -> part.status.equals("failed"));
    }

    /// A row for every number and text that was measured.
    private static String table(JsonNode document) {
        var lines = new ArrayList<String>();
        lines.add("| part | what | measured |");
        lines.add("| --- | --- | ---: |");
        document.properties().stream()
                .filter(entry -> !entry.getKey().equals("parts"))
                .forEach(entry -> rows("", entry.getKey(), entry.getValue(), lines));
        document.get("parts").properties().forEach(entry -> {
            JsonNode part = entry.getValue();
            String status = part.get("status").stringValue();
            String reason = part.get("reason").stringValue();
            lines.add(row(entry.getKey(), status, reason.isEmpty() ? number(part.get("seconds")) + " s" : reason));
            rows(entry.getKey(), "", part.get("measured"), lines);
        });
        return String.join("\n", lines) + "\n";
    }

    private static void rows(String part, String what, JsonNode measured, List<String> lines) {
        if (measured.isObject()) {
            measured.properties()
                    .forEach(entry -> rows(
                            part,
                            what.isEmpty() ? entry.getKey() : what + " " + entry.getKey(),
                            entry.getValue(),
                            lines));
        } else if (measured.isArray() && !measured.isEmpty() && measured.get(0).isObject()) {
            for (JsonNode element : measured) {
                rows(part, what, element, lines);
            }
        } else {
            lines.add(row(part, what, number(measured)));
        }
    }

    private static String number(JsonNode value) {
        if (value.isFloatingPointNumber()) {
            double number = value.doubleValue();
            return Math.abs(number) >= 1000
                    ? String.format(Locale.ROOT, "%,.0f", number)
                    : String.format(Locale.ROOT, "%.4g", number);
        }
        return value.isString() ? value.stringValue() : value.toString();
    }

    private static String row(String... cells) {
        var row = new StringBuilder("|");
        for (String cell : cells) {
            row.append(' ')
                    .append(cell.replace("|", "\\|").replaceAll("\\s+", " "))
                    .append(" |");
        }
        return row.toString();
    }
}
