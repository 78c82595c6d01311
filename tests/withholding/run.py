#!/usr/bin/env python3
"""Withhold everything from the auditors of the sample organisation, one thing at a time: `make withhold`.

Each variant is a whole scan by the command line, host and clusters served on loopback. Ends with status 1 where
less evidence proved more, ruled out more, decided a row or narrowed a measure.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "examples" / "acme"
sys.path[:0] = [str(ROOT / "tests")]

from withholding.judging import Assessment, breaches, narrowed  # noqa: E402
from withholding.variants import Case, Variant, copied, variants  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan every variant; return 1 where one breaks the law, or ends with another status than a scan may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="variants with one of these in their name")
    parser.add_argument("--seed", type=int, default=0, help="which rows are drawn")
    parser.add_argument("--offline", action="store_true", help="without host and clusters")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="withhold-") as temporary:
        folder = Path(temporary)
        with sample(folder, served=not given.offline) as case:
            wanted = [
                one for one in variants(case, given.seed) if any(word in one.name for word in given.only)
            ]
            return report(case, wanted, folder)


def report(case: Case, wanted: Sequence[Variant], folder: Path) -> int:
    """Print what became of each variant; return the exit status."""
    whole, failed = scan(case, folder), 0
    for one in wanted:
        found = withheld(case, one, folder, whole)
        failed += bool(found)
        print(f"{'BROKEN' if found else 'ok':6}  {one.name}", *found, sep="\n        ", flush=True)
    print(f"{len(wanted)} variants, {failed} broken")
    return 1 if failed or not wanted else 0


@contextmanager
def sample(folder: Path, *, served: bool) -> Iterator[Case]:
    """Yield the built sample organisation as a case, served on loopback while the context is open."""
    home = folder / "acme"
    subprocess.run([sys.executable, str(ACME / "build.py"), str(home)], check=True)
    with ExitStack() as stack:
        named, environment = home / "cnmm.yaml", {}
        if served:
            serving = _serving()
            running = [stack.enter_context(serve(home)) for serve in serving.SERVICES]
            serving.write_settings(home, running)
            named = home / "served.yaml"
            environment = {name: value for one in running for name, value in one.environment.items()}
        yield copied(home, settings_of(named), environment, folder / "given")


def settings_of(path: Path) -> dict[str, Any]:
    """Return the settings of a file."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _serving() -> ModuleType:
    """Return the sample's own `serve.py`."""
    spec = importlib.util.spec_from_file_location("acme_serve", ACME / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def withheld(case: Case, variant: Variant, folder: Path, whole: Assessment) -> list[str]:
    """Return how a scan of a variant breaks the law."""
    less = Case(folder / "less", json.loads(json.dumps(case.settings, default=str)), dict(case.environment))
    shutil.copytree(case.folder, less.folder)
    try:
        variant.take(less)
        told = scan(less, folder)
        return [*breaches(whole, told), *(() if variant.lists else narrowed(whole, told))]
    except subprocess.CalledProcessError as error:
        return [f"ended with status {error.returncode}: {error.stderr.decode('utf-8', 'replace')[-400:]}"]
    finally:
        shutil.rmtree(less.folder)


def scan(case: Case, folder: Path) -> Assessment:
    """Return the assessment of a case; raises CalledProcessError where the scan does not end well."""
    settings, out = case.folder / "cnmm.yaml", folder / "report"
    settings.write_text(yaml.safe_dump(case.settings), encoding="utf-8")
    name = Path(sys.executable).parent / "cnmm"
    order = ["scan", "--config", settings, "--output", out, "--format", "json", "--fresh", "--quiet"]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ACME_")}
    surroundings |= {"XDG_CACHE_HOME": str(folder / "cache"), **case.environment}
    subprocess.run([name, *order], check=True, capture_output=True, env=surroundings)
    found: Assessment = json.loads((out / "assessment.json").read_bytes())
    return found


if __name__ == "__main__":
    sys.exit(main())
