package io.mnist20k.cli;

import io.mnist20k.UserError;
import java.io.PrintWriter;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/// The answer of `--json`: one object on one line, in ASCII, so that no locale can spoil it.
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /// A stream does not say which of the two it was.
    static final String UNWRITTEN =
            "writing to standard output failed; read it to its end, or make room where it goes, and try again";

    private Json() {}

    static String line(Object answer) {
        return MAPPER.writeValueAsString(answer);
    }

    static void print(PrintWriter out, Object answer) {
        out.println(line(answer));
        if (out.checkError()) {
            throw new UserError(UNWRITTEN);
        }
    }
}
