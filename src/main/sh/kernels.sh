#!/usr/bin/env bash
# Compiles cuda-kernels/ with nvcc.
#
#   kernels.sh build FATBIN    for every GPU from compute capability 7.5 on that this nvcc knows, and as PTX for the
#                              oldest and the newest of them, which drivers compile for what is between and beyond.
#                              8.7, 8.8, 10.3 and 12.1 have none of their own: they take what was compiled for a lower
#                              one of their major number, or the PTX
#   kernels.sh report PAGE     registers, stack and shared memory of every kernel on every one of them, into PAGE from
#                              its line "## Resources" on; fails where a kernel spills
set -euo pipefail

readonly source=cuda-kernels/mnist20k.cu oldest=75
readonly flags=(-O3 --std=c++17 -Werror all-warnings -Wno-deprecated-gpu-targets)

die() {
    echo "$1" >&2
    exit 1
}

# Compute capabilities without their point, oldest first.
architectures() {
    nvcc --list-gpu-code | sed -n 's/^sm_\([0-9]*\)$/\1/p' | sort -n | awk -v oldest="$oldest" '$1 >= oldest' |
        grep -vxE '87|88|103|121'
}

# Nothing where nvcc works, else the first line of what it says. It needs a host compiler of a version that it accepts.
trouble() {
    local empty
    empty=$(mktemp --suffix=.cu)
    nvcc -fatbin -o /dev/null "$empty" 2>&1 | grep -m 1 -iE 'error|fatal|unsupported' || true
    rm -f "$empty"
}

build() {
    local fatbin=$1 broken architecture all targets=()
    rm -f "$fatbin" # an old one would be packed beside newer sources
    broken=$(trouble)
    # Launches overlap on GPUs of 9.0, whose kernels have to be compiled for that: what is not would not wait.
    [[ $broken ]] || architectures | grep -qx 90 || broken="it is older than CUDA 11.8"
    if [[ $broken ]]; then
        echo "nvcc does not work here ($broken): the jar gets the CUDA kernels only as sources" >&2
        return
    fi
    mapfile -t all < <(architectures)
    for architecture in "${all[@]}"; do
        targets+=(-gencode "arch=compute_$architecture,code=sm_$architecture")
    done
    for architecture in "${all[0]}" "${all[-1]}"; do
        targets+=(-gencode "arch=compute_$architecture,code=compute_$architecture")
    done
    echo "compiling the CUDA kernels for ${all[*]/#/sm_}"
    mkdir -p "$(dirname "$fatbin")"
    nvcc -fatbin "${flags[@]}" --no-compress --threads 0 "${targets[@]}" -o "$fatbin.new" "$source"
    mv "$fatbin.new" "$fatbin"
}

# Lines "architecture kernel registers stack spilled shared", bytes all but the registers.
usage() {
    local architecture
    for architecture in $(architectures); do
        nvcc -cubin "${flags[@]}" -Xptxas -v -arch="sm_$architecture" -o /dev/null "$source" 2>&1 |
            awk -v architecture="$architecture" '
                /Compiling entry function/ { split($0, quoted, "\047"); kernel = quoted[2] }
                /bytes stack frame/ { stack = $1; spilled = $5 + $9 }
                /Used [0-9]+ registers/ {
                    shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART) + 0 : 0
                    match($0, /Used [0-9]+/)
                    print architecture, kernel, substr($0, RSTART + 5) + 0, stack, spilled, shared
                }'
    done
}

report() {
    local page=$1 lines
    grep -q '^## Resources$' "$page" || die "$page has no line \"## Resources\" to write after"
    lines=$(usage)
    awk '$5 > 0 { print $2 " spills " $5 " bytes on sm_" $1; spills = 1 } END { exit spills }' <<<"$lines" >&2 ||
        die "a kernel that spills keeps numbers in memory that belong in registers: give it other launch bounds"
    {
        sed '/^## Resources$/q' "$page"
        echo
        echo "Written by \`make kernels-report\` with nvcc $(nvcc --version | sed -n 's/.*release .*V\(.*\)/\1/p')."
        echo "Registers a thread on each compute capability; bytes of stack and static shared memory, the most on any."
        echo "No kernel spills a register on any of them."
        echo
        awk '
            !($1 in known) { known[$1]; architectures[++columns] = $1 }
            !($2 in stack) { kernels[++rows] = $2; stack[$2] = shared[$2] = 0 }
            { registers[$2, $1] = $3 }
            $4 > stack[$2] { stack[$2] = $4 }
            $6 > shared[$2] { shared[$2] = $6 }
            END {
                head = "| kernel | shared | stack |"
                rule = "| --- | --: | --: |"
                for (c = 1; c <= columns; c++) {
                    head = head " " int(architectures[c] / 10) "." architectures[c] % 10 " |"
                    rule = rule " --: |"
                }
                print head
                print rule
                for (r = 1; r <= rows; r++) {
                    line = "| `" kernels[r] "` | " shared[kernels[r]] " | " stack[kernels[r]] " |"
                    for (c = 1; c <= columns; c++) line = line " " registers[kernels[r], architectures[c]] " |"
                    print line | "LC_ALL=C sort"
                }
            }' <<<"$lines"
    } >"$page.new"
    mv "$page.new" "$page"
}

command -v nvcc >/dev/null || die "nvcc is not on PATH: install the CUDA toolkit, or do without compiled kernels"
case ${1-} in
    build) build "$2" ;;
    report) report "$2" ;;
    *) die "usage: kernels.sh build FATBIN | report PAGE" ;;
esac
