"""A technology radar in the JSON of Backstage's plug-in, cut down to the newest move of each entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import BaseModel, Field, ValidationError

from cnmm_collectors.backstage.entities import EntityFault
from cnmm_collectors.radar import WINDOW_DAYS, Move, plain

_KINDS = {
    **dict.fromkeys(("adopt", "use", "adopted"), "adopt"),
    **dict.fromkeys(("hold", "retire", "retired", "deprecated", "stop", "avoid"), "retire"),
}
_LINK = re.compile(r"\]\(([^)\s]+)\)|(https?://[^\s)>\"']+)")
_MOST = 50
"""Links of one entry that are followed."""


class _Snapshot(BaseModel):
    date: str
    ring: str = Field(alias="ringId")
    description: str = ""


class _Link(BaseModel):
    url: str


class _Entry(BaseModel):
    title: str
    key: str = ""
    url: str = ""
    description: str = ""
    links: tuple[_Link, ...] = ()
    timeline: tuple[_Snapshot, ...] = ()


class _Radar(BaseModel):
    entries: tuple[_Entry, ...]


def is_radar(name: str) -> bool:
    """True for a file that may hold a radar."""
    return name.lower().endswith(".json")


def read_radar(raw: bytes) -> tuple[_Entry, ...]:
    """Return the entries of a radar; raises EntityFault for anything else."""
    try:
        return _Radar.model_validate(json.loads(raw)).entries
    except ValidationError:
        raise EntityFault(
            "no technology radar: `entries` with `title` and `timeline` were looked for"
        ) from None
    except (ValueError, RecursionError):
        raise EntityFault("no JSON") from None


def moves(entries: tuple[_Entry, ...], as_of: date) -> Iterator[Move]:
    """Yield for each entry its newest move of the last 365 days into another ring, to adopt or to retire."""
    for entry in entries:
        dated = sorted(
            (day, shot.ring.casefold())
            for shot in entry.timeline
            if (day := _day(shot.date)) and day <= as_of
        )
        if not dated or dated[-1][0] < as_of - timedelta(days=WINDOW_DAYS):
            continue
        kind, before = _KINDS.get(dated[-1][1]), _KINDS.get(dated[-2][1]) if len(dated) > 1 else None
        # What was never in another ring has not been dropped.
        if kind is None or kind == before or (kind == "retire" and len(dated) == 1):
            continue
        names = tuple(dict.fromkeys(name for said in (entry.title, entry.key) if (name := plain(said))))
        if names:
            yield Move(kind, names, _links(entry)[:_MOST])


def _links(entry: _Entry) -> tuple[str, ...]:
    texts = (entry.description, *(shot.description for shot in entry.timeline))
    found = [one[0] or one[1].rstrip(".,;:") for text in texts for one in _LINK.findall(text)]
    return tuple(
        dict.fromkeys(url for url in (entry.url, *(link.url for link in entry.links), *found) if _fit(url))
    )


def _fit(url: str) -> bool:
    return bool(url) and "\n" not in url and len(url) <= 500


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
