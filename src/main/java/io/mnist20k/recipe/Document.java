package io.mnist20k.recipe;

import io.mnist20k.UserError;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// A TOML document as a flat map from path to value, such as `optimizer.lr` or `network.0.out`. It remembers where
/// each value came from and which paths were asked for, and so can say what is wrong in which line, and what nobody
/// asked for.
final class Document {
    /// Of a key that may have been meant: a letter more, less or another, or two that changed places.
    private static final int MISSPELT_EDITS = 2;

    /// What the document is called in sentences: `recipe default`.
    private final String title;

    /// Scalars, arrays and empty tables. What an array or a table holds stands under its own path.
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private final Set<String> asked = new LinkedHashSet<>();

    /// @param position in the document; null for a value given on the command line
    private record Entry(Object value, @Nullable TomlPosition position) {}

    private Document(String title) {
        this.title = title;
    }

    /// @throws UserError with line and column of the first thing that is not TOML
    static Document parse(String title, String toml) {
        TomlParseResult table = toml(toml);
        if (table == null) {
            throw new UserError(
                    title + ": this is not TOML, and the place of the error is unknown; look for a line break"
                            + " or a control character between { and } or [ and ]");
        }
        if (table.hasErrors()) {
            TomlParseError error = table.errors().getFirst();
            throw new UserError(title + ", line " + error.position().line() + ", column "
                    + error.position().column() + ": " + error.getMessage());
        }
        var document = new Document(title);
        document.addTable("", table, true);
        return document;
    }

    /// @return null where tomlj itself fails, as 2.2.0 does on a carriage return in a comment within a broken inline
    ///         table, or with assertions on, on a control character in one within a header
    private static @Nullable TomlParseResult toml(String text) {
        try {
            return Toml.parse(text);
        } catch (NullPointerException | AssertionError e) {
            return null;
        }
    }

    /// Puts `key=value` over what the document says. A value that is not TOML stands for itself as text.
    void override(String assignment) {
        String attempt = "--set " + assignment.replaceAll("\\R", " ");
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new UserError(attempt + ": expected key=value, as in --set optimizer.lr=0.02");
        }
        List<String> keys = keys(attempt, assignment.substring(0, equals).strip());
        String path = Toml.joinKeyPath(keys);
        if (keys.size() > 1 && entries.get(keys.getFirst()) instanceof Entry(TomlArray array, var _)) {
            requireElement(attempt, keys.get(0), array.size(), keys.get(1));
        }
        entries.keySet().removeIf(other -> other.equals(path) || other.startsWith(path + "."));
        add(path, valueOf(assignment.substring(equals + 1).strip()), null);
    }

    private static List<String> keys(String attempt, String dotted) {
        try {
            return Toml.parseDottedKey(dotted);
        } catch (IllegalArgumentException e) {
            throw new UserError(
                    attempt + ": there is no key before the =; expected one like optimizer.lr or network.0.out", e);
        }
    }

    private static Object valueOf(String text) {
        TomlParseResult table = toml("value = " + text);
        Object value = table == null || table.hasErrors() || table.size() != 1 ? null : table.get("value");
        return value == null ? text : value;
    }

    private void requireElement(String attempt, String array, int size, String index) {
        if (!index.matches("\\d{1,9}") || Integer.parseInt(index) >= size) {
            throw new UserError(attempt + ": there is no " + array + "." + index + ", " + title + " has " + array
                    + ".0 to " + array + "." + (size - 1));
        }
    }

    private void add(String path, Object value, @Nullable TomlPosition position) {
        if (value instanceof TomlTable table && !table.isEmpty()) {
            addTable(path + ".", table, position != null);
            return;
        }
        entries.put(path, new Entry(value, position));
        if (value instanceof TomlArray array) {
            for (int i = 0; i < array.size(); i++) {
                add(path + "." + i, array.get(i), position == null ? null : array.inputPositionOf(i));
            }
        }
    }

    private void addTable(String prefix, TomlTable table, boolean inDocument) {
        for (Map.Entry<String, Object> child : table.entrySet()) {
            List<String> key = List.of(child.getKey());
            add(prefix + Toml.joinKeyPath(key), child.getValue(), inDocument ? table.inputPositionOf(key) : null);
        }
    }

    /// Number of elements of an array.
    int size(String path) {
        return switch (required(path, "an array of tables")) {
            case Entry(TomlArray array, var _) -> array.size();
            case Entry entry -> throw wrongType(path, entry, "an array of tables");
        };
    }

    String text(String path, String byDefault) {
        return switch (get(path)) {
            case null -> byDefault;
            case Entry(String text, var _) -> text;
            case Entry entry -> throw wrongType(path, entry, "text in quotes");
        };
    }

    boolean flag(String path, boolean byDefault) {
        return switch (get(path)) {
            case null -> byDefault;
            case Entry(Boolean flag, var _) -> flag;
            case Entry entry -> throw wrongType(path, entry, "true or false");
        };
    }

    int integer(String path, int byDefault) {
        return get(path) == null ? byDefault : integer(path);
    }

    int integer(String path) {
        return switch (required(path, "an integer")) {
            case Entry(Long number, var _) when number == number.intValue() -> number.intValue();
            case Entry entry ->
                throw wrongType(path, entry, entry.value() instanceof Long ? "an integer of 32 bits" : "an integer");
        };
    }

    double number(String path, double byDefault) {
        return get(path) == null ? byDefault : number(path);
    }

    double number(String path) {
        return switch (required(path, "a number")) {
            case Entry(Double number, var _) -> number;
            case Entry(Long number, var _) -> number;
            case Entry entry -> throw wrongType(path, entry, "a number");
        };
    }

    /// One of some words.
    String word(String path, String byDefault, List<String> words) {
        String word = text(path, byDefault);
        if (!words.contains(word)) {
            throw error(path, path + " is " + quoted(word) + ", expected " + oneOf(words));
        }
        return word;
    }

    /// One of some words, where none is the default.
    String word(String path, List<String> words) {
        required(path, oneOf(words));
        return word(path, "", words);
    }

    private @Nullable Entry get(String path) {
        asked.add(path);
        return entries.get(path);
    }

    private Entry required(String path, String expected) {
        Entry entry = get(path);
        if (entry != null) {
            return entry;
        }
        String table = parent(path);
        if (entries.get(table) instanceof Entry(var value, var _) && !(value instanceof TomlTable)) {
            throw error(table, table + " is " + describe(value) + ", expected a table");
        }
        if (entries.keySet().stream().anyMatch(key -> key.startsWith(path + "."))) {
            throw error(path, path + " is a table, expected " + expected);
        }
        throw error(table, path + " is missing, expected " + expected + misspelt(path, table));
    }

    /// A question about a key of the table that differs little from one that is missing.
    private String misspelt(String path, String table) {
        return entries.keySet().stream()
                .map(key -> table.isEmpty() ? key.replaceFirst("\\..*", "") : key)
                .filter(key -> parent(key).equals(table) && !asked.contains(key))
                .filter(key -> Spelling.edits(key, path) <= MISSPELT_EDITS)
                .findFirst()
                .map(key -> "; is " + key + " a misspelling of it?")
                .orElse("");
    }

    /// Refuses what nobody asked for, with the nearest path that somebody did ask for. Where the command line
    /// changed the `type` of a table, what the document says there and the new type does not know is passed over.
    void refuseUnknown() {
        entries.forEach((path, entry) -> {
            boolean emptyTable = entry.value() instanceof TomlTable && isTable(path);
            boolean passedOver = entry.position() != null && retyped(parent(path));
            if (!asked.contains(path) && !emptyTable && !passedOver) {
                throw refusal(path, entry);
            }
        });
    }

    private boolean retyped(String table) {
        Entry type = entries.get(table + ".type");
        return type != null && type.position() == null;
    }

    private UserError refusal(String path, Entry entry) {
        if (isTable(path)) {
            return wrongType(path, entry, "a table");
        }
        String table = parent(path);
        List<String> siblings = asked.stream()
                .filter(key -> !table.isEmpty() && parent(key).equals(table))
                .map(key -> key.substring(table.length() + 1))
                .toList();
        List<String> candidates =
                asked.stream().filter(key -> !inArray(key) || inArray(path)).toList();
        return error(
                path,
                "there is no key " + path + "; the nearest is " + Spelling.nearest(path, candidates)
                        + (siblings.isEmpty() ? "" : " (" + table + " takes " + String.join(", ", siblings) + ")"));
    }

    /// Whether somebody asked for something within.
    private boolean isTable(String path) {
        return asked.stream().anyMatch(key -> key.startsWith(path + "."));
    }

    private boolean inArray(String path) {
        int dot = path.indexOf('.');
        return dot > 0 && entries.get(path.substring(0, dot)) instanceof Entry(TomlArray _, var _);
    }

    /// A sentence about the value at a path, or about the table there.
    UserError error(String path, String finding) {
        return new UserError(title + where(path) + ": " + finding);
    }

    private String where(String path) {
        for (Map.Entry<String, Entry> candidate : entries.entrySet()) {
            if (candidate.getKey().equals(path) || candidate.getKey().startsWith(path + ".")) {
                TomlPosition position = candidate.getValue().position();
                return position == null ? ", as set on the command line" : ", line " + position.line();
            }
        }
        return "";
    }

    private UserError wrongType(String path, Entry entry, String expected) {
        return error(path, path + " is " + describe(entry.value()) + ", expected " + expected);
    }

    private static String describe(Object value) {
        return switch (value) {
            case String text -> "the text " + quoted(text);
            case Long number -> "the integer " + number;
            case Double number -> "the number " + number;
            case Boolean flag -> flag.toString();
            case TomlArray _ -> "an array";
            case TomlTable _ -> "a table";
            default -> "the date or time " + value;
        };
    }

    private static String oneOf(List<String> words) {
        String all = words.stream().map(Document::quoted).collect(Collectors.joining(", "));
        int last = all.lastIndexOf(", ");
        return last < 0 ? all : all.substring(0, last) + " or" + all.substring(last + 1);
    }

    /// As TOML writes it, cut where it would bury the sentence around it.
    private static String quoted(String text) {
        return '"'
                + Toml.tomlEscape(text.length() > 60 ? text.substring(0, 60) + "…" : text)
                        .toString()
                + '"';
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('.')));
    }
}
