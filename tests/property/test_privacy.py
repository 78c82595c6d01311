"""Nothing about one person gets out: by cells, by differences of cells, or by words."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnmm_collectors.signals import Interval
from cnmm_collectors.tables.cells import Cells, team_share

K = 5
GROUPS = st.integers(min_value=0, max_value=120)


@given(GROUPS, GROUPS)
def test_a_share_holds_the_truth_and_one_person_either_side(hits: int, group: int) -> None:
    hits = min(hits, group)
    cell = Cells(K).share(hits, group)
    if group < K:
        assert cell is None
        return
    assert cell is not None
    assert cell.high is not None
    assert cell.low <= Fraction(max(0, hits - 1), group)
    assert cell.high >= Fraction(min(group, hits + 1), group)


@given(st.integers(min_value=K, max_value=120), st.booleans())
def test_nobody_and_everybody_look_like_others(group: int, known: bool) -> None:
    cells = Cells(K)
    shown = [cells.share(hits, group, known=known) for hits in range(group + 1)]
    assert all(one == shown[0] for one in shown[:K])
    assert all(one == shown[-1] for one in shown[-K:])


@given(st.integers(min_value=K, max_value=120), st.integers(min_value=0, max_value=120))
def test_a_group_is_told_by_its_step_alone(group: int, hits: int) -> None:
    cells, first = Cells(K), group // K * K
    hits = min(hits, first)
    assert len({cells.share(hits, one) for one in range(max(first, hits), first + K)}) == 1


def published(world: tuple[int, ...]) -> tuple[object, ...]:
    """Return everything that is told of a world; atoms by (in the inner group, holds A, holds B)."""
    cells = Cells(K)
    atoms = dict(zip(itertools.product((False, True), repeat=3), world, strict=True))

    def count(*wanted: bool | None) -> int:
        return sum(
            number
            for atom, number in atoms.items()
            if all(want is None or want == has for want, has in zip(wanted, atom, strict=True))
        )

    def either(inner: bool | None) -> int:
        return count(inner, True, None) + count(inner, None, True) - count(inner, True, True)

    whole, inner = count(None, None, None), count(True, None, None)
    told: list[object] = [cells.count(whole)]
    for about, size, known in ((None, whole, True), (True, inner, False)):
        for hits in (count(about, True, None), count(about, None, True), either(about)):
            told.append(cells.share(hits, size, known=known))
    told += [cells.bucket(count(None, True, None)), cells.bucket(either(None))]
    told += [cells.step(whole), cells.step(inner), cells.step(whole - inner)]
    return tuple(told)


def _neighbours(world: tuple[int, ...], at: int) -> Iterator[tuple[int, ...]]:
    """Yield worlds that differ in one count, the others moved by a few so that totals can stay."""
    for other in range(len(world)):
        for value in range(12):
            for moved in range(-6, 7):
                if value != world[at] and world[other] + moved >= 0 and (other != at or moved == 0):
                    changed = list(world)
                    changed[other] += moved
                    changed[at] = value
                    yield tuple(changed)
    for one, two in itertools.permutations([n for n in range(len(world)) if n != at], 2):
        for value in (world[at] - 1, world[at] + 1):
            for moved in range(-3, 4):
                changed = list(world)
                changed[at] = value
                changed[one] += moved
                changed[two] += world[at] - value - moved
                if min(changed) >= 0:
                    yield tuple(changed)


@settings(max_examples=150, deadline=None)
@given(st.tuples(*[st.integers(min_value=0, max_value=14)] * 8))
def test_no_count_below_k_can_be_recovered(world: tuple[int, ...]) -> None:
    """Every count of 1 to k-1, and of every cut, has another value that everything told fits as well."""
    seen = published(world)
    for at, number in enumerate(world):
        if 1 <= number < K:
            assert any(published(other) == seen for other in _neighbours(world, at)), (world, at)


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=60))
def test_a_share_of_teams_is_wider_than_one_team(hits: int, teams: int) -> None:
    cell = team_share(min(hits, teams), teams)
    assert (cell is None) == (teams < 3)
    if cell is not None:
        assert cell.high is not None
        assert cell.high - cell.low >= Fraction(1, teams)


def test_small_numbers_are_all_the_same() -> None:
    cells = Cells(K)
    low = Interval(Fraction(0), Fraction(K - 1))
    assert {cells.count(n) for n in range(K)} == {low}
    assert {cells.bucket(n) for n in range(K)} == {low}
    assert {cells.step(n) for n in range(K)} == {0}
    with pytest.raises(ValueError, match="5 or more"):
        Cells(4)


PERSONAL = ("Name", "First Name", "Salary", "Birth Date", "Comment", "Score", "Address")


class Planted:
    """Exports in which every personal cell is a string that occurs nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.canaries, self._chance = folder, [], random.Random(11)
        self.canaries: list[str]
        folder.mkdir()

    def plant(self, what: str) -> str:
        word = f"zq{what}{self._chance.randrange(16**10):010x}"
        self.canaries.append(word)
        return word

    def write(self, name: str, header: list[str], rows: list[list[str]]) -> None:
        text = "\n".join(",".join(row) for row in [header, *rows])
        (self.folder / name).write_text(text + "\n")

    def fill(self) -> None:
        titles = ["Senior Platform Engineer", "Software Developer", "Security Engineer", "Product Owner"]
        people = [(self.plant("id"), f"{self.plant('mail')}@corp.example") for _ in range(60)]
        private = [[self.plant("cell") for _ in PERSONAL] for _ in people]
        roster = [
            [who, mail, titles[n % 4], f"team-{n % 6}", people[n % 6][0], *private[n]]
            for n, (who, mail) in enumerate(people)
        ]
        roster += [[people[0][0], people[1][1], "Clash", "team-1", "", *private[0]], [self.plant("short")]]
        roster += [["", "", self.plant("title"), "team-1", "", *private[1]]]
        self.write("roster.csv", ["Employee ID", "Email", "Job Title", "Team", "Manager", *PERSONAL], roster)
        training = [
            [mail, f"Kubernetes {self.plant('course')}", "Completed", "2026-05-01", self.plant("note")]
            for _, mail in people[:40]
        ]
        training += [
            [f"{self.plant('stranger')}@x.example", "Helm", "Completed", "2026-05-01", ""],
            [people[3][1], "Helm", self.plant("status"), self.plant("date"), ""],
            [people[3][1], f'"Helm{self.plant("quote")}', "Completed", "2026-05-01", ""],
        ]
        self.write("training.csv", ["Email", "Course Title", "Status", "Completion Date", "Notes"], training)
        certificates = [
            [
                mail,
                "CKA: Certified Kubernetes Administrator",
                "The Linux Foundation",
                "2025-06-01",
                self.plant("lf"),
            ]
            for _, mail in people[:9]
        ]
        certificates.append([people[1][1], "CKA", "CNCF", self.plant("day"), self.plant("lf")])
        self.write("certs.csv", ["Email", "Badge Name", "Issuer", "Issued At", "Credential ID"], certificates)
        answers = [
            [f"2026-09-0{n % 9 + 1}", mail, str(n % 7 + 1), self.plant("comment")]
            for n, (_, mail) in enumerate(people[:40])
        ]
        self.write("survey.csv", ["Timestamp", "Email", "[trust]", "Any comment?"], answers)
        (self.folder / "broken.csv").write_bytes(
            b"Email,Job Title\n" + self.plant("broken").encode() + b"\0\xff\n"
        )
        (self.folder / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + self.plant("locked").encode() * 50)
        artefacts = self.folder / "artefacts"
        artefacts.mkdir()
        (artefacts / "strategy.txt").write_text(self.plant("document"))
        (artefacts / "strategy.txt.yaml").write_text(
            f"key: strategy-doc\ndate: 2026-06-01\nowner: {self.plant('owner')}\nreviewer: {self.plant('reviewer')}\n"
        )
        (artefacts / "bad.yaml").write_text(f"key: strategy-doc\ndate: {self.plant('baddate')}\n")
        (self.folder / "cnmm.yaml").write_text(
            "organisation: acme\nas_of: 2026-11-01\n"
            "sources:\n  roster: roster.csv\n  training: [training.csv, broken.csv, locked.xlsx]\n"
            "  certifications: certs.csv\n  survey: survey.csv\n  artefacts: artefacts\n"
            "collectors: {people: {surveys: {survey.csv: {invited: 60, scale: 7}}}}\n"
        )


def _install(site: Path) -> None:
    """Register the collectors for a checkout whose entry points were made before they existed."""
    from importlib.metadata import entry_points

    there = {entry.name for entry in entry_points(group="cnmm.collectors")}
    info = site / "cnmm_checkout-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cnmm-checkout\nVersion: 0\n")
    lines = [
        f"{name} = cnmm_collectors.{name}:{made}"
        for name, made in (("people", "PeopleCollector"), ("records", "RecordsCollector"))
        if name not in there
    ]
    (info / "entry_points.txt").write_text("\n".join(["[cnmm.collectors]", *lines]) + "\n")


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        yield path.name, path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())


def test_no_canary_is_in_anything_a_scan_writes(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "exports")
    planted.fill()
    _install(tmp_path / "site")
    temporary, out = tmp_path / "temporary", tmp_path / "out"
    temporary.mkdir()
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", "scan", "-c", "cnmm.yaml", "-o", str(out)],
        cwd=planted.folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]),
            "TMPDIR": str(temporary),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
        },
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr.decode()
    assert list(temporary.rglob("*")) == []
    written = [("stdout", done.stdout), ("stderr", done.stderr), *_everything(out)]
    if home.exists():
        written += list(_everything(home))
    found = [
        (name, canary)
        for name, raw in written
        for canary in planted.canaries
        if canary.encode() in raw or canary.encode() in raw.lower()
    ]
    assert found == []
    ledger = dict(written)["bundle.cnmm/ledger/people.ndjson"].decode()
    signals = dict(written)["bundle.cnmm/observations/signals/roster.ndjson"].decode()
    # The scan did read them: a search of nothing would find nothing.
    assert '"value":{"low":"45","high":"48"}' in signals or '"low":45' in signals
    assert "roster.csv" in ledger
    assert "locked.xlsx" in ledger
    assert "contradicts itself" in ledger
    assert "stray quote" in ledger
