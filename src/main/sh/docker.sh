#!/usr/bin/env bash
# docker.sh TARGET IMAGE [OPTION…]: builds a target of docker/Dockerfile with docker, or with podman where that is what
# there is.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../../.."

readonly target=$1 image=$2
engine=$(command -v docker || command -v podman) || {
    echo "make docker: neither docker nor podman is on PATH: install one of them." >&2
    exit 1
}
version=$(sed -n '0,/<version>/ s|.*<version>\(.*\)</version>.*|\1|p' pom.xml)
DOCKER_BUILDKIT=1 "$engine" build --target "$target" --tag "$image" --tag "$image:$version" --build-arg VERSION="$version" \
    --file docker/Dockerfile "${@:3}" .
