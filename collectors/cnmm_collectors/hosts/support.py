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
    ("attestations of builds", "GitHub", "the pipeline that makes them is read: `ci.provenance_ratio`"),
    ("code security configurations", "GitHub", "what they switch on is read of each repository itself"),
    ("teams linked to an identity provider", "GitHub", "no row asks where a team's members come from"),
    ("community profile", "GitHub", "the files it counts are read from the repository"),
    ("workflow runs", "GitHub", "changes, deployments and required checks tell what rows ask"),
    (
        "seats of the assistant",
        "both",
        "rows ask whether it is in use; a count would be about people",
    ),
    ("releases", "both", "rows ask for deployments; a release is none"),
    ("container scanning reports", "GitLab", "a pipeline that scans images is read: `ci.image_scan_ratio`"),
    ("CI catalogue", "GitLab", "components, templates and includes are read where a pipeline uses them"),
    ("service desk", "GitLab", "no row asks for requests from outside the organisation"),
    ("compliance frameworks", "GitLab", "no row asks for a label; the policies they bring are read"),
    ("value streams and DORA metrics", "GitLab", "reckoned from changes and deployments, as on every host"),
)
"""What a host could tell and is not asked for: what, which host, and why."""


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
