#!/usr/bin/env bash
# Runs Maven on a JDK that can build mnist20k, whatever the machine's default is.
set -euo pipefail

JAVA_HOME=$("$(dirname "$0")/jdk.sh" javac)
export JAVA_HOME
if ! command -v mvn >/dev/null; then
    echo "mnist20k is built by Maven, and mvn is not on PATH: install the package maven." >&2
    exit 1
fi
exec mvn --batch-mode --strict-checksums --no-transfer-progress "$@"
