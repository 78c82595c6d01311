"""Two thousand answers that GitHub really gave, recorded by PyGithub's authors over fourteen years."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.github.security import _alert, _status
from cnmm_collectors.hosts.facts import Read
from cnmm_collectors.hosts.outcomes import Kind, classify
from cnmm_collectors.signals import Gap
from unit.collectors.github.workshop import reader

REFUSALS = frozenset(
    {Kind.NOT_PERMITTED, Kind.NOT_LICENSED, Kind.NOT_ENABLED, Kind.RATE_LIMITED, Kind.BLOCKED, Kind.REFUSED}
)


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    path: str
    status: int
    headers: dict[str, str]
    body: Any


def exchanges(folder: Path) -> Iterator[Exchange]:
    """Yield the exchanges; each is ten lines and an empty one."""
    for file in sorted(folder.glob("*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        for start in range(0, len(lines) - 9, 11):
            part = lines[start : start + 10]
            try:
                status, headers = int(part[7]), dict(ast.literal_eval(part[8]))
            except (ValueError, SyntaxError):
                break
            lowered = {str(name).lower(): str(value) for name, value in headers.items()}
            try:
                body = json.loads(part[9]) if part[9] else None
            except ValueError:
                body = None
            yield Exchange(part[4], status, lowered, body)


@pytest.fixture(scope="module")
def recorded(recordings: Path) -> list[Exchange]:
    found = list(exchanges(recordings))
    assert len(found) > 2_000
    return found


def test_no_recorded_answer_is_taken_for_more_than_it_says(recorded: list[Exchange]) -> None:
    wrong = []
    kinds: Counter[tuple[int, Kind]] = Counter()
    for one in recorded:
        outcome = classify(one.status, one.headers, one.body)
        kinds[one.status, outcome.kind] += 1
        fits = (
            outcome.kind is Kind.PRESENT if one.status in (200, 201)
            else outcome.kind in REFUSALS if one.status in (401, 403)
            else outcome.kind in (Kind.NOT_VISIBLE, Kind.ABSENT, Kind.NOT_ENABLED) if one.status == 404
            else outcome.kind is not Kind.PRESENT or one.status < 300
        )  # fmt: skip
        if not fits or (outcome.kind not in (Kind.PRESENT,) and outcome.gap not in Gap):
            wrong.append((one.status, one.path, outcome))
    assert wrong == []
    assert kinds[404, Kind.NOT_VISIBLE] > 20
    assert kinds[404, Kind.ABSENT] >= 1


def test_what_is_absent_was_said_to_be_absent(recorded: list[Exchange]) -> None:
    absent = [one for one in recorded if classify(one.status, one.headers, one.body).kind is Kind.ABSENT]
    assert {one.body["message"] for one in absent} <= {"Branch not protected", "no analysis found"}


@pytest.mark.parametrize("kind", ["dependabot", "secret-scanning", "code-scanning"])
def test_every_recorded_alert_of_an_organisation_is_understood(recorded: list[Exchange], kind: str) -> None:
    rows = [
        row for one in recorded
        if one.path.startswith("/orgs/") and f"/{kind}/alerts" in one.path and isinstance(one.body, list)
        for row in one.body
    ]  # fmt: skip
    assert rows
    assert [row for row in rows if _alert(kind, row) is None] == []


def test_recorded_security_settings_are_understood(recorded: list[Exchange]) -> None:
    found = [
        one.body["security_and_analysis"] for one in recorded
        if isinstance(one.body, dict) and isinstance(one.body.get("security_and_analysis"), dict)
    ]  # fmt: skip
    assert found
    cite = reader().cite(locator="GET https://api.github.com/repos/x 200", query="settings", payload=b"{}")
    names = ("secret_scanning", "secret_scanning_push_protection")
    read = [_status(one, name, cite) for one in found for name in names if name in one]
    assert read
    assert [one for one in read if not isinstance(one, Read)] == []
