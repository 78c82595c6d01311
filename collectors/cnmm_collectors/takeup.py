"""Who takes up which shared service, as facts for a join: of a catalogue, of clusters, of a tracker.

No person is in them: the pseudonym is empty. Sources: `catalog`, `kubernetes` and `work`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.subjects import Subject

SERVICE = "takeup.service"
"""The component is a shared service; the value is its name and the kinds that claims of it have."""
OTHER = "takeup.other"
"""The component is on record, and no shared service."""
TEAM = "takeup.team"
"""The role of a team, `product`, `other` or `untold`, and how many members the catalogue counts."""
CLAIM = "takeup.claim"
"""A kind, and the team that claimed an instance of it in the last 90 days."""
CLUSTER = "takeup.cluster"
"""Whether every claim in a cluster, and whose it is, is told: `whole` or `partial`."""
UNREAD = "takeup.unread"
"""Kinds that a cluster serves and of which no claim was read; `*.GROUP` for a group not described."""
DECLARED = "takeup.declared"
"""A cluster, which is the value, that the settings name."""
REQUEST = "takeup.request"
"""A team, and the labels of a request of the last 90 days that it made of a platform team."""
TRACKED = "takeup.tracked"
"""A team whose every request is in the tracker, `*` for all."""
CATALOGUE = "takeup.catalogue"
"""Whether every entity of a catalogue was read: `whole` or `partial`."""
ATTRIBUTES = (SERVICE, OTHER, TEAM, CLAIM, CLUSTER, UNREAD, DECLARED, REQUEST, TRACKED, CATALOGUE)


def _joined(first: str, rest: Iterable[str]) -> str:
    return "\n".join((first, *sorted(set(rest))))


def parted(value: str) -> tuple[str, tuple[str, ...]]:
    """Return what a value begins with, and the rest of it."""
    first, *rest = value.split("\n")
    return first, tuple(rest)


def plain(text: str) -> str:
    """Return a name or label as they are compared: lower case, blanks for hyphens and underscores."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def of_service(component: Subject, name: str, kinds: Iterable[str]) -> PersonFact:
    """Return that a component is a shared service."""
    return PersonFact("", SERVICE, _joined(plain(name), kinds), "catalog", component)


def of_other(component: Subject) -> PersonFact:
    """Return that a component is no shared service."""
    return PersonFact("", OTHER, "", "catalog", component)


def of_team(team: Subject, role: str, members: int) -> PersonFact:
    """Return the role and size of a team."""
    return PersonFact("", TEAM, _joined(role, [str(members)]), "catalog", team)


def of_catalogue(org: Subject, whole: bool) -> PersonFact:
    """Return whether a catalogue was read to its end."""
    return PersonFact("", CATALOGUE, "whole" if whole else "partial", "catalog", org)


def of_cluster(
    cluster: Subject, whole: bool, claims: Iterable[tuple[str, str]] = (), declared: Iterable[Subject] = (),
    unread: Iterable[str] = (),
) -> Iterator[PersonFact]:  # fmt: skip
    """Yield what was claimed in a cluster, each as kind and team, and whether that is all of the kinds but
    the `unread` ones.
    """
    yield PersonFact("", CLUSTER, "whole" if whole else "partial", "kubernetes", cluster)
    if kinds := "\n".join(sorted(set(unread))):
        yield PersonFact("", UNREAD, kinds, "kubernetes", cluster)
    for one in sorted(set(declared)):
        yield PersonFact("", DECLARED, str(one), "kubernetes", cluster)
    for kind, team in sorted(set(claims)):
        yield PersonFact("", CLAIM, _joined(kind, [team]), "kubernetes", cluster)


def of_request(team: Subject, labels: Iterable[str]) -> PersonFact:
    """Return a request that a team made of a platform team."""
    return PersonFact("", REQUEST, _joined(str(team), map(plain, labels)), "work", team)


def of_tracker(org: Subject, teams: Iterable[str]) -> Iterator[PersonFact]:
    """Yield the teams all of whose requests are in the tracker; the empty name: there is a tracker."""
    for team in sorted({"", *teams}):
        yield PersonFact("", TRACKED, team, "work", org)
