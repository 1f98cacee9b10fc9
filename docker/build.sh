#!/usr/bin/env bash
# build.sh FOLDER: in a build stage, puts into FOLDER what a runtime image has beyond its base.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

readonly image=$1
src/main/sh/maven.sh package -Dmaven.test.skip
src/main/sh/dist.sh
mkdir -p "$image/opt"
tar -xzf target/mnist20k-*.tar.gz -C "$image/opt" --one-top-level=mnist20k --strip-components=1

# The volumes; any user may be given to the container.
install -d -m 1777 "$image/data" "$image/runs"

# Whom the dataset's mirrors are checked against. Slim images bring nobody.
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/ca-certificates.crt"
