"""Roll-ups worked out by hand: what is read, what is not, and what that leaves open."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import (
    Absence,
    Basis,
    Gap,
    Interval,
    Masses,
    Observation,
    Rollup,
    SignalSpec,
    Source,
    State,
    Tally,
    Unit,
    Value,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.facts import Facts, PopulationFact
from cnmm_rules.index import Index
from cnmm_rules.ranges import Comparison, Operator, Range
from cnmm_rules.rollup import UNDECLARED, Rolled, roll, roll_count, roll_present, roll_share
from property.worlds import SPECS, cite, spec

ORG = Subject(SubjectKind.ORG, "acme")
TEAM = Subject(SubjectKind.TEAM, "acme/pay")
AS_OF = date(2026, 11, 1)
ABSENT = "absent"
REFUSED = "refused"

F = Fraction


def repo(name: str) -> Subject:
    return Subject(SubjectKind.REPO, f"acme/{name}")


def component(name: str) -> Subject:
    return Subject(SubjectKind.COMPONENT, f"acme/{name}")


class World:
    """Facts put together by hand."""

    def __init__(self, signals: dict[str, SignalSpec] | None = None) -> None:
        self.signals = signals or SPECS
        self.observations: list[Observation] = []
        self.evidence: dict[str, Evidence] = {}
        self.memberships: list[tuple[Subject, Subject]] = []
        self.populations: list[PopulationFact] = []

    def has(self, parent: Subject, *children: Subject) -> World:
        self.memberships.extend((child, parent) for child in children)
        return self

    def declares(self, within: Subject, kind: SubjectKind, count: int, *members: Subject) -> World:
        self.populations.append(PopulationFact(within, kind, count, members, "enumeration"))
        return self

    def reads(self, key: str, subject: Subject, value: Value | str | None, source: str = "git") -> World:
        cited = cite(key + source, subject)
        self.evidence[cited.id] = cited
        if value == REFUSED:
            seen = Observation(key, subject, source, State.UNKNOWN, gap=Gap.NOT_PERMITTED, detail="403")
        elif value == ABSENT:
            seen = Observation(key, subject, source, State.ABSENT, None, (cited.id,))
        else:
            seen = Observation(key, subject, source, State.OBSERVED, value, (cited.id,))
        self.observations.append(seen)
        return self

    def index(self) -> Index:
        facts = Facts(
            "acme",
            AS_OF,
            (date(2025, 11, 1), AS_OF),
            tuple(self.observations),
            tuple(self.populations),
            tuple(self.memberships),
            self.evidence,
        )
        return Index(facts, self.signals)

    def roll(self, key: str, scope: Subject = ORG, how: Rollup | None = None) -> Rolled:
        return roll(self.index(), key, scope, how, None)


def three_repos() -> World:
    """One monorepo of three components, one plain repository, one that nobody read."""
    world = World().declares(ORG, SubjectKind.REPO, 3, repo("mono"), repo("plain"), repo("dark"))
    world.has(repo("mono"), component("mono/a"), component("mono/b"), component("mono/c"))
    return world.has(repo("plain"), component("plain"))


def test_a_share_weighs_components_within_their_repository() -> None:
    world = three_repos()
    world.reads("t.share", component("mono/a"), True).reads("t.share", component("mono/b"), False)
    world.reads("t.share", component("mono/c"), ABSENT).reads("t.share", component("plain"), True)
    rolled = world.roll("t.share")
    # passes 1/3 + 1, fails 1/3, absent leaves, the unread repository weighs 1 at either end
    assert rolled.range == Range(F(4, 3) / F(8, 3), F(7, 3) / F(8, 3))
    assert (rolled.seen, rolled.declared, rolled.eligible) == (2, 3, 3)


def test_a_refusal_is_at_either_end_and_names_its_cause() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 2, repo("a"), repo("b"))
    world.reads("t.repo_share", repo("a"), True).reads("t.repo_share", repo("b"), REFUSED)
    rolled = world.roll("t.repo_share")
    assert rolled.range == Range(F(1, 2), F(1))
    assert rolled.gaps == ((Gap.NOT_PERMITTED, 1, "403"),)


def test_nobody_declares_how_many_so_a_ratio_is_open_and_a_count_unbounded() -> None:
    world = World().has(repo("a"), component("a")).reads("t.share", component("a"), True)
    world.reads("t.count", component("a"), True)
    assert world.roll("t.share").range == Range(F(0), F(1))
    assert world.roll("t.count").range == Range(F(1), None)
    assert (Gap.NOT_COLLECTED, 1, UNDECLARED) in world.roll("t.share").gaps


def test_the_list_of_targets_is_not_a_population() -> None:
    world = World()
    for number in range(10):
        world.has(repo(f"best{number}"), component(f"best{number}"))
        world.reads("t.share", component(f"best{number}"), True)
    world.declares(ORG, SubjectKind.REPO, 240)
    assert world.roll("t.share").range == Range(F(10, 240), F(1))


def test_a_population_smaller_than_what_was_seen_is_no_population() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 1)
    for name in ("a", "b"):
        world.has(repo(name), component(name)).reads("t.share", component(name), True)
    assert world.roll("t.share").range == Range(F(0), F(1))


def test_what_lies_outside_the_declared_members_does_not_count() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 1, repo("in"))
    world.has(repo("in"), component("in")).has(repo("out"), component("out"))
    world.reads("t.share", component("in"), False).reads("t.share", component("out"), True)
    assert world.roll("t.share").range == Range(F(0), F(0))


def one(key: str, *values: Value | str) -> Rolled:
    """Roll one signal over repositories `r0`, `r1`... each with one component, all declared."""
    world = World()
    names = [f"r{number}" for number in range(len(values))]
    world.declares(ORG, SubjectKind.REPO, len(names), *(repo(name) for name in names))
    for name, value in zip(names, values, strict=True):
        world.has(repo(name), component(name))
        place = repo(name) if SPECS[key].subject is SubjectKind.REPO else component(name)
        world.reads(key, place, value)
    return world.roll(key)


@pytest.mark.parametrize(
    ("key", "values", "low", "high"),
    [
        ("t.sum", (2, 3), 5, 5),
        ("t.sum", (2, REFUSED), 2, None),
        ("t.sum", (ABSENT, ABSENT), 0, None),
        ("t.max", (2, 5, ABSENT), 5, 5),
        ("t.max", (2, REFUSED), 2, None),
        ("t.min", (2, 5), 2, 2),
        ("t.min", (2, REFUSED), 0, 2),
        ("t.any", (False, True, REFUSED), 1, 1),
        ("t.any", (False, REFUSED), 0, 1),
        ("t.any", (False, ABSENT), 0, 0),
        ("t.mean", (F(1, 2), F(1)), F(3, 4), F(3, 4)),
        ("t.mean", (F(1, 2), REFUSED), F(1, 4), F(3, 4)),
        ("t.mean", (Interval(F(0), F(1, 2)), F(1)), F(1, 2), F(3, 4)),
        ("t.p50", (1, 4, 9), 4, 4),
        ("t.p50", (1, 9, REFUSED), 1, 9),
        ("t.p50", (1, REFUSED, REFUSED), 0, None),
        ("t.pooled", (Tally(1, 2), Tally(3, 4)), F(4, 6), F(4, 6)),
        ("t.pooled", (Tally(1, 2, 1), Tally(3, 4)), F(4, 7), F(5, 7)),
        ("t.pooled", (Tally(1, 2), REFUSED), 0, 1),
        ("t.hhi", (Masses((("a", 3),)), Masses((("b", 1),))), F(10, 16), F(10, 16)),
        ("t.hhi", (Masses((("a", 3),)), REFUSED), 0, 1),
        ("t.distinct", (Masses((("x/a", 1), ("y/b", 1))), Masses((("x/a", 1),))), 2, 2),
        ("t.distinct", (Masses((("x/a", 1),)), REFUSED), 1, None),
        ("t.distinct", (Masses((("x/a", 1),)), Masses((("x/b", 1),), whole=False)), 2, None),
        ("t.duplicated", (Masses((("x/a", 1),)), Masses((("x/b", 1),), whole=False)), 1, None),
        ("t.hhi", (Masses((("a", 3),)), Masses((("b", 1),), whole=False)), 0, 1),
        ("t.duplicated", (Masses((("x/a", 1), ("y/b", 1))), Masses((("x/c", 1),))), 1, 1),
        ("t.count", (True, False, REFUSED), 1, 2),
        ("t.share_zero", (True, ABSENT), F(1, 2), F(1, 2)),
    ],
)
def test_each_roll_up_by_hand(key: str, values: tuple[Value, ...], low: object, high: object) -> None:
    assert one(key, *values).range == Range(F(low), None if high is None else F(high))  # type: ignore[arg-type]


def test_the_share_over_a_bar_counts_subjects_not_items() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 3, repo("a"), repo("b"), repo("c"))
    world.reads("t.pooled", repo("a"), Tally(9, 10)).reads("t.pooled", repo("b"), Tally(1, 10, 10))
    world.reads("t.pooled", repo("c"), Tally(0, 0))
    bar = Comparison(Operator.ABOVE, F(1, 2))
    assert roll_share(world.index(), "t.pooled", ORG, bar, None).range == Range(F(1, 2), F(1))
    assert roll_count(world.index(), "t.pooled", ORG, bar, None).range == Range(F(1), F(2))


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [((False, REFUSED), 1, 1), ((ABSENT, REFUSED), 0, 1), ((ABSENT, ABSENT), 0, 0)],
)
def test_present_asks_for_any_value_not_for_a_true_one(
    values: tuple[Value, ...], low: int, high: int
) -> None:
    for key in ("t.repo_share", "t.any"):
        world = World().declares(ORG, SubjectKind.REPO, 2, repo("r0"), repo("r1"))
        for number, value in enumerate(values):
            world.reads(key, repo(f"r{number}"), value)
        assert roll_present(world.index(), key, ORG, None).range == Range(F(low), F(high))


def test_citations_put_failing_readings_first() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 2, repo("a"), repo("b"))
    world.reads("t.repo_share", repo("a"), True).reads("t.repo_share", repo("b"), False)
    rolled = world.roll("t.repo_share")
    assert rolled.evidence[0] == cite("t.repo_sharegit", repo("b")).id
    assert rolled.cited == 2


def test_a_team_counts_its_own_repositories_when_somebody_declares_them() -> None:
    world = three_repos().has(TEAM, repo("plain"))
    world.reads("t.share", component("plain"), True)
    assert world.roll("t.share", TEAM).range == Range(F(0), F(1))
    world.declares(TEAM, SubjectKind.REPO, 1, repo("plain"))
    assert world.roll("t.share", TEAM).range == Range(F(1), F(1))


def ranked() -> dict[str, SignalSpec]:
    """One signal that a cluster answers with effect and a manifest only declares."""
    declared = spec("t.ranked", Unit.BOOL, SubjectKind.REPO, Rollup.SHARE)
    sources = (
        Source("kubernetes", 1, Basis.EFFECTIVE, "list pods"),
        Source("manifests", 2, Basis.DECLARED, "clone"),
    )
    return {
        "t.ranked": SignalSpec(
            id="t.ranked",
            title="ranked",
            definition="ranked",
            unit=declared.unit,
            subject=declared.subject,
            rollup=declared.rollup,
            absent=Absence.INELIGIBLE,
            disclosure=declared.disclosure,
            sources=sources,
            high=F(1),
        )
    }


def test_a_weaker_source_decides_nothing_while_the_stronger_is_unread() -> None:
    world = World(ranked()).declares(ORG, SubjectKind.REPO, 1, repo("a"))
    world.reads("t.ranked", repo("a"), True, "manifests")
    assert world.roll("t.ranked").range == Range(F(0), F(1))
    world.reads("t.ranked", repo("a"), REFUSED, "kubernetes")
    assert world.roll("t.ranked").range == Range(F(0), F(1))


def test_a_weaker_source_that_differs_is_a_conflict_not_a_veto() -> None:
    world = World(ranked()).declares(ORG, SubjectKind.REPO, 1, repo("a"))
    world.reads("t.ranked", repo("a"), True, "kubernetes").reads("t.ranked", repo("a"), False, "manifests")
    rolled = world.roll("t.ranked")
    assert rolled.range == Range(F(1), F(1))
    assert rolled.conflict == "of 1 repository what somebody wrote down says otherwise than what takes effect"
    assert not rolled.contested


@pytest.mark.parametrize("strong", [True, False, REFUSED])
@pytest.mark.parametrize("weak", [True, False, REFUSED])
def test_hiding_the_weaker_source_changes_nothing_but_what_is_said_of_it(strong: Any, weak: Any) -> None:
    both = World(ranked()).declares(ORG, SubjectKind.REPO, 1, repo("a"))
    both.reads("t.ranked", repo("a"), strong, "kubernetes")
    hidden = both.roll("t.ranked").range
    both.reads("t.ranked", repo("a"), weak, "manifests")
    assert both.roll("t.ranked").range == hidden
    differ = isinstance(strong, bool) and isinstance(weak, bool) and strong is not weak
    assert bool(both.roll("t.ranked").conflict) is differ


@pytest.mark.parametrize(
    ("strong", "weak", "contested"),
    [
        (Tally(2, 2), Tally(1, 1, 1), False),
        (Tally(0, 2), Tally(1, 1, 1), True),
        (Tally(1, 2), Tally(2, 4), False),
        (Masses((("a", 1), ("b", 1))), Masses((("a", 1),), whole=False), False),
        (Masses((("a", 1),)), Masses((("b", 1),), whole=False), True),
        (Interval(F(1), None), 3, False),
    ],
)
def test_what_is_told_in_part_contests_only_what_it_rules_out(
    strong: Any, weak: Any, contested: bool
) -> None:
    world = World(ranked()).declares(ORG, SubjectKind.REPO, 1, repo("a"))
    world.reads("t.ranked", repo("a"), strong, "kubernetes").reads("t.ranked", repo("a"), weak, "manifests")
    found = (
        world.roll("t.ranked", how=Rollup.DISTINCT) if isinstance(strong, Masses) else world.roll("t.ranked")
    )
    assert bool(found.conflict) is contested


def test_two_readings_of_equal_force_that_differ_are_contested() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 1, repo("a"))
    world.reads("t.repo_share", repo("a"), True).reads("t.repo_share", repo("a"), False)
    rolled = world.roll("t.repo_share")
    assert rolled.contested
    assert rolled.range == Range(F(0), F(1))


def test_evidence_past_its_window_is_stale_not_false() -> None:
    world = World().declares(ORG, SubjectKind.REPO, 1, repo("a")).reads("t.repo_share", repo("a"), True)
    fresh = roll(world.index(), "t.repo_share", ORG, None, 90)
    stale = roll(world.index(), "t.repo_share", ORG, None, 1)
    assert fresh.range == Range(F(1), F(1))
    assert stale.range == Range(F(0), F(1))
    assert stale.gaps == ((Gap.STALE, 1, ""),)
