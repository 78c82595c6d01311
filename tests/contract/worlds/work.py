"""Exports of trackers, paging, deployments, reviews, wiki and usage of an organisation of four teams."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.scans import AS_OF
from contract.worlds import World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage

PARTS = ("files",)
REALITIES = ("whole", "tickets alone", "one person a team", "a folder")
FAULTS = (
    *OF_FILES,
    *(
        f"{fault} in {name}"
        for fault in ("missing", "garbage", "broken rows", "every other row")
        for name in ("pages", "deployments")
    ),
    "broken rows",
    "every other row",
)
TEAMS = ("platform", "payments", "checkout", "web")
PEOPLE = tuple(f"Planted{number:02d} Canary{number:02d}" for number in range(24))
LAYOUTS = {"reviews": "access reviews", "wiki": "wiki pages", "usage": "assistant usage"}
"""What an export is read as, where that is not its name."""
SETTINGS = {
    "tracked": ["*"],
    "platform": ["platform"],
    "rotas": {"*": {"zone": "Europe/Berlin"}},
}
TYPES = ("Story", "Bug", "Service Request", "Tech Debt", "Retro Action", "Incident")


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Write the exports; a fault strikes the tickets, or the export it names."""
    place = folder / "work"
    place.mkdir()
    files = write(place, few=state == "one person a team")
    rows = {LAYOUTS.get(name, name): len(path.read_text().splitlines()) - 1 for name, path in files.items()}
    if state == "tickets alone":
        for name in [one for one in files if one != "tickets"]:
            files.pop(name).unlink()
    if state not in REALITIES:
        fault, _, name = state.partition(" in ")
        struck = files[name or "tickets"]
        if fault == "broken rows":
            text = struck.read_text().splitlines()
            struck.write_text("\n".join([*text[:3], "broken", text[3].replace("2026", "nowhere"), *text[5:]]))
        elif fault == "every other row":
            header, *kept = struck.read_text().splitlines(keepends=True)
            struck.write_text("".join([header, *kept[::2]]))
        else:
            damage(struck, fault)
    facts = [("oncall" if name == "pages" else "work", str(path)) for name, path in files.items()]
    if state == "a folder":
        facts = [("work", str(place)), ("oncall", str(files["pages"]))]
        files["pages"].rename(folder / "pages.csv")
        facts[1] = ("oncall", str(folder / "pages.csv"))
    target = Target("work", "sources", subject=Subject(SubjectKind.ORG, "acme"), facts=(*facts, ("k", "5")))
    yield World(
        (target,),
        {**SETTINGS, "rows": rows},
        trees=(place,),
        canaries=PEOPLE,
        as_nobody=state.startswith("unreadable"),
    )


def moment(days: float) -> str:
    at = datetime.combine(AS_OF, datetime.min.time(), UTC) - timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def write(place: Path, *, few: bool = False) -> dict[str, Path]:
    """Write every kind of export."""
    tickets: list[Sequence[str]] = [
        ("Issue key", "Summary", "Issue Type", "Labels", "Sprint", "Team", "Requesting Team", "Assignee",
         "Created", "Updated", "Resolved", "Pull Request"),
    ]  # fmt: skip
    for n in range(240):
        kind = TYPES[n % 6]
        team = "platform" if kind == "Service Request" else TEAMS[n // 6 % 4]
        who = PEOPLE[TEAMS.index(team)] if few else PEOPLE[n % 24]
        opened = 1 + n % 200
        tickets.append(
            (f"A-{n}", f"about {who}", kind, "", "Sprint 7" if n % 2 else "", team,
             TEAMS[1 + n % 3] if kind == "Service Request" else "", who, moment(opened), moment(opened / 2),
             moment(opened / 2) if n % 4 else "", "yes" if n % 3 else ""),
        )  # fmt: skip
    tables: dict[str, list[Sequence[str]]] = {
        "tickets": tickets,
        "pages": [
            ("incident_number", "created_at", "escalation_policy", "assigned_to"),
            *((str(n), moment(1 + n / 2), TEAMS[n % 4], PEOPLE[n % 24]) for n in range(200)),
        ],
        "deployments": [
            ("Repository", "Deployed at", "Environment", "First commit at", "Failed"),
            *(
                (f"acme/{TEAMS[n % 4]}", moment(1 + n / 2), "production", moment(2 + n / 2), "yes" if n % 9 == 0 else "no")
                for n in range(200)
            ),
        ],
        "reviews": [
            ("Access Review Name", "Completed on", "Campaign status"),
            ("Access to clusters", moment(30)[:10], "Completed"),
            ("Access to hosts", "", "Open"),
        ],
        "wiki": [
            ("Page", "Last modified", "Author"),
            ("Platform roadmap", moment(20)[:10], PEOPLE[0]),
            ("Lunch", moment(2)[:10], PEOPLE[1]),
        ],
        "usage": [("Assistant", "Period end", "Active users"), ("Helper", moment(7)[:10], "31")],
    }  # fmt: skip
    return {name: _save(place / f"{name}.csv", rows) for name, rows in tables.items()}


def _save(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path
