"""How the host spells a name that it takes in any case, so that one organisation has one name."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_collectors.github.client import Client
from cnmm_collectors.hosts.outcomes import Kind


def spelled(client: Client, locator: str) -> str:
    """Return `ORG` or `ORG/REPOSITORY` as the host spells it, as it was given where the host does not say."""
    path, key = (f"/repos/{locator}", "full_name") if "/" in locator else (f"/orgs/{locator}", "login")
    body, outcome = client.get(path)
    found = body.get(key) if outcome.kind is Kind.PRESENT and isinstance(body, Mapping) else None
    # A renamed one has another name, not another spelling.
    return found if isinstance(found, str) and found.casefold() == locator.casefold() else locator
