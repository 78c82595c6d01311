"""What the collectors of people publish, as a whole: the same for every number from none to k-1, in one scan or two.

The worlds are exports on disk, read by the collectors as a scan would; what is compared is all they yield but the
digests of the files themselves and the person facts, which never leave a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from cnmm_collectors.people import PeopleCollector
from cnmm_collectors.people.settings import COUNTED
from cnmm_collectors.plugin import LedgerRow, PersonFact, Population, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Signal, seal
from cnmm_collectors.subjects import Subject
from cnmm_collectors.tables.cells import Cells
from cnmm_collectors.work import WorkCollector

K = 5
AS_OF = date(2026, 11, 1)
Exports = dict[str, list[str]]
"""Rows by kind of export, the header first; what follows a hyphen names one file of several."""
SETTINGS: dict[str, dict[str, object]] = {
    "people": {
        "mappings": {"roster-earlier.csv": {"state_of": "2025-11-01"}},
        "headcount": 1,
        "rows": dict.fromkeys(COUNTED, 1),
    },
    "work": {"tracked": ["*"], "platform": ["platform"], "rows": {"tickets": 1, "pages": 1}},
}


def published(folder: Path, exports: Exports) -> frozenset[str]:
    """Return all that a scan of these exports publishes, digests left out."""
    facts = []
    for name, rows in exports.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
        facts.append((name.partition("-")[0], str(folder / f"{name}.csv")))
    found: set[str] = set()
    for collector, name in ((PeopleCollector(), "people"), (WorkCollector(), "work")):
        reader = SourceReader(collector=name, version="1", as_of=AS_OF, now="2026-11-01T00:00:00Z")
        target = Target(name, "sources", subject=Subject.parse("org:acme"), facts=(*facts, ("k", str(K))))
        chosen = collector.Settings.model_validate(SETTINGS[name])
        for item in collector.plan(target, chosen, reader):
            for one in collector.collect(item, chosen, reader) if isinstance(item, WorkItem) else [item]:
                found |= set(_spelled(one))
    return frozenset(found)


def _spelled(one: object) -> Iterator[str]:
    if isinstance(one, Signal):
        yield repr({key: value for key, value in seal(one).to_json().items() if key != "evidence"})
        yield from (
            re.sub(r"sha256:\w+", "", f"{item.query} {item.excerpt}") for item in one.reading.evidence
        )
    elif isinstance(one, Population):
        yield f"{one.within} {one.kind} {one.count} {one.members}"
    elif isinstance(one, LedgerRow):
        yield repr(one)
    else:
        assert isinstance(one, PersonFact), type(one)


ROSTER = "Employee ID,Work Email,GitHub,Job Title,Team,Level,Security Champion,Development plan,Mentor,Status"
TRAINING = "Email,Course Title,Status,Completion Date"
CERTIFICATES = "Email,Badge Name,Issuer,Issued At"


def row(n: int, **changes: str) -> str:
    """Return an engineer of one of three teams, as the roster writes it."""
    cells = {
        "id": f"{n:05d}", "mail": f"p{n}@corp.example", "login": f"p{n}", "title": "Software Developer",
        "team": f"Team {n % 3}", "level": "", "champion": "", "plan": "", "mentor": "", "status": "active",
        **changes,
    }  # fmt: skip
    return ",".join(cells.values())


def world(people: int, marked: int, mark: Callable[[int], dict[str, str]]) -> Exports:
    """Return a roster in which the first `marked` are marked, and half of all have finished a course."""
    rows = [row(n, **(mark(n) if n < marked else {})) for n in range(people)]
    taught = [f"p{n}@corp.example,Kubernetes Fundamentals,Completed,2026-05-01" for n in range(people // 2)]
    return {"roster": [ROSTER, *rows], "training": [TRAINING, *taught]}


def trained(people: int, number: int) -> Exports:
    made = world(people, 0, lambda _: {})
    courses = [f"p{n}@corp.example,Cloud Native Security,Completed,2026-06-01" for n in range(number)]
    # Whoever did not learn this did something else, so that the number of rows stays.
    courses += [f"p{n}@corp.example,Excel,Completed,2026-06-01" for n in range(number, people)]
    return {**made, "training": [*made["training"], *courses]}


def strangers(people: int, number: int) -> Exports:
    made = world(people, 0, lambda _: {})
    return {**made, "training": [*made["training"], *(
        f"x{n}@else.example,Kubernetes,Completed,2026-05-01" for n in range(number)
    )]}  # fmt: skip


def certified(people: int, number: int) -> Exports:
    made = world(people, 0, lambda _: {})
    held = [f"p{n}@corp.example,CKA,CNCF,2026-01-01" for n in range(people)]
    more = [f"p{n}@corp.example,{'CKS' if n < number else 'PCA'},CNCF,2026-01-01" for n in range(people)]
    return {**made, "certifications": [CERTIFICATES, *held, *more]}


def leavers(people: int, number: int) -> Exports:
    made = world(people, 0, lambda _: {})
    gone = [row(500 + n, status="terminated") for n in range(number)]
    return {**made, "roster": [*made["roster"], *gone]}


def oddly_titled(people: int, number: int) -> Exports:
    made = world(people, 0, lambda _: {})
    odd = [row(500 + n, title="Wizard of Light Bulb Moments", team="") for n in range(number)]
    return {**made, "roster": [*made["roster"], *odd]}


def assessed(people: int, number: int) -> Exports:
    levels = [f"p{n}@corp.example,intermediate,exam,2026-06-01" for n in range(number)]
    made = world(people, 0, lambda _: {})
    return {"roster": made["roster"], "training": ["Email,Skill level,Assessed by,Assessed on", *levels]}


def moved(people: int, number: int) -> Exports:
    """Return two states of a roster of three teams of ten: so many are in another team than a year ago."""
    del people
    now = [row(n, team=f"Team {n % 3}") for n in range(30)]
    before = [row(n, team=f"Team {(n + (n < number)) % 3}") for n in range(30)]
    return {"roster": [ROSTER, *now], "roster-earlier": [ROSTER, *before]}


def handling(people: int, number: int) -> Exports:
    """Return a tracker in which twenty tickets of a team go to so many people."""
    header = "Issue key,Issue Type,Sprint,Team,Assignee,Requested by team,Created,Resolved"
    rows = [
        f"T-{n},{('Story', 'Bug')[n % 2]},S,pay,{f'p{n % number}' if number else ''},,2026-0{8 + n % 3}-0{n % 9 + 1},"
        "2026-10-20"
        for n in range(20)
    ]
    return {**world(people, 0, lambda _: {}), "work": [header, *rows]}


def marked(**changes: str) -> Callable[[int, int], Exports]:
    return lambda people, number: world(people, number, lambda _: changes)


GROUPS: dict[str, Callable[[int, int], Exports]] = {
    "seniors": marked(level="senior"),
    "platform engineers": marked(title="Platform Engineer"),
    "mentors": marked(mentor="yes"),
    "people with a plan": marked(plan="2026-06-01"),
    "people with a strange title": oddly_titled,
    "people whose skill was assessed": assessed,
    "people trained in security": trained,
    "strangers in the training export": strangers,
    "holders of CKS": certified,
    "people who left": leavers,
    "people who changed teams": moved,
    "people who handle a team's tickets": handling,
}
SEEN = {"platform engineers": ("role platform", "role_filled", "disciplines of teams", "team_discipline")}
"""Whether anybody holds a role, in the organisation or in a team, is a question of its own: left out here."""


ALONE = ("people whose skill was assessed",)
"""They are all that is in their file: with none of them it has no row, and is told as a file that was cut off."""


def _without(told: frozenset[str], words: Sequence[str]) -> frozenset[str]:
    return frozenset(one for one in told if not any(word in one for word in words))


def test_the_worlds_say_something(tmp_path: Path) -> None:
    told = " ".join(published(tmp_path, {**handling(25, 6), **moved(30, 12)}))
    for signal in ("host.unplanned_work_ratio", "hr.team_restructure_count_12m"):
        assert f"'{signal}', 'subject'" in told
        assert f"{signal}', 'subject': 'org:acme', 'source': 'hr', 'state': 'unknown'" not in told


@pytest.mark.parametrize("people", [10, 25])
@pytest.mark.parametrize("group", GROUPS)
def test_none_and_one_to_k_less_one_are_told_alike(group: str, people: int, tmp_path: Path) -> None:
    made, ignored = GROUPS[group], SEEN.get(group, ())
    # None is told from one only where a yes-or-no signal asks just that, or a whole file is empty.
    lowest = 1 if group in SEEN or group in ALONE else 0
    one, other = (_without(published(tmp_path, made(people, number)), ignored) for number in (lowest, K - 1))
    assert one == other, sorted(one ^ other)[:6]


@pytest.mark.parametrize("group", ["seniors", "people trained in security", "holders of CKS"])
def test_all_and_all_but_a_few_are_told_alike(group: str, tmp_path: Path) -> None:
    made = GROUPS[group]
    one, other = (published(tmp_path, made(14, number)) for number in (14 - K + 1, 14))
    assert one == other, sorted(one ^ other)[:6]


def test_a_few_joiners_and_a_few_of_a_kind_are_told_as_none_within_a_step(tmp_path: Path) -> None:
    """Two scans: within a step of k, whoever came between them, and of which kind, changes nothing published."""
    before = published(tmp_path, world(15, 0, lambda _: {}))
    for people, seniors in ((16, 0), (16, 1), (19, 0), (19, 4)):
        after = published(tmp_path, {
            **world(15, 0, lambda _: {}),
            "roster": world(people, seniors, lambda _: {"level": "senior"})["roster"],
        })  # fmt: skip
        assert before == after, (people, seniors, sorted(before ^ after)[:6])


@cache
def told_of(hits: int, group: int) -> tuple[object, ...]:
    """Return all that a scan may publish of so many holders in a group."""
    cells = Cells(K)
    return cells.count(group), cells.share(hits, group), cells.bucket(hits), cells.step(hits)


@cache
def behind(told: tuple[object, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """Return every number of holders, and every size of the group, for which the same would be published."""
    worlds = [(n, group) for group in range(45) for n in range(group + 1) if told_of(n, group) == told]
    return frozenset(n for n, _ in worlds), frozenset(group for _, group in worlds)


@pytest.mark.parametrize(("hits", "group"), [(0, 13), (4, 13), (9, 13), (4, 20), (10, 20), (14, 24)])
def test_two_scans_never_tell_that_a_few_were_added_or_gone(hits: int, group: int) -> None:
    """Crossing a step tells that somebody came, never that it was fewer than k: as many as k fit as well."""
    for joined in range(1, K):
        for holders in range(joined + 1):
            early, late = behind(told_of(hits, group)), behind(told_of(hits + holders, group + joined))
            for before, after in zip(early, late, strict=True):
                found = {b - a for a in before for b in after}
                assert not found <= set(range(1, K)), (hits, group, joined, holders)
                assert not found <= set(range(-K + 1, 0))


def test_a_whole_and_both_of_its_parts_would_tell_a_group_of_four_in_thirteen() -> None:
    """Why no head count is told whole, and no group beside its complement; the properties above forbid both."""
    cells = Cells(K)

    def parts(inner: int, whole: int) -> tuple[int, int]:
        return cells.step(inner), cells.step(whole - inner)

    assert [inner for inner in range(14) if parts(inner, 13) == parts(4, 13)] == [4]
    stepped = {n for whole in range(10, 15) for n in range(whole + 1) if parts(n, whole) == parts(4, 13)}
    assert stepped == {1, 2, 3, 4}


def test_no_published_number_of_people_is_a_whole_one(tmp_path: Path) -> None:
    """The property that forbids it: beside whole counts of teams and files, counts of people are steps."""
    teams = ("team", "discipline", "silo", "domain", "group_count", "source_diversity")
    for people in (13, 20, 37):
        exports = {**certified(people, people // 2), **trained(people, 7)}
        for one in published(tmp_path, exports):
            told = re.search(r"'signal': '([a-z_.]+)[^']*'.*'value': (\d+)\b", one)
            assert told is None or any(word in told[1] for word in teams), one
