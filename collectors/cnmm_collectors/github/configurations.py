"""Security settings that the organisation enforces on its repositories, where a repository hides its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Client
from cnmm_collectors.hosts.facts import Read, Repository, Standing, Unread
from cnmm_collectors.signals import Gap

_SETTINGS = (
    ("secret_scanning", "secret_scanning"),
    ("push_protection", "secret_scanning_push_protection"),
    ("dependency_alerts", "dependabot_alerts"),
)
"""A repository's fact, and the name of the setting in a configuration."""
_DIFFER = Unread(
    Gap.MALFORMED, "the repository says that it is off, a configuration enforced on it that it is on"
)


def with_configurations(
    client: Client, organisation: str, repositories: Sequence[Repository]
) -> tuple[Repository, ...]:
    """Return the repositories with what enforced configurations switch on; asked only where it may matter.

    A repository's own setting counts; one that a configuration contradicts is not known.
    """
    if all(map(_settled, repositories)):
        return tuple(repositories)
    enforced = _enforced(client, organisation)
    return tuple(_merged(one, enforced.get(one.name, {})) for one in repositories)


def _settled(one: Repository) -> bool:
    facts = (getattr(one, name) for name, _ in _SETTINGS)
    return one.standing is not Standing.ACTIVE or all(isinstance(f, Read) and f.value for f in facts)


def _merged(one: Repository, enforced: Mapping[str, Evidence]) -> Repository:
    found: dict[str, Read[bool] | Unread] = {}
    for name, setting in _SETTINGS:
        own: Read[bool] | Unread = getattr(one, name)
        if setting not in enforced or (isinstance(own, Read) and own.value):
            continue
        found[name] = Read(True, (enforced[setting],)) if isinstance(own, Unread) else _DIFFER
    return replace(one, **found) if found else one  # type: ignore[arg-type]


def _enforced(client: Client, organisation: str) -> Mapping[str, Mapping[str, Evidence]]:
    """Return, by repository, the settings that an enforced configuration switches on; none where hidden."""
    path = f"/orgs/{organisation}/code-security/configurations"
    found: dict[str, dict[str, Evidence]] = defaultdict(dict)
    for row in client.listing(path).rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), int):
            continue
        on = [setting for _, setting in _SETTINGS if row.get(setting) == "enabled"]
        if not on or row.get("enforcement") != "enforced":
            continue
        place = f"{path}/{row['id']}/repositories"
        names = {
            str(held["repository"].get("name")) for held in client.listing(place, status="enforced").rows
            if isinstance(held, Mapping) and held.get("status") == "enforced"
            and isinstance(held.get("repository"), Mapping)
        }  # fmt: skip
        shown = {
            "configuration": row.get("name"),
            "enforced": True,
            "enabled": on,
            "repositories": sorted(names),
        }
        cite = client.cite(f"security configuration {row.get('name')}", shown, path=place)
        for name in names:
            found[name] |= dict.fromkeys(on, cite)
    return found
