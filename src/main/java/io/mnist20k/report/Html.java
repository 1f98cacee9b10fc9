package io.mnist20k.report;

import java.util.Locale;

/// Text as HTML.
final class Html {
    private Html() {}

    /// The same in every locale: style sheets and SVG know one kind of number only.
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency for this line alone
    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /// Opens a part that is scrolled where the page is narrow, by the keyboard too.
    static String wide(String name) {
        return "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">".formatted(name);
    }

    /// For element content and quoted attributes.
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
