#!/usr/bin/env bash
# Usage: tools/venv.sh DIR LOCK [INSTALL-ARGUMENT...]
# Makes DIR a virtual environment of what LOCK pins, every hash checked, plus what the further
# arguments install (built with the pinned setuptools, nothing fetched). Only wheels are taken from
# outside, so no unpinned build step runs. With uv where it is on PATH, else with venv and pip.
# Done in no time when DIR is in that state already.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 lock=$2
shift 2

stop() { echo "tools/venv.sh: $*" >&2; exit 2; }

# One line: the lock, and a digest of all that decides what DIR holds.
state() {
    echo "$lock $({ printf '%s\n' "$PWD" "$@"; cat "$lock" pyproject.toml tools/venv.sh; } | git hash-object --stdin)"
}

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    name=${PYTHON:-python3}
    stop "cnmm needs Python 3.11 to 3.14, and $name is $("$name" --version 2>/dev/null || echo "not to be found")." \
        "Install one, or say where it is: make PYTHON=/path/to/python3.12"
}

fill_with_uv() {
    "$dir/bin/python" -c '' 2>/dev/null || uv venv --quiet --clear --no-python-downloads --python "$python" "$dir"
    uv pip sync --quiet --python "$dir/bin/python" --require-hashes --no-build "$lock"
    [ $# = 0 ] || uv pip install --quiet --python "$dir/bin/python" --no-deps --no-build-isolation "$@"
}

fill_with_pip() {
    local pip=("$dir/bin/python" -m pip --disable-pip-version-check --quiet)
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        "$python" -c 'import ensurepip' 2>/dev/null ||
            stop "$python cannot make virtual environments: install its venv package (python3-venv) or uv"
        "$python" -m venv --clear "$dir"
    fi
    "${pip[@]}" install --no-compile --require-hashes --only-binary :all: --requirement "$lock"
    [ $# = 0 ] || "${pip[@]}" install --no-compile --no-index --no-deps --no-build-isolation "$@"
}

command -v git >/dev/null || stop "git is not on PATH"
made_from=$(cut -d ' ' -f 1 "$dir/.state" 2>/dev/null || true)
# The development lock pins all that the runtime lock pins, at the same versions: never step back.
case "$lock $made_from" in
    "requirements.lock requirements-dev.lock" | "deploy/requirements.lock requirements-dev.lock") lock=$made_from ;;
esac
if [ -n "$made_from" ] && [ "$(cat "$dir/.state")" = "$(state "$@")" ] && "$dir/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
python=$(find_python)
echo "Making $dir from $lock"
rm -f "$dir/.state"
if command -v uv >/dev/null; then fill_with_uv "$@"; else fill_with_pip "$@"; fi
# Beside the sources it would be found before the installed metadata, and go stale.
rm -rf cnmm.egg-info
state "$@" >"$dir/.state"
