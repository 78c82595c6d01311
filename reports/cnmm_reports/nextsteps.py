"""What to supply next, in words: what it takes, what it has to do with the headline, what it could narrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnmm_reports.titles import request_title, source_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import count

SHOWN_NEXT = 5
_SHOWN_HOLDERS = 2
_NOT_HELD = "What holds the headline down waits for no evidence; this narrows the rest"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One next piece of evidence: what to supply, how many rows it touches, what it narrows."""

    source: str
    title: str
    needs: str
    rows: int
    signals: tuple[str, ...]
    after: tuple[str, ...]
    narrows: tuple[str, ...]
    held: str
    """What it has to do with the headline, empty where nothing."""


def next_steps(view: ReportView, limit: int = SHOWN_NEXT) -> tuple[NextStep, ...]:
    """Return the next pieces of evidence, the one that would move the headline first."""
    waiting = any(item.get("blocking") for item in view.assessment["next_evidence"])
    titles = {section["id"]: section["title"] for section in view.assessment["sections"]}
    return tuple(
        NextStep(
            source=item["source"],
            title=request_title(view, item["source"]),
            needs=item["needs"],
            rows=item["rows"],
            signals=tuple(item["signals"]),
            after=tuple(map(source_title, item["after"])),
            narrows=tuple(
                _narrow(titles.get(name, name), *levels)
                for name, levels in sorted(item["narrows"].items(), key=_gain)
            ),
            held=_held(titles, item["blocking"]) if item.get("blocking") else "" if waiting else _NOT_HELD,
        )
        for item in view.assessment["next_evidence"][:limit]
    )


def _held(titles: Mapping[str, str], blocking: Sequence[str]) -> str:
    names = sorted({titles.get(name, name) for name in (row.partition(".")[0] for row in blocking)})
    one, alone = len(names) == 1, len(blocking) == 1
    who = " and ".join(names) if len(names) <= _SHOWN_HOLDERS else count(len(names), "section")
    held = f"{who} {'holds' if one else 'hold'} the headline down"
    rows = f"{count(len(blocking), 'row')} that {'blocks' if alone else 'block'} {'it' if one else 'them'}"
    return f"{held}, and {rows} {'waits' if alone else 'wait'} for this"


def _gain(item: tuple[str, Sequence[int]]) -> tuple[int, int, str]:
    """Sort what proves most first, then what rules out most."""
    proven, possible, best, worst = item[1]
    return proven - best, worst - possible, item[0]


def _narrow(title: str, proven: int, possible: int, best: int, worst: int) -> str:
    parts = []
    if best > proven:
        parts.append(f"prove level {best}")
    if worst < possible:
        parts.append(f"rule out level {worst + 1}" + (" and above" if worst + 1 < possible else ""))
    return f"{title}: could {' or '.join(parts) or 'close rows without moving the ends'}"
