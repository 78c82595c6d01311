"""The data block of the page: citations and teams, compact, within a budget, saying how much was left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain, count, islice
from typing import Any

from cnmm_reports.inert import inert, is_link
from cnmm_reports.titles import signal_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import CAUSES, OUTCOMES

TEAM_BYTES = 900_000
"""How much of the page the teams' own tests may take."""

_LETTERS = dict(zip(OUTCOMES, "mu?cln", strict=True))
_TEXT = 400
_LOCATOR = 1_000
_EXCERPT = 600
_SHORT = 160
_LEAN = 420
_TEAM_CITED = 5
_BATCH = 32
_MOST = 100_000
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


class _Strings:
    """Each text once, made inert, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.packed: list[str] = []
        self.size = 0

    def of(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.packed)
            self.packed.append(_pack(inert(text, _TEXT)))
            self.size += len(self.packed[-1]) + 1
        return found


def embed(view: ReportView, order: Sequence[str], room: int) -> str:
    """Return the data blocks, JSON that cannot end its element; citations fill `room` bytes at most."""
    strings = _Strings()
    place = {name: number for number, name in enumerate(order)}
    own, teams = _split(view, place)
    head = {
        "rows": list(order),
        "sections": [section["title"] for section in view.assessment["sections"]],
        "teams": _teams(view, teams),
        "words": {_LETTERS[name]: words[:2] for name, words in OUTCOMES.items()},
        "causes": CAUSES,
    }
    parts = {name: _pack(value) for name, value in head.items()}
    room -= sum(map(len, parts.values())) + _organisation_bytes(own) + _team_room(teams)
    ranked = chain(_ranked(own), _ranked(found for _, found in teams))
    evidence, numbers = _evidence(view, ranked, strings, room)
    parts["cited"] = _pack(_cited(own, place, numbers))
    details, judged = _details(teams, place, strings, numbers, cache(partial(signal_title, view)))
    totals = {
        "evidence": len(view.assessment["evidence"]),
        "team_findings": sum(len(found) for _, found in teams),
        "team_details": judged,
    }
    parts["totals"] = _pack(totals)
    parts["strings"] = f"[{','.join(strings.packed)}]"
    first = "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"
    return f"{first}{_next('evidence')}[{','.join(evidence)}]{_next('details')}[{','.join(details)}]"


def _next(name: str) -> str:
    """Return the seam to a block of its own, which the page parses only when it is asked for."""
    return f'</script>\n<script type="application/json" id="data-{name}">'


def _pack(value: Any) -> str:
    """Return ASCII JSON without the one character that could end or open an element."""
    return _encode(value).replace("<", "\\u003c")


Findings = list[Mapping[str, Any]]


def _split(view: ReportView, place: Mapping[str, int]) -> tuple[Findings, list[tuple[str, Findings]]]:
    own: Findings = []
    teams: dict[str, Findings] = {team["id"]: [] for team in view.assessment["teams"]}
    for finding in view.assessment["findings"]:
        if finding["criterion"] not in place:
            continue
        subject = finding["subject"]
        if subject.startswith("org:"):
            own.append(finding)
        else:
            teams.setdefault(subject, []).append(finding)
    return own, list(teams.items())


def _teams(view: ReportView, teams: list[tuple[str, Findings]]) -> list[tuple[str, list[list[Any]]]]:
    sections = {team["id"]: team["sections"] for team in view.assessment["teams"]}
    return [
        (
            inert(name, _TEXT).removeprefix("team:"),
            [
                [item["proven"], item["possible"], round(item["coverage"] * 100), len(item["levels"])]
                for item in sections.get(name, ())
            ],
        )
        for name, _ in teams
    ]


def _organisation_bytes(own: Findings) -> int:
    cited = sum(len(finding["evidence"]) + len(finding["counter_evidence"]) for finding in own)
    return 7 * cited + 32 * len(own) + 2_000


def _team_room(teams: list[tuple[str, Findings]]) -> int:
    found = sum(len(findings) for _, findings in teams)
    return min(TEAM_BYTES, 1_000 * found) + found + 16 * len(teams)


def _ranked(findings: Iterable[Any]) -> Iterator[str]:
    """Yield citations in the order they deserve a place: each finding's first, then each one's second."""
    piles = [[*finding["evidence"], *finding["counter_evidence"]] for finding in _flat(findings)]
    for rank in range(max(map(len, piles), default=0)):
        for pile in piles:
            if rank < len(pile):
                yield pile[rank]


def _flat(findings: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for item in findings:
        if isinstance(item, list):
            yield from item
        else:
            yield item


def _evidence(
    view: ReportView, ranked: Iterable[str], strings: _Strings, room: int
) -> tuple[list[str], dict[str, int]]:
    known = {item["id"]: item for item in view.assessment["evidence"]}
    longest = max(_SHORT, min(_EXCERPT, room // max(1, len(known)) - _LEAN))
    fresh = (name for name in dict.fromkeys(islice(ranked, _MOST)) if name in known)
    taken: list[str] = []
    numbers: dict[str, int] = {}
    while batch := list(islice(fresh, _BATCH)):
        before = strings.size
        records = [_record(known[name], strings, longest) for name in batch]
        packed = _pack(records)[1:-1]
        room -= len(packed) + 1 + strings.size - before
        if room < 0:
            break
        numbers.update(zip(batch, count(len(numbers)), strict=False))
        taken.append(packed)
    return taken, numbers


def _record(item: Mapping[str, Any], strings: _Strings, longest: int) -> list[Any]:
    return [
        item["id"].removeprefix("sha256:"),
        inert(item["locator"], _LOCATOR),
        int(is_link(item["locator"]) and len(item["locator"]) <= _LOCATOR),
        inert(item.get("path", ""), _TEXT),
        item.get("lines", ""),
        item["digest"].removeprefix("sha256:"),
        inert(item.get("excerpt", ""), longest),
        strings.of(item["source"]),
        strings.of(item["query"]),
        strings.of(item["captured_at"]),
        strings.of(item["confirmed_at"]),
        strings.of(item["collector"]),
        strings.of(item.get("commit", "")),
        inert(item.get("native_id", ""), _TEXT),
    ]


def _cited(own: Findings, place: Mapping[str, int], numbers: Mapping[str, int]) -> dict[int, list[Any]]:
    return {
        place[finding["criterion"]]: [
            [numbers[item] for item in finding["evidence"] if item in numbers],
            finding["evidence_total"],
            [numbers[item] for item in finding["counter_evidence"] if item in numbers],
            len(finding["counter_evidence"]),
        ]
        for finding in own
        if finding["evidence"] or finding["counter_evidence"]
    }


def _details(
    teams: list[tuple[str, Findings]],
    place: Mapping[str, int],
    strings: _Strings,
    numbers: Mapping[str, int],
    title: Callable[[str], str],
) -> tuple[list[str], int]:
    """Return for each team its outcomes as letters and as many findings in full as the budget allows."""
    room, judged = TEAM_BYTES, 0
    result: list[str] = []
    for _, findings in teams:
        letters = ["."] * len(place)
        full: list[str] = []
        for finding in findings:
            number = place[finding["criterion"]]
            letters[number] = _LETTERS.get(finding["outcome"], "?")
            if room <= 0:
                continue
            before = strings.size
            record = f'"{number}":{_pack(_finding(finding, strings, numbers, title))}'
            room -= len(record) + 1 + strings.size - before
            if room > 0:
                full.append(record)
        judged += len(full)
        result.append(f'["{"".join(letters)}",{{{",".join(full)}}}]')
    return result, judged


def _finding(
    finding: Mapping[str, Any], strings: _Strings, numbers: Mapping[str, int], title: Callable[[str], str]
) -> list[Any]:
    tests = [
        [
            strings.of(title(test["signal"])),
            strings.of(test["threshold"]),
            test["low"],
            test["high"],
            test["seen"],
            test["declared"],
        ]
        for test in finding["tests"]
    ]
    gaps = [
        [strings.of(title(gap["signal"])), strings.of(gap["cause"]), gap["count"]] for gap in finding["gaps"]
    ]
    cited = [numbers[item] for item in finding["evidence"] if item in numbers][:_TEAM_CITED]
    return [strings.of(finding["why"]), tests, gaps, cited, finding["evidence_total"]]
