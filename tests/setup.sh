#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a Chromium for tests/browser, from
# Debian's packages. Never fails: the tests themselves say what a missing part costs.
set -euo pipefail

if command -v chromium chromium-browser google-chrome >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests/setup.sh: no Chromium on PATH, and installing one needs root and apt-get: browser tests cannot run"
    exit 0
fi
echo "tests/setup.sh: installing Chromium with apt-get"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -qq --no-install-recommends chromium)
if ! log=$("${install[@]}" 2>&1 || { apt-get update -qq && "${install[@]}"; } 2>&1); then
    tail -n 3 <<<"$log"
    echo "tests/setup.sh: apt-get could not install Chromium: browser tests cannot run"
fi
