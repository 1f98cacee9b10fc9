package io.mnist20k.recipe;

import java.util.Collection;
import java.util.Comparator;

/// Finds the key that a person may have meant.
final class Spelling {
    private Spelling() {}

    /// The known path with the least distance; of equal ones that with the fewest edits, of such the first.
    ///
    /// @param known not empty
    static String nearest(String path, Collection<String> known) {
        return known.stream()
                .min(Comparator.<String>comparingInt(candidate -> distance(path, candidate))
                        .thenComparingInt(candidate -> edits(path, candidate)))
                .orElseThrow();
    }

    /// Edits between two paths; moving a key to another table counts as one.
    private static int distance(String path, String candidate) {
        String key = path.substring(path.lastIndexOf('.') + 1);
        String candidateKey = candidate.substring(candidate.lastIndexOf('.') + 1);
        return Math.min(edits(path, candidate), 1 + edits(key, candidateKey));
    }

    /// Levenshtein's distance: insertions, deletions and replacements of one character.
    static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
