#!/usr/bin/env bash
# Usage: tools/release.sh DIR
# Writes what a release consists of into DIR: the wheel, the source archive, a CycloneDX bill of materials of what a
# user installs, and their digests. All of it is made of the commit alone: the wheel is built twice, in two folders,
# and anything that differs stops it. Needs the environment of `make venv`.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
[ -z "$(git status --porcelain)" ] || [ -n "${CNMM_RELEASE_DIRTY:-}" ] ||
    { echo "tools/release.sh: commit first: a release is made of a commit" >&2; exit 2; }
rm -rf "$1"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8 PYTHONHASHSEED=0
unset PYTHONPATH
umask 022

for part in one two; do
    mkdir "$work/$part"
    git archive HEAD | tar -x -C "$work/$part"
    (cd "$work/$part" && "$root/.venv/bin/python" -m build --wheel --no-isolation --outdir "$work/dist-$part" . \
        >"$work/log" 2>&1) || { cat "$work/log" >&2; exit 1; }
done
for wheel in "$work"/dist-one/*.whl; do
    cmp "$wheel" "$work/dist-two/$(basename "$wheel")" ||
        { echo "tools/release.sh: two builds of one commit differ" >&2; exit 1; }
    cp "$wheel" "$dir/"
done
name=$(basename "$wheel" | cut -d - -f 1,2)
git archive --prefix "$name/" HEAD | gzip -n -9 >"$dir/$name.tar.gz"
# The graph between the pins is not in a lock, which the tool warns about.
PYTHONWARNINGS=ignore .venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --output-format JSON \
    --output-file "$dir/$name.cdx.json" requirements.lock
(cd "$dir" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
cat "$dir/SHA256SUMS"
