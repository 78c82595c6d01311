"""Measures every row in one run and writes build/bench.json; nothing here asserts a time."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.assess_rows import assess_rows
from bench.exports import export_rows
from bench.git_rows import git_rows
from bench.github_rows import github_rows
from bench.gitlab_rows import gitlab_rows
from bench.kube_rows import kube_rows
from bench.report_rows import report_rows
from bench.rows import LATENCIES, Row
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
    "git": ("git-vs-git-log", "git-peak", "git-vs-pydriller", "git-vs-perceval", "git-growth"),
    "assess": ("assess-vs-load", "assess-growth"),
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
    "scale": ("scale-peak", "scale-growth", "scale-worker-growth", "dask-same-conclusions"),
}
"""The rows that there must be, by group: one that nobody measured is shown as such and counts as short."""


def main() -> None:
    """Run the groups asked for, print a table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="interpreter that has PyDriller and Perceval")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--only", default="", help=f"groups, separated by commas: {', '.join(GROUPS)}")
    options = parser.parse_args()
    folder = options.output.parent / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    peers = options.peers if options.peers and options.peers.exists() else None
    chosen = options.only.split(",") if options.only else [*GROUPS]
    print(machine(), flush=True)
    rows: list[Row] = []
    for name in chosen:
        for row in GROUPS[name](folder, peers):
            rows.append(row)
            print(_line(row), flush=True)
    for missing in unmeasured(rows, chosen if options.only else [*PROMISED]):
        print(f"SHORT {missing:24} not measured", flush=True)
    options.output.write_text(json.dumps(document(rows, machine()), indent=1) + "\n")
    print(f"{sum(row.pass_ for row in rows)} of {len(rows)} rows pass; {options.output}")


def machine() -> str:
    """Return what the figures were measured on, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def unmeasured(rows: Iterable[Row], groups: Iterable[str]) -> list[str]:
    """Return the promised rows of the groups that nothing measured."""
    measured = {row.id for row in rows}
    return [name for group in groups for name in PROMISED.get(group, ()) if name not in measured]


def document(rows: Iterable[Row], where: str) -> list[dict[str, object]]:
    """Return what build/bench.json holds; raises ValueError where two rows have one id."""
    found = [{**row.to_json(), "machine": where} for row in rows]
    ids = [row["id"] for row in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two rows of one id: {sorted(name for name in ids if ids.count(name) > 1)}")
    return found


def _line(row: Row) -> str:
    word = "pass" if row.pass_ else "SHORT"
    return f"{word:5} {row.id:24} {row.value:>9} {row.unit:3} (target {row.target})  {row.detail}"


if __name__ == "__main__":
    main()
