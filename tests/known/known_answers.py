"""The expected answers beside the organisations, and one assessment of each, made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from cnmm_collectors import registry
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules import catalogue
from cnmm_rules.assessment import Assessment
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import RATING_ROLES, Catalogue
from cnmm_rules.engine import assess
from cnmm_rules.facts import Claim, Facts
from known.generator import AS_OF, facts
from known.organisations import FOLDER, organisation

Interval = tuple[int | None, int | None]
"""(proven, possible) of a section; (None, None) where it does not apply."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an organisation is: the interval of each rated section, and outcomes of single rows.

    `contradictions` are the markers that stand beside the levels, where that matters.
    """

    why: str
    levels: dict[str, Interval]
    rows: dict[str, str]
    contradictions: tuple[str, ...] | None


@cache
def published() -> Catalogue:
    """Return the catalogue as it ships."""
    return load(catalogue.files(), registry.load())


@cache
def answers() -> dict[str, Answer]:
    """Return every expected answer by the organisation's name."""
    document: dict[str, Any] = yaml.safe_load((FOLDER / "expected.yaml").read_bytes())
    return {
        name: Answer(
            entry["why"],
            {key: (None, None) if pair == "none" else tuple(pair) for key, pair in entry["levels"].items()},
            entry.get("rows", {}),
            tuple(entry["contradictions"]) if "contradictions" in entry else None,
        )
        for name, entry in document.items()
    }


def sealed(name: str) -> Facts:
    """Return the facts of an organisation, with the claims it makes."""
    org = organisation(name)
    made = facts(org)
    if org.claims == "nothing":
        return made
    rows = (row.id for row in published().criteria if row.role in RATING_ROLES)
    expires = AS_OF.replace(year=AS_OF.year + 1)
    return replace(
        made, claims=tuple(Claim(row, made.org, "head of platform", AS_OF, expires) for row in rows)
    )


@cache
def lean(name: str) -> Facts:
    """Return the same facts with teams only counted, so that just the organisation is judged; made once."""
    whole = sealed(name)
    return replace(
        whole,
        populations=tuple(
            replace(fact, members=()) if fact.kind is SubjectKind.TEAM else fact for fact in whole.populations
        ),
        memberships=tuple(tie for tie in whole.memberships if tie[1].kind is not SubjectKind.TEAM),
    )


@cache
def assessed(name: str) -> Assessment:
    """Return the assessment of an organisation under the published catalogue."""
    return assess(sealed(name), published())


def intervals(assessment: Assessment) -> dict[str, Interval]:
    """Return (proven, possible) of each rated section."""
    return {
        section.id: (section.proven, section.possible) for section in assessment.sections if section.rated
    }


def outcome(assessment: Assessment, row: str) -> str:
    """Return the organisation's outcome of one row."""
    org = f"org:{assessment.organisation}"
    return next(
        finding.outcome.value
        for finding in assessment.findings
        if finding.criterion == row and str(finding.subject) == org
    )
