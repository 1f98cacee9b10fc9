#!/usr/bin/env bash
# Compares what the libraries in a folder export with what the Java bindings bind: the software device has exactly that,
# and its own functions, software_ and __tsan_.
#
#   native/exports.sh FOLDER
set -euo pipefail
bindings="$(dirname "$0")/../src/main/java/io/mnist20k/cuda"

bound=$(cat "$bindings"/*.java | tr '\n' ' ' | grep -oE '(bind[A-Za-z]*\(|function\([a-z]+,) *"[A-Za-z0-9_]+"' | grep -oE '"[^"]+"' | tr -d '"' | sort -u)
exported=$(for library in "$1"/libcu*.so.* "$1"/libnvrtc*.so.*; do nm -D --defined-only "$library"; done |
    awk '$3 !~ /^(software_|__tsan_)/ { print $3 }' | sort -u)

if ! difference=$(diff <(echo "$bound") <(echo "$exported")); then
    echo "native: what is bound (<) and what is exported (>) differ:"
    echo "$difference" | grep '^[<>]'
    exit 1
fi
