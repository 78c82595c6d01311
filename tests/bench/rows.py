"""What a benchmark row is, and how a process is timed beside its peak memory."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured ratio: `value` against `target` in `unit`; `pass_` says on which side it fell.

    Both are None where a promised row could not be measured, which is short.
    """

    id: str
    value: float | None
    target: float | None
    unit: str
    pass_: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        """Return the row of build/bench.json."""
        record = asdict(self)
        record["pass"] = record.pop("pass_")
        return record


def at_most(name: str, value: float, target: float, detail: str, unit: str = "x") -> Row:
    """Return a row that passes up to its target."""
    return Row(name, round(value, 3), target, unit, value <= target, detail)


def at_least(name: str, value: float, target: float, detail: str, unit: str = "x") -> Row:
    """Return a row that passes from its target on."""
    return Row(name, round(value, 3), target, unit, value >= target, detail)


def missing(name: str, why: str) -> Row:
    """Return a promised row that was not measured."""
    return Row(name, None, None, "", False, f"not measured: {why}")


@dataclass(frozen=True)
class Timed:
    """Wall and CPU seconds of a process and its children, and the largest of their peaks in MiB."""

    wall: float
    cpu: float
    peak: float
    output: bytes


PEAK = """
def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
"""
"""Code for a process that tells its own peak in MiB: getrusage starts with that of whoever started it."""


def growth(points: Sequence[tuple[float, float]]) -> float:
    """Return the exponent with which a value grows over sizes: the slope of its logarithm, by least squares."""
    spots = [(math.log(size), math.log(max(value, 1e-9))) for size, value in points]
    middle = sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)
    spread = sum((x - middle[0]) ** 2 for x, _ in spots)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in spots) / spread if spread else 0.0


LATENCIES = (0, 50, 200)
"""Milliseconds that each answer of a host takes, where rival clients of its API are timed."""


def wall(action: Callable[[], object]) -> float:
    """Return the seconds that something takes once."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def timed(
    command: Sequence[str | Path], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Timed:
    """Run a command to its end and return what it took; raises where it fails."""
    given = os.environ if environment is None else environment
    environment = {key: value for key, value in given.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Timed(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def best(command: Sequence[str | Path], times: int, cwd: Path | None = None) -> Timed:
    """Return the fastest of several runs; noise only ever adds."""
    return min((timed(command, cwd) for _ in range(times)), key=lambda run: run.wall)


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs code in this interpreter."""
    return [sys.executable, "-c", code, *arguments]
