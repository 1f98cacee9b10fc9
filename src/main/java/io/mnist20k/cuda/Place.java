package io.mnist20k.cuda;

import java.nio.file.Path;

/// A folder in which libraries may lie.
///
/// @param origin why it is looked in, as a person would say it: `LD_LIBRARY_PATH`
public record Place(String origin, Path folder) {}
