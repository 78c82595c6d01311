"""Exports of thirty invented people in five teams, one of them smaller than any group that may be shown."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.worlds import World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage

PARTS = ("files",)
KINDS = ("roster", "training", "certifications", "survey", "openings")
REALITIES = ("whole", "roster alone", "three people", "a folder of rosters")
FAULTS = (
    *OF_FILES,
    *(f"{fault} in {kind}" for fault in ("missing", "garbage", "cut off") for kind in KINDS[1:]),
    *(f"header alone in {kind}" for kind in KINDS[:4]),
    *(f"every other row in {kind}" for kind in KINDS),
)
NAMES = tuple(f"Planted{number:02d} Canary{number:02d}" for number in range(30))
TEAMS = ("payments", "checkout", "platform", "web", "tiny")
TITLES = ("Software Engineer", "Platform Engineer", "Security Engineer", "SRE", "QA Engineer")
MANAGER = "M00"


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Write the exports; a fault strikes the roster, or the export it names."""
    place = folder / "exports"
    place.mkdir()
    count = 3 if state == "three people" else len(NAMES)
    files = write(place, count)
    settings = {
        "headcount": count,
        "rows": {kind: rows_of(files[kind]) for kind in ("training", "certifications", "openings")},
        "surveys": {"survey.csv": {"answered": 25}},
    }
    if state == "roster alone":
        for kind in KINDS[1:]:
            files.pop(kind).unlink()
    if state == "a folder of rosters":
        (place / "rosters").mkdir()
        files["roster"] = files["roster"].rename(place / "rosters" / "roster.csv").parent
    if state not in REALITIES:
        fault, _, kind = state.partition(" in ")
        if fault == "header alone":
            place = files[kind]
            place.write_text(place.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
        elif fault == "every other row":
            header, *rows = files[kind].read_text(encoding="utf-8").splitlines(keepends=True)
            files[kind].write_text("".join([header, *rows[::2]]), encoding="utf-8")
        else:
            damage(files[kind or "roster"], fault)
    facts = (*((kind, str(path)) for kind, path in files.items()), ("k", "5"))
    target = Target("people", "sources", subject=Subject(SubjectKind.ORG, "acme"), facts=facts)
    canaries = (*NAMES, *(mail(number) for number in range(len(NAMES))))
    yield World(
        (target,), settings, trees=(place,), canaries=canaries, as_nobody=state.startswith("unreadable")
    )


def rows_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines()) - 1


def mail(number: int) -> str:
    return f"planted{number:02d}@corp.example"


def team(number: int) -> str:
    return TEAMS[4] if number in (28, 29) else TEAMS[number % 4]


def write(place: Path, count: int) -> dict[str, Path]:
    """Write every kind of export about the first so many people."""
    people = range(count)
    rows = {
        "roster": [
            (
                "employee id",
                "name",
                "work email",
                "job title",
                "team",
                "level",
                "manager id",
                "population",
                "champion",
                "status",
            ),
            *(
                (
                    f"E{n:02d}",
                    NAMES[n],
                    mail(n),
                    TITLES[n % 5],
                    team(n),
                    "senior" if n % 3 else "junior",
                    MANAGER,
                    "yes" if n % 2 else "no",
                    "yes" if n % 7 == 0 else "no",
                    "active",
                )
                for n in people
            ),
        ],
        "training": [
            ("employee id", "course", "provider", "status", "completion date"),
            *(
                (
                    f"E{n:02d}",
                    "Kubernetes fundamentals" if n % 2 else "Secure coding",
                    "Internal Academy" if n % 3 else "Linux Foundation",
                    "completed",
                    f"2026-0{1 + n % 9}-15",
                )
                for n in people
                if n % 4
            ),
        ],
        "certifications": [
            ("email", "certification", "issued on", "expires on", "credential id"),
            *(
                (
                    mail(n),
                    "CKA: Certified Kubernetes Administrator",
                    "2026-02-01",
                    "2028-02-01",
                    f"LF-{n:08d}",
                )
                for n in people
                if n % 3 == 0
            ),
        ],
        "survey": [
            ("item", "mean", "responses", "department", "invited", "scale"),
            ("I trust my team", "4.1", "25", "", "30", "5"),
            ("I feel safe to take a risk in this team", "3.9", "25", "", "30", "5"),
        ],
        "openings": [
            ("job title", "posted on", "team", "job description"),
            ("Platform Engineer", "2026-09-01", "platform", "Kubernetes and friends"),
            ("Software Engineer", "2026-08-01", "web", "Java"),
        ],
    }
    return {kind: _save(place / f"{kind}.csv", table) for kind, table in rows.items()}


def _save(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path
