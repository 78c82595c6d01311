"""Law 10 over real scans: whatever befalls a folder of repositories, every one of them is accounted for."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cnmm_scanner.lanes import parse_executor
from cnmm_scanner.preparation import Order, prepare
from cnmm_scanner.progress import Quiet
from cnmm_scanner.run import run_scan
from contract.worlds.git import damage
from unit.collectors.git.repos import JANE, OMAR, History

EXAMPLES = int(os.environ.get("CNMM_LEDGER_EXAMPLES", "4"))
STATES = (
    "whole",
    "whole",
    "empty repository",
    "bare",
    "shallow",
    "corrupt pack",
    "lost blob",
    "unborn head",
    "head of garbage",
    "no objects",
    "truncated pack",
)
UNREADABLE = {"corrupt pack", "unborn head", "head of garbage", "no objects", "truncated pack"}
folders = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9._-]{0,8}[a-z0-9]", fullmatch=True).filter(
        lambda name: not name.endswith(".git")
    ),
    st.tuples(st.sampled_from(STATES), st.integers(1, 4), st.booleans()),
    min_size=1,
    max_size=6,
)


# Without shrinking: each example is a whole scan.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(folders)
def test_every_repository_of_a_folder_is_accounted_for(made: Mapping[str, tuple[str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, (name, (state, commits, nested)) in enumerate(sorted(made.items())):
            parent = folder / "group" / "nested" if nested else folder / "group"
            build(parent / name, state, commits, folder / f"aside{number}")
        told, rows = scan(folder)
    for row in rows:
        assert row["requested"] == row["received"] + row.get("skipped", 0) + row.get("failed", 0), row
        assert min(row["requested"], row["received"], row.get("skipped", 0), row.get("failed", 0)) >= 0
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        for place_, part in enumerate(("requested", "received", "skipped", "failed")):
            totals[row["source"], row["unit"]][place_] += row.get(part, 0)
    printed = {
        (one["source"], one["unit"]): [one[part] for part in ("requested", "received", "skipped", "failed")]
        for one in told["ledger"]["by_source"]
    }
    assert printed == dict(totals)
    seen = {row["about"].rpartition("/")[2]: row for row in rows if row["unit"] == "repository"}
    assert set(seen) >= set(made), f"lost: {sorted(set(made) - set(seen))}"
    for name, (state, _, _) in made.items():
        assert seen[name]["failed" if state in UNREADABLE else "received"] == 1, (state, seen[name])


def build(folder: Path, state: str, commits: int, aside: Path) -> None:
    """Make a repository of so many commits and bring it into a state."""
    aside.mkdir()
    history = History()
    for number in range(commits):
        files: dict[str | bytes, str | bytes | None] = {
            "Dockerfile": "FROM scratch\n",
            "src/a.py": f"a = {number}\n",
        }
        history.commit(files, 60 - number, (JANE, OMAR)[number % 2])
    history.write(folder)
    if state == "head of garbage":
        (folder / ".git/HEAD").write_bytes(b"\x00\xff no ref\n")
    elif state in ("no objects", "truncated pack"):
        strip(folder / ".git/objects", state == "truncated pack")
    else:
        damage(state, folder, aside, aside / "trap")


def strip(objects: Path, half: bool) -> None:
    """Take the objects away, or the second half of each of their files."""
    for path in sorted(objects.rglob("*")):
        if path.is_file():
            path.chmod(0o644)
            raw = path.read_bytes()
            path.unlink()
            if half:
                path.write_bytes(raw[: len(raw) // 2])


def scan(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the assessment of a scan of `group`, and every row of its sealed ledger."""
    order = Order(
        targets=(str(folder / "group"),),
        output=folder / "out",
        organisation="acme",
        as_of=date(2026, 11, 22),
        executor=parse_executor("threads:1"),
        formats=("json",),
        own_only=True,
        quiet=True,
    )
    done = run_scan(prepare(order), Quiet())
    assert done.status == 0
    with zipfile.ZipFile(done.bundle) as archive:
        lines = [
            line
            for name in archive.namelist()
            if name.startswith("ledger/")
            for line in archive.read(name).splitlines()
        ]
    told: dict[str, Any] = json.loads((folder / "out/assessment.json").read_bytes())
    return told, [json.loads(line) for line in lines]


def test_a_repository_whose_git_folder_is_gone_is_not_lost(tmp_path: Path) -> None:
    for name in ("good", "gone"):
        build(tmp_path / "group" / name, "whole" if name == "good" else "broken gitdir", 1, tmp_path / name)
    _, rows = scan(tmp_path)
    assert {row["about"].rpartition("/")[2] for row in rows if row["unit"] == "repository"} == {
        "good",
        "gone",
    }
