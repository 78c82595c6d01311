"""The trend: how an organisation's or a team's levels moved from scan to scan."""

from __future__ import annotations

from typing import Any

from cnmm_scanner.history.location import HistoryFault
from cnmm_scanner.history.points import KEPT, SCHEMA, join_points
from cnmm_scanner.history.store import ORGANISATION, History, Kept


def build_trend(history: History, organisation: str, subject: str = ORGANISATION) -> dict[str, Any]:
    """Return every kept scan of an organisation in order of audit date; raises HistoryFault for none."""
    kept = history.entries(organisation)
    found = history.sections(kept, subject)
    points = [_point(one, found[one.id]) for one in kept if found[one.id]]
    if not points:
        known = sorted({one.organisation for one in history.entries()})
        raise HistoryFault(
            f"no scan of {subject} of {organisation} is kept", f"known are {', '.join(known[:10]) or 'none'}"
        )
    about = {"schema": SCHEMA, "organisation": organisation, "subject": subject}
    return {**about, **join_points(points)}


def _point(kept: Kept, sections: list[Any]) -> dict[str, Any]:
    return {
        "as_of": kept.as_of.isoformat(),
        "complete": kept.complete,
        "catalogue": {"id": kept.catalogue, "version": kept.catalogue_version},
        "engine": kept.engine,
        "conclusions_digest": kept.conclusions_digest,
        "headline": [kept.proven, kept.possible],
        "sections": [
            {name: value for name, value in {**row._mapping, "id": row.section}.items() if name in KEPT}
            for row in sections
        ],
    }


def organisation_of(history: History, wanted: str | None) -> str:
    """Return the organisation that is asked for, or the only one kept; raises HistoryFault."""
    if wanted is not None:
        return wanted
    known = sorted({one.organisation for one in history.entries()})
    if len(known) == 1:
        return known[0]
    if not known:
        raise HistoryFault("the history is empty", "cnmm scan --history keeps a scan")
    raise HistoryFault(
        f"the history holds {len(known)} organisations", f"--organisation {'|'.join(known[:10])}"
    )
