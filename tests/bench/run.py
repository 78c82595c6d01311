"""Measures every row in one run and writes build/bench.json; nothing here asserts a time."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.assess_rows import assess_rows
from bench.exports import export_rows
from bench.git_rows import git_rows
from bench.github_rows import github_rows
from bench.gitlab_rows import gitlab_rows
from bench.kube_rows import kube_rows
from bench.report_rows import report_rows
from bench.rows import Row
from bench.start_rows import start_rows


def main() -> None:
    """Run the groups asked for, print a table and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="interpreter that has PyDriller and Perceval")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/bench.json"))
    parser.add_argument(
        "--only", default="", help="a group: start, git, assess, report, github, kube, exports"
    )
    options = parser.parse_args()
    folder = options.output.parent / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    peers = options.peers if options.peers and options.peers.exists() else None
    groups: dict[str, Callable[[], Iterator[Row]]] = {
        "start": start_rows,
        "git": lambda: git_rows(folder, peers),
        "assess": lambda: assess_rows(folder),
        "report": lambda: report_rows(folder),
        "github": github_rows,
        "gitlab": gitlab_rows,
        "kube": lambda: kube_rows(folder),
        "exports": lambda: export_rows(folder),
    }
    print(f"{platform.machine()}, Python {platform.python_version()}", flush=True)
    rows: list[Row] = []
    for name, group in groups.items():
        if options.only in ("", name):
            for row in group():
                rows.append(row)
                print(_line(row), flush=True)
    options.output.write_text(json.dumps([row.to_json() for row in rows], indent=1) + "\n")


def _line(row: Row) -> str:
    word = "pass" if row.pass_ else "SHORT"
    return f"{word:5} {row.id:24} {row.value:>9} {row.unit:3} (target {row.target})  {row.detail}"


if __name__ == "__main__":
    main()
