# Reads a preprocessed kernel source in which __global__ and __launch_bounds__ are left as they are, and writes the table of
# its kernels: name, launch bounds and, through their types, parameters.

function spaces() {
    while (depth < open[levels] && levels > 0) levels--
    return levels > 0 ? path[levels] : ""
}

BEGIN {
    print "#include \"" SOURCE "\""
    print "#include \"kernel_table.h\"\n"
    print "namespace {\n"
    print "constexpr software::Kernel KERNELS[] = {"
}

/^#/ { next }

/^namespace [A-Za-z_0-9]+ *{/ {
    levels++
    open[levels] = depth + 1
    path[levels] = path[levels - 1] $2 "::"
}

/__global__/ { text = "" ; waiting = 1 }

waiting {
    text = text " " $0
    rest = text
    sub(/^.*__global__/, "", rest)
    bounds = ""
    if (match(rest, /__launch_bounds__ *\([^()]*\)/)) {
        bounds = substr(rest, RSTART, RLENGTH)
        sub(/^[^(]*\(/, "", bounds)
        sub(/\)$/, "", bounds)
        rest = substr(rest, 1, RSTART - 1) substr(rest, RSTART + RLENGTH)
    }
    if (match(rest, /void +[A-Za-z_][A-Za-z_0-9]* *\(/)) {
        name = substr(rest, RSTART + 5, RLENGTH - 6)
        gsub(/ /, "", name)
        space = spaces()
        if (bounds ~ /^[A-Za-z_]/) bounds = space bounds
        print "    software::KernelOf<&" space name ">::named(\"" name "\", software::threadsOf(" bounds ")),"
        waiting = 0
    }
}

{
    line = $0
    depth += gsub(/{/, "", line)
    depth -= gsub(/}/, "", line)
    spaces()
}

END {
    print "};\n"
    print "constexpr software::KernelTable TABLE = {KERNELS, sizeof KERNELS / sizeof *KERNELS};\n"
    print "} // namespace\n"
    print "extern \"C\" __attribute__((visibility(\"default\"))) const software::KernelTable* software_kernels() {"
    print "    return &TABLE;"
    print "}"
}
