#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a Chromium for tests/browser from Debian's
# packages, and axe-core from npm into build/cache. Never fails: the tests themselves say what a missing
# part costs.
set -euo pipefail
cd "$(dirname "$0")/.."

AXE=4.14.1
AXE_SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

install_chromium() {
    if command -v chromium chromium-browser google-chrome >/dev/null; then
        return
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "tests/setup.sh: no Chromium on PATH, and installing one needs root and apt-get: browser tests cannot run"
        return
    fi
    echo "tests/setup.sh: installing Chromium with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local log install=(apt-get install -y -qq --no-install-recommends chromium)
    if ! log=$("${install[@]}" 2>&1 || { apt-get update -qq && "${install[@]}"; } 2>&1); then
        tail -n 3 <<<"$log"
        echo "tests/setup.sh: apt-get could not install Chromium: browser tests cannot run"
    fi
}

# The archive is checked against its pinned digest before anything of it is unpacked.
fetch_axe() {
    local target=build/cache/axe-core-$AXE.min.js folder
    if [ -s "$target" ]; then
        return
    fi
    if ! command -v npm >/dev/null; then
        echo "tests/setup.sh: no npm on PATH: the accessibility test cannot run"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/axe.XXXXXX)
    if ! npm pack --silent --pack-destination "$folder" "axe-core@$AXE" >/dev/null 2>&1; then
        echo "tests/setup.sh: npm could not fetch axe-core $AXE: the accessibility test cannot run"
    elif ! echo "$AXE_SHA512  $folder/axe-core-$AXE.tgz" | sha512sum --check --status; then
        echo "tests/setup.sh: axe-core $AXE does not match its pinned digest: the accessibility test cannot run"
    else
        tar -xzf "$folder/axe-core-$AXE.tgz" -C "$folder" package/axe.min.js
        mv "$folder/package/axe.min.js" "$target"
    fi
    rm -rf "$folder"
}

install_chromium
fetch_axe
