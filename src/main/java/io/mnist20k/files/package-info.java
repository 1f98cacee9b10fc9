/// Files on disk: written whole or not at all, locked against other processes, and why one could not be used in words
/// for people.
@NullMarked
package io.mnist20k.files;

import org.jspecify.annotations.NullMarked;
