/// Results made visible: of a finished run one HTML page with its figures, charts, confusion matrix and mistakes, of a
/// sweep a chart. The page holds everything it shows, asks no network for anything and runs no script. This room makes
/// text; it writes no file.
@NullMarked
package io.mnist20k.report;

import org.jspecify.annotations.NullMarked;
