"""Random organisations for the laws: a whole truth, and what is left of it when something is withheld."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.signals import (
    Absence,
    Basis,
    Disclosure,
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
from cnmm_rules.criteria import (
    AllOf,
    Applies,
    Catalogue,
    Compare,
    Confidence,
    CountOf,
    Criterion,
    NOf,
    Present,
    Proof,
    Role,
    Section,
    ShareOf,
    Test,
)
from cnmm_rules.facts import Adjudication, Claim, Facts, LedgerLine, PopulationFact, Waiver
from cnmm_rules.ranges import Comparison, Operator

AS_OF = date(2026, 11, 1)
ORG = Subject(SubjectKind.ORG, "acme")
TEAM = Subject(SubjectKind.TEAM, "acme/pay")


def spec(
    name: str,
    unit: Unit,
    kind: SubjectKind,
    rollup: Rollup,
    absent: Absence = Absence.INELIGIBLE,
    high: Fraction | None = Fraction(1),
) -> SignalSpec:
    sources = (Source("git", 1, Basis.EFFECTIVE, "clone"),)
    return SignalSpec(
        id=name,
        title=name,
        definition=name,
        unit=unit,
        subject=kind,
        rollup=rollup,
        absent=absent,
        disclosure=Disclosure.STRUCTURAL,
        sources=sources,
        high=high,
    )


_C, _R = SubjectKind.COMPONENT, SubjectKind.REPO
SPECS = {
    item.id: item
    for item in (
        spec("t.share", Unit.BOOL, _C, Rollup.SHARE),
        spec("t.share_zero", Unit.BOOL, _C, Rollup.SHARE, Absence.ZERO),
        spec("t.repo_share", Unit.BOOL, _R, Rollup.SHARE),
        spec("t.count", Unit.BOOL, _C, Rollup.COUNT),
        spec("t.sum", Unit.COUNT, _R, Rollup.SUM, high=None),
        spec("t.max", Unit.COUNT, _R, Rollup.MAX, high=None),
        spec("t.min", Unit.COUNT, _C, Rollup.MIN, high=None),
        spec("t.any", Unit.BOOL, _R, Rollup.ANY, Absence.ZERO),
        spec("t.mean", Unit.RATIO, _C, Rollup.MEAN),
        spec("t.p50", Unit.COUNT, _C, Rollup.P50, high=None),
        spec("t.pooled", Unit.TALLY, _R, Rollup.POOLED),
        spec("t.hhi", Unit.MASSES, _R, Rollup.HHI),
        spec("t.distinct", Unit.MASSES, _R, Rollup.DISTINCT, high=None),
        spec("t.duplicated", Unit.MASSES, _R, Rollup.DUPLICATED, high=None),
        spec("t.direct", Unit.RATIO, SubjectKind.ORG, Rollup.DIRECT),
    )
}
_LABELS = ("cd/argo", "cd/flux", "mesh/istio", "mesh/linkerd")


def cite(key: str, subject: Subject) -> Evidence:
    """One citation, unique to a key and a subject."""
    day = "2026-10-30T00:00:00Z"
    digest = payload_digest(f"{key} {subject}".encode())
    return Evidence("git", f"git:{subject}", f"git show {key}", digest, day, day, "test 1")


@st.composite
def values(draw: st.DrawFn, item: SignalSpec) -> Value:
    """Draw a value in the unit and range of a signal."""
    match item.unit:
        case Unit.BOOL:
            return draw(st.booleans())
        case Unit.RATIO:
            low = draw(st.fractions(0, 1, max_denominator=6))
            if draw(st.integers(0, 3)):
                return low
            return Interval(low, draw(st.fractions(low, 1, max_denominator=6)))
        case Unit.TALLY:
            eligible = draw(st.integers(0, 4))
            return Tally(draw(st.integers(0, eligible)), eligible, draw(st.integers(0, 2)))
        case Unit.MASSES:
            labels = draw(st.lists(st.sampled_from(_LABELS), unique=True, max_size=3))
            held = tuple((label, draw(st.integers(1, 5))) for label in sorted(labels))
            return Masses(held, whole=draw(st.integers(0, 3)) > 0)
        case _:
            return draw(st.integers(0, 6))


@dataclass(frozen=True)
class World:
    """A whole truth: every repository read, the population declared; `keys` are the signals it speaks of."""

    keys: tuple[str, ...]
    facts: Facts
    repos: tuple[Subject, ...]
    catalogue: Catalogue


@st.composite
def worlds(draw: st.DrawFn, *, criteria: bool = True) -> World:
    """Draw an organisation of one to four repositories with components, one team, and every signal read."""
    keys = tuple(draw(st.lists(st.sampled_from(sorted(SPECS)), unique=True, min_size=1, max_size=4)))
    count = draw(st.integers(1, 3))
    repos = tuple(Subject(_R, f"acme/r{number}") for number in range(count))
    memberships: list[tuple[Subject, Subject]] = []
    components: list[Subject] = []
    for repo in repos:
        for number in range(draw(st.integers(1, 2))):
            component = Subject(_C, f"{repo.name}/c{number}")
            components.append(component)
            memberships.append((component, repo))
    mine = draw(st.lists(st.sampled_from(repos), unique=True, max_size=count))
    memberships.extend((repo, TEAM) for repo in mine)
    observations: list[Observation] = []
    evidence: dict[str, Evidence] = {}
    for key in keys:
        item = SPECS[key]
        subjects = {_C: tuple(components), _R: repos, SubjectKind.ORG: (ORG,)}[item.subject]
        for subject in subjects:
            cited = cite(key, subject)
            evidence[cited.id] = cited
            if draw(st.integers(0, 4)) == 0:
                observations.append(Observation(key, subject, "git", State.ABSENT, None, (cited.id,)))
            else:
                value = draw(values(item))
                observations.append(Observation(key, subject, "git", State.OBSERVED, value, (cited.id,)))
    populations = (
        PopulationFact(ORG, _R, count, repos, "enumeration"),
        PopulationFact(TEAM, _R, len(mine), tuple(sorted(mine)), "enumeration"),
    )
    facts = Facts(
        "acme",
        AS_OF,
        (date(2025, 11, 1), AS_OF),
        tuple(observations),
        populations,
        tuple(memberships),
        evidence,
    )
    return World(keys, facts, repos, draw(catalogues(keys)) if criteria else _catalogue(()))


CROWD = {
    name: replace(
        item,
        sources=(
            Source("git", 1, Basis.EFFECTIVE, "clone"),
            Source("host", 1, Basis.EFFECTIVE, "read"),
            Source("file", 2, Basis.DECLARED, "read"),
        ),
    )
    for name, item in SPECS.items()
}
"""The same signals where two sources of equal force and a weaker one may answer."""


@st.composite
def crowded(draw: st.DrawFn) -> World:
    """Draw an organisation whose parts speak more than once: several sources for a reading, several lists for
    a population, none of them whole, statements and waivers for one row, one ledger line in parts.

    What exactly is said comes from one drawn seed: drawing each word by itself took most of the time.
    """
    world = draw(worlds())
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))
    facts, evidence = world.facts, dict(world.facts.evidence)
    values_of: dict[str, list[Observation]] = {}
    for observation in facts.observations:
        values_of.setdefault(observation.key, []).append(observation)
    more = list(facts.observations)
    for observation in facts.observations:
        for source in rng.sample(("host", "file", "git"), rng.choice((1, 1, 2, 3))):
            more.append(_echo(observation, source, rng.choice(values_of[observation.key]), rng, evidence))
    return replace(
        world,
        facts=replace(
            facts,
            observations=tuple(more),
            populations=tuple(_lists(world.repos, rng)),
            memberships=tuple(_belonging(facts.memberships, world.repos, rng)),
            evidence=evidence,
            claims=tuple(_claims(world.catalogue, rng)),
            waivers=tuple(_waivers(world.catalogue, rng)),
            adjudications=tuple(_decisions(world.catalogue, rng)),
            ledger=tuple(LedgerLine("git", "path", n, n, 0, 0) for n in rng.sample(range(9), 3)),
        ),
        catalogue=replace(world.catalogue, signals=CROWD),
    )


def _echo(
    said: Observation, source: str, other: Observation, rng: random.Random, evidence: dict[str, Evidence]
) -> Observation:
    """Return another reading of the same: it repeats, contradicts or was refused."""
    if rng.randrange(3) == 0:
        gap, detail = rng.choice((Gap.NOT_PERMITTED, Gap.UNREACHABLE)), rng.choice(("", "later", "sooner"))
        return Observation(said.key, said.subject, source, State.UNKNOWN, gap=gap, detail=detail)
    cited = cite(f"{said.key} {source} {rng.randrange(3)}", said.subject)
    evidence[cited.id] = cited
    told = other if rng.randrange(2) else said
    return Observation(said.key, said.subject, source, told.state, told.value, (cited.id,))


def _lists(repos: tuple[Subject, ...], rng: random.Random) -> Iterator[PopulationFact]:
    strangers = [Subject(_R, f"acme/x{number}") for number in range(3)]
    for within in (ORG, TEAM):
        for _ in range(rng.choice((1, 2, 3))):
            named = rng.sample([*repos, *strangers], rng.randrange(len(repos) + 1))
            count = len(named) + rng.choice((0, 0, 1, 2))
            yield PopulationFact(within, _R, count, tuple(named), rng.choice(("enumeration", "scope")))


def _belonging(
    known: tuple[tuple[Subject, Subject], ...], repos: tuple[Subject, ...], rng: random.Random
) -> Iterator[tuple[Subject, Subject]]:
    """Yield what belongs where, some of it twice, and parts that two repositories claim."""
    yield from known
    yield from rng.sample(known, min(2, len(known)))
    for child, parent in known:
        if parent.kind is _R and rng.randrange(4) == 0:
            yield child, rng.choice(repos)


def _claims(catalogue: Catalogue, rng: random.Random) -> Iterator[Claim]:
    for row in catalogue.criteria:
        for role in rng.sample(("cto", "ciso", "lead"), rng.randrange(4)):
            yield Claim(row.id, ORG, role, date(2026, 1, rng.choice((1, 2))), date(2027, 1, 1))


def _waivers(catalogue: Catalogue, rng: random.Random) -> Iterator[Waiver]:
    for row in catalogue.criteria:
        for reason in rng.sample(("a", "b", "c"), rng.randrange(4)):
            yield Waiver(row.id, ORG, reason, "cto", "ciso", date(2027, 1, 1))


def _decisions(catalogue: Catalogue, rng: random.Random) -> Iterator[Adjudication]:
    for row in catalogue.criteria:
        for decision in rng.sample(("accept", "reject"), rng.randrange(3)):
            yield Adjudication(row.id, ORG, decision, decision, date(2026, 10, 1))


@st.composite
def withheld(draw: st.DrawFn, world: World) -> Facts:
    """Draw what is left when repositories, single readings, refusals or a population go missing."""
    facts = world.facts
    gone = set(draw(st.lists(st.sampled_from(world.repos), unique=True, max_size=len(world.repos))))
    hidden = gone | {child for child, parent in facts.memberships if parent in gone}
    observations: list[Observation] = []
    for observation in facts.observations:
        if observation.subject in hidden:
            continue
        fate = draw(st.integers(0, 7))
        if fate == 0:
            continue
        if fate == 1:
            unknown = Observation(
                observation.key, observation.subject, "git", State.UNKNOWN, gap=Gap.NOT_PERMITTED
            )
            observations.append(unknown)
        else:
            observations.append(observation)
    listed = tuple(item for item in facts.memberships if item[1].kind is not _R or item[1] not in gone)
    populations = facts.populations
    if draw(st.integers(0, 2)) == 0:
        populations = tuple(draw(st.lists(st.sampled_from(facts.populations), unique=True, max_size=1)))
    return replace(facts, observations=tuple(observations), memberships=listed, populations=populations)


@st.composite
def sampled(draw: st.DrawFn, world: World) -> tuple[Facts, Facts]:
    """Draw what is left when only a sample of repositories is read: as sealed, and without saying so."""
    drawn = tuple(sorted(draw(st.sets(st.sampled_from(world.repos)))))
    hidden = set(world.repos) - set(drawn)
    hidden |= {child for child, parent in world.facts.memberships if parent in hidden}
    read = tuple(item for item in world.facts.observations if item.subject not in hidden)
    listed = tuple(item for item in world.facts.memberships if item[0] not in hidden)
    plain = replace(world.facts, observations=read, memberships=listed)
    said = tuple(
        replace(item, drawn=drawn) if item.within == ORG else item for item in world.facts.populations
    )
    return replace(plain, populations=said), plain


_OPERATORS = (Operator.ABOVE, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST, Operator.EQUALS)


# Strategies are made once: making and checking one for each draw took most of the time.
_BOUNDS = st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(3)])
_COMPARED = st.sampled_from(_OPERATORS)
_OF = tuple(st.integers(0, most) for most in range(8))
"""A number from 0 to the index."""
_SPLITS = tuple(st.integers(1, most) for most in range(1, 4))
_ROLES = st.sampled_from([Role.KEY, Role.RATED, Role.RATED, Role.SUPPORT, Role.MARKER])


def comparison(draw: st.DrawFn) -> Comparison:
    """Draw a comparison with a bound that random worlds straddle."""
    bound = draw(_BOUNDS)
    if draw(_OF[5]) == 0:
        return Comparison(Operator.BETWEEN, bound, bound + 1)
    return Comparison(draw(_COMPARED), bound)


def reading_test(draw: st.DrawFn, keys: tuple[str, ...]) -> Test:
    """Draw a test that reads one signal."""
    key = keys[draw(_OF[len(keys) - 1])]
    labels = SPECS[key].unit is Unit.MASSES
    if not labels and draw(_OF[3]) == 0:
        kind = (ShareOf, CountOf)[draw(_OF[1])]
        return kind(key, comparison(draw), comparison(draw))
    if not labels and draw(_OF[6]) == 0:
        return Present(key)
    return Compare(key, comparison(draw))


def any_test(draw: st.DrawFn, keys: tuple[str, ...], deep: int = 2) -> Test:
    """Draw a test of any form, at most two levels deep; most often a plain one."""
    form = draw(_OF[7]) if deep else 0
    if form < 6:
        return reading_test(draw, keys)
    several = tuple(any_test(draw, keys, deep - 1) for _ in range(draw(_SPLITS[2])))
    return AllOf(several) if form == 6 else NOf(draw(_SPLITS[len(several) - 1]), several)


def criterion(draw: st.DrawFn, keys: tuple[str, ...], number: int, level: int) -> Criterion:
    """Draw one row with every clause a row can have."""
    role = draw(_ROLES)
    weak = draw(_OF[4]) == 0
    implied = draw(_OF[number])
    least = (1, 1, 3)[draw(_OF[2])]
    team = Applies(any_test(draw, keys), 1)
    return Criterion(
        id=f"s.L{level}.r{number}",
        section="s",
        level=level,
        line=1,
        statement="stated",
        role=role,
        importance=draw(_SPLITS[2]),
        confidence=Confidence.WEAK if weak else Confidence.STRONG,
        proof=Proof.MACHINE,
        organisation=Applies(any_test(draw, keys), least),
        team=team,
        applicable=any_test(draw, keys) if role is not Role.KEY and draw(_OF[1]) else None,
        counter=(any_test(draw, keys),) if draw(_OF[3]) == 0 else (),
        corroboration=any_test(draw, keys) if weak else None,
        window_days=None,
        retires_at=level + 1 if draw(_OF[3]) == 3 else None,
        # By one of the rows before it, or by none.
        implied_by=(f"s.L{1 + (implied - 1) % 3}.r{implied - 1}",) if implied else (),
        reason="convention",
        sources=(),
        meaning="meaning",
        next_step="next",
        prompts=(),
    )


def _catalogue(rows: tuple[Criterion, ...]) -> Catalogue:
    section = Section("s", "Section", rated=True, in_headline=True, cap=3)
    return Catalogue("t", "1.0.0", "Test", (section,), rows, SPECS, {})


@st.composite
def catalogues(draw: st.DrawFn, keys: tuple[str, ...]) -> Catalogue:
    """Draw a catalogue of one section with three levels."""
    count = draw(st.integers(2, 5))
    rows = [criterion(draw, keys, number, 1 + number % 3) for number in range(count)]
    return _catalogue(tuple(rows))
