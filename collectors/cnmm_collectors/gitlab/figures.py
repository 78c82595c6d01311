"""The host's own figures of delivery, of twenty projects in one request, where its tier has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.deploying import DAYS
from cnmm_collectors.gitlab.queries import figures_query
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.deployments import Figures
from cnmm_collectors.hosts.facts import Organisation, Repository

BATCH = 20


def read_figures(
    client: Client, sight: Sight, name: str, organisation: Organisation, as_of: date
) -> dict[str, Figures]:
    """Return, by project, what the host itself reckons of the production deployments of 90 days.

    A project is left out where the host shows nothing: its own figures only stand beside what is counted.
    """
    if sight.subscription.has(Tier.ULTIMATE) is False or sight.role < Role.REPORTER:
        return {}
    wanted = [one for one in organisation.drawn if one.stages]
    found: dict[str, Figures] = {}
    for start in range(0, len(wanted), BATCH):
        found |= _ask(client, name, wanted[start : start + BATCH], as_of)
    return found


def _ask(client: Client, name: str, part: Sequence[Repository], as_of: date) -> dict[str, Figures]:
    paths = {f"p{number}": f"{name}/{one.name}" for number, one in enumerate(part)}
    span = {"from": str(as_of - timedelta(days=DAYS)), "to": str(as_of)}
    answer, _ = client.query(figures_query(len(part)), **span, **paths)
    found: dict[str, Figures] = {}
    for number, one in enumerate(part):
        row = answer.at(f"p{number}", "dora", "metrics", 0) if answer is not None else None
        if isinstance(row, Mapping) and any(value is not None for value in row.values()):
            shown = {"project": f"{name}/{one.name}", **span, **row}
            cite = client.cite("the host's own figures of delivery", shown)
            lead = _number(row.get("leadTimeForChanges"))
            found[one.name] = Figures(
                None if lead is None else lead / 3600, _number(row.get("changeFailureRate")), (cite,)
            )
    return found


def _number(value: Any) -> Fraction | None:
    """Return a figure exactly as it is written, None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return Fraction(str(value))
