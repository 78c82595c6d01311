"""What could not be had, by name: a file that was refused, rows set aside, a request that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_reports.inert import line
from cnmm_reports.titles import subject_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import cause_words, count

_ABOUT, _WHY = 200, 600
_SET_ASIDE = {"quarantined": "rows set aside as broken"}


@dataclass(frozen=True, slots=True)
class Lost:
    """One entry of the ledger that failed, in words on one line each; `failed` is `3 of 40`."""

    source: str
    unit: str
    about: str
    failed: str
    why: str


def losses(view: ReportView) -> tuple[Lost, ...]:
    """Return the entries that an assessment names; files of exports first, then by source."""
    found = view.assessment["ledger"].get("losses", ())
    return tuple(map(_lost, sorted(found, key=lambda loss: loss["cause"] not in _SET_ASIDE)))


def losses_title(view: ReportView, shown: int) -> str:
    """Return what the list is and how many entries of how many it holds."""
    total = view.assessment["ledger"].get("losses_total", shown)
    many = count(total, "entry", "entries") if shown >= total else f"{shown:,} of {total:,} entries"
    return f"What could not be read, and why: {many}"


def _lost(loss: Mapping[str, Any]) -> Lost:
    cause = _SET_ASIDE.get(loss["cause"]) or cause_words(loss["cause"])
    detail = loss["detail"].removeprefix(f"{loss['about']}: ")
    why = ": ".join(part for part in (cause, detail) if part)
    failed = f"{loss['failed']:,} of {loss['requested']:,}"
    return Lost(
        loss["source"], loss["unit"], line(subject_title(loss["about"]), _ABOUT), failed, line(why, _WHY)
    )
