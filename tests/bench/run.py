"""Measures every row in one run and writes build/bench.json; nothing here asserts a time."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.assess_rows import assess_rows
from bench.exports import export_rows
from bench.git_rows import git_rows
from bench.github_rows import github_rows
from bench.gitlab_rows import gitlab_rows
from bench.kube_rows import kube_rows
from bench.report_rows import report_rows
from bench.rows import LATENCIES, Row, missing
from bench.scale_rows import scale_rows
from bench.start_rows import start_rows

GROUPS: dict[str, Callable[[Path, Path | None], Iterator[Row]]] = {
    "start": lambda folder, peers: start_rows(),
    "git": git_rows,
    "assess": lambda folder, peers: assess_rows(folder),
    "report": lambda folder, peers: report_rows(folder),
    "github": lambda folder, peers: github_rows(),
    "gitlab": lambda folder, peers: gitlab_rows(),
    "kube": lambda folder, peers: kube_rows(folder),
    "exports": lambda folder, peers: export_rows(folder),
    "scale": lambda folder, peers: scale_rows(folder),
}
_WALLS = tuple(f"-{latency}ms" for latency in LATENCIES)
PROMISED = {
    "start": ("cold-start-vs-python",),
    "git": (
        "git-vs-git-log",
        "git-peak",
        "git-vs-pydriller",
        "git-vs-perceval",
        "git-growth",
        "git-tree-growth",
        "git-tree-peak",
    ),
    "assess": ("assess-vs-load", "assess-growth", "assess-memory"),
    "report": (
        "html-vs-json",
        "html-size",
        "html-growth",
        "html-paint-task",
        "html-filter-task",
        "html-open-task",
    ),
    "github": (
        "github-calls-per-repo-10",
        "github-calls-per-repo",
        "github-calls-per-repo-20000",
        "github-growth",
        "github-calls-only-there",
        "github-calls-per-100-small",
        "github-calls-per-100",
        "github-contents-calls",
        "github-second-scan-calls",
        "github-wall",
        "github-calls-vs-pygithub",
        *(f"github-wall-vs-pygithub{end}" for end in _WALLS),
    ),
    "gitlab": (
        "gitlab-calls-per-project-10",
        "gitlab-calls-per-project",
        "gitlab-calls-per-project-20000",
        "gitlab-growth",
        "gitlab-calls-premium",
        "gitlab-calls-per-100",
        "gitlab-second-scan-calls",
        "gitlab-calls-vs-python-gitlab",
        *(f"gitlab-wall-vs-python-gitlab{end}" for end in _WALLS),
    ),
    "kube": ("kube-vs-paging", "kube-peak", "kube-growth"),
    "exports": (
        "exports-vs-duckdb",
        "exports-peak",
        "exports-faults",
        "exports-growth",
        "xlsx-vs-calamine",
        "xlsx-growth",
    ),
    "scale": (
        "scale-peak",
        "scale-growth",
        "scale-memory",
        "scale-worker-growth",
        "dask-same-conclusions",
        "dask-vs-one-machine",
    ),
}
"""The rows that there must be, by group: one that nobody measured is shown as such and counts as short."""


def main() -> int:
    """Run the groups asked for, print the table and write the file; 1 where a group ended in an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="interpreter that has PyDriller and Perceval")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/bench.json"))
    told = f"groups or single rows, separated by commas: {', '.join(GROUPS)}, or the id of a row"
    parser.add_argument("--only", default="", help=told)
    options = parser.parse_args()
    # A cluster of workers runs in folders of its own, where a relative path would mean something else.
    folder = (options.output.parent / "bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    peers = options.peers if options.peers and options.peers.exists() else None
    try:
        wanted = choose(options.only.split(",") if options.only else [*PROMISED])
    except KeyError as error:
        parser.error(str(error.args[0]))
    where, rows, broken = machine(), list[Row](), 0
    print(where, flush=True)
    for number, (name, ids) in enumerate(wanted.items(), 1):
        say(f"{name}: group {number} of {len(wanted)}")
        found, why = measure(name, ids, lambda one=name: GROUPS[one](folder, peers))  # type: ignore[misc]
        rows += found
        broken += bool(why)
        # What was measured so far outlives whatever ends the run.
        options.output.write_text(json.dumps(document(rows, where), indent=1) + "\n")
    print(f"\n{where}", *map(_line, rows), sep="\n")
    print(f"{sum(row.pass_ for row in rows)} of {len(rows)} rows pass; {options.output}")
    return int(broken > 0)


def choose(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, by group, the rows that are wanted of it; raises KeyError for a name there is not."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        group = name if name in GROUPS else next((one for one in PROMISED if name in PROMISED[one]), "")
        if not group:
            raise KeyError(f"there is no group and no row {name}")
        found[group] = PROMISED[group] if name in GROUPS else (*found.get(group, ()), name)
    return found


def measure(name: str, ids: Sequence[str], rows: Callable[[], Iterable[Row]]) -> tuple[list[Row], str]:
    """Return a group's rows as far as they are wanted, what is missing among them, and why it broke."""
    found: list[Row] = []
    whole, why = set(ids) == set(PROMISED[name]), ""
    with beat(name):
        try:
            for row in rows():
                if whole or row.id in ids:
                    found.append(row)
                    print(_line(row), flush=True)
                if not whole and set(ids) <= {one.id for one in found}:
                    break
        except Exception as error:  # noqa: BLE001 - whatever breaks one group, the others are measured
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"
    measured = {row.id for row in found}
    lost = [missing(one, why or "its tools are not here") for one in ids if one not in measured]
    for row in lost:
        print(_line(row), flush=True)
    return [*found, *lost], why


@contextmanager
def beat(name: str) -> Iterator[None]:
    """Say every minute that a group is still at work, and at its end how long it took."""
    done, start = Event(), time.perf_counter()

    def tell() -> None:
        while not done.wait(60):
            say(f"{name}: at work for {time.perf_counter() - start:.0f} s")

    thread = Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        say(f"{name}: {time.perf_counter() - start:.0f} s")


def say(text: str) -> None:
    """Say how far the run is, beside the table."""
    print(text, file=sys.stderr, flush=True)


def machine() -> str:
    """Return what the figures were measured on, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def document(rows: Iterable[Row], where: str) -> list[dict[str, object]]:
    """Return what build/bench.json holds; raises ValueError where two rows have one id."""
    found = [{**row.to_json(), "machine": where} for row in rows]
    ids = [row["id"] for row in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two rows of one id: {sorted(name for name in ids if ids.count(name) > 1)}")
    return found


def _line(row: Row) -> str:
    word = "pass" if row.pass_ else "SHORT"
    value = "-" if row.value is None else row.value
    target = "" if row.target is None else f"(target {row.target})  "
    return f"{word:5} {row.id:26} {value:>9} {row.unit:3} {target}{row.detail}"


if __name__ == "__main__":
    sys.exit(main())
