#!/usr/bin/env python3
"""Serve what the built sample organisation runs on loopback, and run a command while it is served.

The command finds every target in SAMPLE/served.yaml, and every credential in its environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "tests")]

from services import Serve, Service, github, kubernetes

SERVICES: tuple[Serve, ...] = (github.serve, kubernetes.serve)


def main(arguments: list[str]) -> int:
    """Run the command with everything served; return its exit status."""
    if len(arguments) < 2:
        print("usage: serve.py SAMPLE COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    sample = Path(arguments[0]).resolve()
    if not (sample / "cnmm.yaml").exists():
        print(f"serve.py: {sample} holds no sample: build it first with build.py", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        running = [stack.enter_context(serve(sample)) for serve in SERVICES]
        write_settings(sample, running)
        variables = {name: value for one in running for name, value in one.environment.items()}
        return subprocess.run(arguments[1:], env={**os.environ, **variables}, check=False).returncode


def write_settings(sample: Path, running: Iterable[Service]) -> None:
    """Write SAMPLE/served.yaml: the sample's settings, and what the running services add to them."""
    settings: dict[str, Any] = yaml.safe_load((sample / "cnmm.yaml").read_text(encoding="utf-8"))
    for one in running:
        settings["targets"] += [target if isinstance(target, str) else dict(target) for target in one.targets]
        settings.setdefault("collectors", {}).update(
            {name: dict(own) for name, own in one.collectors.items()}
        )
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (sample / "served.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
