"""Runs the command line with a third-party plug-in installed: as its users do, or quicker in this process."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from cnmm_scanner.cli import run
from cnmm_scanner.plugins import installed
from e2e.probe_plugin import install

SETTINGS = "organisation: acme\nas_of: 2026-11-22\ncatalogue: {id: probe-rules}\n"


class Bench:
    """A folder with a plug-in, settings and recipes; `run` starts cnmm in it.

    Each command has a process of its own unless `apart` is False: starting one costs more than most of what
    is tested here.
    """

    def __init__(self, folder: Path, *, apart: bool = True) -> None:
        self.folder = folder
        self.apart = apart
        self.site = install(folder / "site")
        self.log = folder / "log"
        (folder / "cnmm.yaml").write_text(SETTINGS)

    def recipe(self, name: str = "recipe", **more: Any) -> str:
        """Write a recipe; return it as a target."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({"items": 3, "log": str(self.log), **more}))
        return f"probe:{path}"

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment in which the plug-in is installed."""
        paths = [str(self.site), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **more}

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start cnmm and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "cnmm_scanner", *arguments],
            cwd=self.folder,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background has told them to ignore Ctrl-C.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        """Run cnmm; return its exit status, standard output and standard error."""
        if not self.apart:
            return self._here(*arguments, **more)
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def _here(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        collects = arguments[0] in {"scan", "collect"} and "--executor" not in arguments
        chosen = [*arguments, "--executor", "threads:2"] if collects else [*arguments]
        out, err = io.BytesIO(), io.BytesIO()
        texts = _text(out), _text(err)  # held until read: a wrapper that goes closes its stream
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.chdir(self.folder))
            stack.enter_context(mock.patch.dict(os.environ, more))
            stack.enter_context(mock.patch.object(sys, "path", [str(self.site), *sys.path]))
            for name in [name for name in sys.modules if name.startswith("probe_plugin")]:
                del sys.modules[name]
            importlib.invalidate_caches()
            installed.cache_clear()  # as in a process of its own
            stack.enter_context(contextlib.redirect_stdout(texts[0]))
            stack.enter_context(contextlib.redirect_stderr(texts[1]))
            status = run(chosen)
        return status, out.getvalue().decode(), err.getvalue().decode()

    def scan(self, *arguments: str, output: str = "out", **more: str) -> tuple[int, str, str]:
        """Scan with the bench's settings into `output`."""
        return self.run("scan", "-c", "cnmm.yaml", "-o", output, "--format", "plain", *arguments, **more)

    def read(self) -> list[str]:
        """Return the items that were really read, in the order they were begun."""
        return self.log.read_text().split() if self.log.exists() else []

    def assessment(self, output: str = "out") -> dict[str, Any]:
        """Return the assessment that was written."""
        document: dict[str, Any] = json.loads((self.folder / output / "assessment.json").read_bytes())
        return document


def _text(stream: io.BytesIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8", write_through=True)


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Return once it is true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.02)
