// The text of the kernels that the software device was built from; made by the Makefile. Each text begins after a newline
// that the file does not have.
#pragma once

namespace software {

struct Source {
    const char *folder, *name, *text;
};

extern const Source SOURCES[]; // up to one without a name

} // namespace software
