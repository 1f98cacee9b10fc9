#!/usr/bin/env bash
# Runs a command whose Java loads the software device built with sanitizers, and shows what they found. Java's own signal
# handlers stay in place; the sanitizer's runtime has to come before everything else, and the C++ library before the device.
#
#   native/sanitized.sh COMMAND…
set -euo pipefail
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
compiler=${CXX:-g++}

status=0
env LD_PRELOAD="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libstdc++.so)" \
    ASAN_OPTIONS="log_path=$reports/report:handle_segv=0:handle_sigill=0:handle_sigfpe=0:handle_sigbus=0:detect_leaks=0" \
    UBSAN_OPTIONS="print_stacktrace=1" "$@" || status=$?
for report in "$reports"/*; do
    if [[ -e $report ]]; then
        cat "$report" >&2
        status=1
    fi
done
exit "$status"
