"""Who runs what where, as facts for a join: what clusters and a catalogue say of teams and production.

No person is in them: the pseudonym is empty. Sources: `kubernetes` and `catalog`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.subjects import Subject

RUNS = "run.team"
"""The team, which is the value, owns a workload in the production cluster that is the subject."""
CLUSTER = "run.cluster"
"""Whether all that runs in a cluster is told: a `Sight`."""
DECLARED = "run.declared"
"""A cluster, which is the value, that may be a production one by the settings that name all of them."""
TEAM = "run.of_team"
"""Where a production component of the team runs: a `Place`; `none` says that the team exists."""
CATALOGUE = "run.catalogue"
"""Whether every entity of a catalogue was read: `whole` or `partial`."""
ATTRIBUTES = (RUNS, CLUSTER, DECLARED, TEAM, CATALOGUE)


class Sight(StrEnum):
    """What is known of a cluster: all teams that run there, some, or that it is none of production."""

    WHOLE = "whole"
    PARTIAL = "partial"
    APART = "apart"


class Place(StrEnum):
    """Where a component runs: a managed runtime, something a cluster could show, elsewhere, not told."""

    NONE = "none"
    MANAGED = "managed"
    ABLE = "able"
    UNABLE = "unable"
    UNTOLD = "untold"


def of_cluster(
    cluster: Subject, sight: Sight, teams: Iterable[Subject] = (), declared: Iterable[Subject] = ()
) -> Iterator[PersonFact]:
    """Yield what a cluster says of the teams that run in it."""
    yield PersonFact("", CLUSTER, sight.value, "kubernetes", cluster)
    for one in sorted(set(declared)):
        yield PersonFact("", DECLARED, str(one), "kubernetes", cluster)
    for team in sorted(set(teams)):
        yield PersonFact("", RUNS, str(team), "kubernetes", cluster)


def of_team(team: Subject, places: Iterable[Place]) -> Iterator[PersonFact]:
    """Yield that a team exists, and where its production components run."""
    for place in sorted({Place.NONE, *places}):
        yield PersonFact("", TEAM, place.value, "catalog", team)


def of_catalogue(org: Subject, whole: bool) -> PersonFact:
    """Return whether a catalogue was read to its end; else a component may be missing."""
    return PersonFact("", CATALOGUE, "whole" if whole else "partial", "catalog", org)
