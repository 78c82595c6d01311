"""The digest of conclusions: deaf to names and order, awake to everything that is concluded."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnmm_rules.conclusions import conclusions_digest

ROOT = Path(__file__).parents[2]
CONCLUDED = ("headline", "sections", "teams", "findings")
SILENT = ("id", "subject", "why", "evidence", "evidence_total", "counter_evidence", "gaps", "statement")
WORDS = ("reason", "owner", "approver", "adjudicated")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "golden/expected/assessment.json").read_bytes())
    return found


def leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    else:
        yield path


def changed(told: dict[str, Any], path: tuple[Any, ...]) -> str:
    """Return the digest after one leaf has another value; the document is left as it was."""
    holder = told
    for key in path[:-1]:
        holder = holder[key]
    before = holder[path[-1]]
    holder[path[-1]] = "another" if isinstance(before, str) or before is None else before + 1
    try:
        return conclusions_digest(told)
    finally:
        holder[path[-1]] = before


def test_renaming_every_subject_consistently_changes_nothing(told: dict[str, Any]) -> None:
    text = json.dumps(told)
    teams = {team["id"] for team in told["teams"]}
    assert len(teams) > 1
    for number, name in enumerate(sorted(teams, reverse=True)):
        text = text.replace(f'"{name}"', f'"team:zz/{number}"')
    text = text.replace(f'"org:{told["organisation"]}"', '"org:zz"')
    renamed = json.loads(text)
    assert {team["id"] for team in renamed["teams"]}.isdisjoint(teams)
    for name in ("teams", "findings"):
        renamed[name].reverse()
    assert conclusions_digest(renamed) == conclusions_digest(told) == told["conclusions_digest"]


def test_any_other_conclusion_has_another_digest(told: dict[str, Any]) -> None:
    ways = [path for name in CONCLUDED for path in leaves(told[name], (name,))]
    spoken = [
        path
        for path in ways
        if path[-1] not in WORDS and not (path[0] in ("teams", "findings") and path[2] in SILENT)
    ]
    places = {tuple(key for key in path if isinstance(key, str)): path for path in spoken}
    assert len(places) > 40
    kept = conclusions_digest(told)
    assert not [path for path in places.values() if changed(told, path) == kept]


def test_words_and_citations_are_no_conclusions(told: dict[str, Any]) -> None:
    other = copy.deepcopy(told)
    for finding in other["findings"]:
        finding.update(why="other words", evidence=[], evidence_total=0, counter_evidence=[], gaps=[])
    assert conclusions_digest(other) == told["conclusions_digest"]


def test_what_is_concluded_of_one_team_cannot_move_to_another_unseen(told: dict[str, Any]) -> None:
    """The outcomes all stay, but no longer stand together: the teams are other teams."""
    first, second = (team["id"] for team in told["teams"][:2])
    rows: dict[str, dict[str, Any]] = {}
    for finding in told["findings"]:
        rows.setdefault(finding["criterion"], {})[finding["subject"]] = finding
    pairs = [(one[first], one[second]) for one in rows.values() if first in one and second in one]
    one, other = next(pair for pair in pairs if pair[0]["outcome"] != pair[1]["outcome"])
    moved = copy.deepcopy(told)
    for finding in moved["findings"]:
        if finding == one:
            finding.update({**other, "subject": first})
        elif finding == other:
            finding.update({**one, "subject": second})
    assert conclusions_digest(moved) != told["conclusions_digest"]


def test_a_decision_and_a_waiver_count_as_such(told: dict[str, Any]) -> None:
    for more in (
        {"adjudicated": "somebody's words"},
        {"waiver": {"reason": "r", "owner": "o", "approver": "a", "expires": "2027-01-01"}},
    ):
        other = copy.deepcopy(told)
        finding = next(one for one in other["findings"] if not one.keys() & more.keys())
        finding.update(more)
        assert conclusions_digest(other) != told["conclusions_digest"]
