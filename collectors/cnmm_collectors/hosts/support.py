"""What a host's answers take: for each group of signals the least role and the least tier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """What reading a group of signals takes; `role` and `tier` are the host's own words, tiers from 1 on."""

    group: str
    role: str
    tier: int
    signals: tuple[str, ...]


UNASKED: tuple[tuple[str, str, str], ...] = (
    (
        "seats of the assistant, one by one",
        "both",
        "each is a person; that any is used is read from their number",
    ),
    ("who asked at the service desk", "GitLab", "told by address; the request and who answered it count"),
    (
        "a release as a deployment",
        "both",
        "it says what is offered, not what runs: `host.change_lead_time_hours_p50`",
    ),
    (
        "the rest of the community profile",
        "GitHub",
        "it counts files and not what they say; a guide that is inherited is read: `docs.contributing_ratio`",
    ),
    (
        "which group of the provider fills a team",
        "GitHub",
        "it says who keeps the list, not who answers for what: `host.team_repo_ratio`",
    ),
    (
        "compliance framework of a project",
        "GitLab",
        "a label promises; what its policies demand is read: `host.required_security_check_ratio`",
    ),
    (
        "what the CI catalogue offers",
        "GitLab",
        "an offer is no use; components that pipelines used are read: `ci.shared_workflow_ratio`",
    ),
    (
        "deployment frequency, time to restore",
        "GitLab",
        "how often is not how well; lead time and failures are cited beside: `host.change_fail_ratio`",
    ),
)
"""What a host could tell and is not asked for, since it would be read wrongly or tell of persons, and why."""


def signals_of(needs: Iterable[Need]) -> tuple[str, ...]:
    """Return the signals that are answered at all, sorted."""
    return tuple(sorted({signal for need in needs for signal in need.signals}))


def cell(needs: Sequence[Need], signal: str, tier: int) -> str:
    """Return what a tier answers of a signal: all, part of what it rests on, or nothing."""
    asked = [need for need in needs if signal in need.signals]
    held = [need.group for need in asked if need.tier <= tier]
    if not held:
        return "not licensed"
    return "yes" if len(held) == len(asked) else f"in part: {', '.join(held)}"


def roles(needs: Sequence[Need], signal: str) -> str:
    """Return the least roles that answer a signal, each once, in the order of what it rests on."""
    return ", ".join(dict.fromkeys(need.role for need in needs if signal in need.signals))
