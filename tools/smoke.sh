#!/usr/bin/env bash
# Usage: tools/smoke.sh DIR
# Builds the wheel, installs it with nothing but the runtime lock into a clean environment, and does
# the main job with it far from the sources: scan a repository made on the spot, verify the bundle.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf "$1"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
unset PYTHONPATH

.venv/bin/python -m build --no-isolation --outdir "$dir/dist" . >"$dir/build.log" 2>&1 ||
    { cat "$dir/build.log" >&2; exit 1; }
rm -rf cnmm.egg-info
tools/venv.sh "$1/venv" requirements.lock "$dir"/dist/*.whl

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work XDG_CACHE_HOME=$work/cache XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init --quiet --initial-branch main shop
mkdir -p shop/docs
echo "# Shop" >shop/README.md
echo "* @acme/payments" >shop/CODEOWNERS
echo "How to deploy, and how to go back." >shop/docs/runbook.md
git -C shop add .
git -C shop -c user.name=Builder -c user.email=builder@example.org commit --quiet --message "First version"

cnmm=$dir/venv/bin/cnmm
"$cnmm" --help >/dev/null
"$cnmm" scan shop -o out >scan.log 2>&1 || { cat scan.log >&2; exit 1; }
for file in out/report.html out/assessment.json out/bundle.cnmm; do
    [ -s "$file" ] || { echo "smoke: the scan wrote no $file" >&2; exit 1; }
done
"$cnmm" verify out/bundle.cnmm >/dev/null
echo "smoke: $(basename "$dir"/dist/*.whl) scans and verifies in a clean environment"
