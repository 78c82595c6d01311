"""A group on a loopback GitLab, read in three tiers and two roles; every fault on every request, or on some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.worlds import CREDENTIAL, EVERYWHERE, World
from contract.worlds.github import NAMES
from doubles.gitlab.organisation import DEVELOPER, FREE, PREMIUM, Organisation, acme
from doubles.gitlab.server import serve

PARTS = ("server",)
REALITIES = ("whole", "premium", "free", "community", "developer")
PLACES = (
    "projects", "groups", "pipelines", "changes", "members/all", "namespaces", "statement", "repository/files",
)  # fmt: skip
STATEMENTS = Target(
    "gitlab-statements", "acme/checkout", CREDENTIAL, Subject(SubjectKind.ORG, "acme"),
    ((f"exec-sponsor 2026-05-01 {'5' * 40}", "attestations/sponsor.yaml"),),
)  # fmt: skip
"""A statement that the records collector found in a checkout of the organisation's."""
FAULTS = (
    *EVERYWHERE,
    *(f"{fault} at {place}" for fault in ("403", "404", "truncated") for place in PLACES),
    *(f"{fault} at graphql" for fault in ("partial forbidden", "withheld", "rate limited")),
)
PEOPLE = ("olga-owner", "dora-direct", "ann-a", "ben-b", "cat-c", "dan-d", "eve-e", "deploy-bot")


def organisation(state: str) -> Organisation:
    """Return the group in one of its realities."""
    org = acme()
    if state in (FREE, PREMIUM):
        org.tier = state
    org.enterprise = state != "community"
    org.role = DEVELOPER if state == "developer" else org.role
    return org


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Serve the group; a credential that reaches the second host is an error of its own."""
    with serve(organisation(state)) as double:
        if state not in REALITIES:
            fault, _, place = state.partition(" at ")
            double.faults.set(place or ".", NAMES.get(fault, fault))
        settings = {
            "url": double.url,
            "max_seconds": 5.0 if state in REALITIES else 0.5,
            "max_wait": 0.2,
            "per_minute": 0,
            "pause": 0.02,
            "max_calls": 200,
        }
        yield World(
            (Target("gitlab", "acme", CREDENTIAL), STATEMENTS),
            settings,
            asked=lambda: tuple(double.asked),
            canaries=PEOPLE,
        )
        leaked = [token for host, token in double.tokens if host == "other" and token]
        assert not leaked, "a credential went to another host"
