"""From an organisation to sealed facts: real observations with evidence, populations and memberships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.signals import (
    Gap,
    Interval,
    Masses,
    Observation,
    Rollup,
    SignalSpec,
    State,
    Tally,
    Unit,
    Value,
    split_key,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.facts import BaselineFact, Facts, PopulationFact
from known.organisations import Organisation, ProfileError

AS_OF = date(2026, 11, 1)
READ_ON = "2026-10-30T06:00:00Z"
ABSENT = "absent"
_STANDS_FOR = {"host": {"github", "gitlab"}, "roster": {"roster", "hr"}, "catalog": {"catalog", "backstage"}}
"""What else may stand for one part of a joined source."""


@dataclass(frozen=True, slots=True)
class Places:
    """Every subject of an organisation, by kind, and who belongs to whom; only what was opened is listed."""

    by_kind: Mapping[SubjectKind, tuple[Subject, ...]]
    unopened: tuple[Subject, ...]
    memberships: tuple[tuple[Subject, Subject], ...]


def places(org: Organisation) -> Places:
    """Return the subjects of an organisation; components and namespaces are dealt out evenly."""
    repos = _named(SubjectKind.REPO, "acme/repo", org.repositories)
    teams = _named(SubjectKind.TEAM, "acme/team", org.teams)
    clusters = _named(SubjectKind.CLUSTER, "cluster", org.clusters)
    opened = repos[: org.read]
    ties: list[tuple[Subject, Subject]] = []
    components = []
    for number in range(org.components * org.read // org.repositories):
        component = Subject(SubjectKind.COMPONENT, f"acme/component-{number}")
        components.append(component)
        ties.append((component, opened[number % len(opened)]))
        if teams:
            ties.append((component, teams[number % len(teams)]))
    ties.extend((repo, teams[number % len(teams)]) for number, repo in enumerate(opened) if teams)
    spaces = []
    for cluster in clusters:
        for number in range(org.namespaces):
            spaces.append(Subject(SubjectKind.NAMESPACE, f"{cluster.name}/ns-{number}"))
            ties.append((spaces[-1], cluster))
            if teams:
                ties.append((spaces[-1], teams[number % len(teams)]))
    return Places(
        {
            SubjectKind.ORG: (Subject(SubjectKind.ORG, "acme"),),
            SubjectKind.REPO: opened,
            SubjectKind.COMPONENT: tuple(components),
            SubjectKind.TEAM: teams,
            SubjectKind.CLUSTER: clusters,
            SubjectKind.NAMESPACE: tuple(spaces),
        },
        repos[org.read :],
        tuple(ties),
    )


def _named(kind: SubjectKind, stem: str, count: int) -> tuple[Subject, ...]:
    return tuple(Subject(kind, f"{stem}-{number}") for number in range(count))


def facts(org: Organisation) -> Facts:
    """Return the sealed facts of an organisation; raises ProfileError or SignalError for what cannot be."""
    where = places(org)
    sealing = _Sealing(org, where)
    observations = [item for key in sorted(org.values) for item in sealing.observe(key, org.values[key])]
    for source, values in sorted(org.second.items()):
        observations.extend(item for key in sorted(values) for item in sealing.read(key, values[key], source))
    return Facts(
        organisation="acme",
        as_of=AS_OF,
        period=(AS_OF - timedelta(days=365), AS_OF),
        observations=tuple(observations),
        populations=tuple(_populations(org, where)),
        memberships=where.memberships,
        evidence=sealing.evidence,
        baseline=tuple(_baseline(org, where)),
    )


def _baseline(org: Organisation, where: Places) -> Iterator[BaselineFact]:
    inside = where.by_kind[SubjectKind.ORG][0]
    for key, value in org.baseline.items():
        was = _number(key, value)
        yield BaselineFact(
            AS_OF - timedelta(days=365), spec_of(key).key(**split_key(key)[1]), inside, was, was
        )


def _populations(org: Organisation, where: Places) -> Iterator[PopulationFact]:
    if org.declared == "nobody":
        return
    inside = where.by_kind[SubjectKind.ORG][0]
    for kind in (SubjectKind.REPO, SubjectKind.TEAM, SubjectKind.CLUSTER):
        members = where.by_kind[kind] + (where.unopened if kind is SubjectKind.REPO else ())
        named = members if org.declared == "enumeration" else ()
        yield PopulationFact(inside, kind, len(members), named, org.declared)


@dataclass(slots=True)
class _Sealing:
    org: Organisation
    where: Places
    evidence: dict[str, Evidence] = field(default_factory=dict)
    cited: dict[tuple[str, Subject], str] = field(default_factory=dict)

    def observe(self, key: str, value: Any) -> Iterator[Observation]:
        """Yield what the strongest connected source says of a signal, or nothing where none was asked."""
        source, refused = self._source(spec_of(key))
        if source is not None:
            yield from self.read(key, value, source, refused=refused)

    def read(self, key: str, value: Any, source: str, *, refused: bool = False) -> Iterator[Observation]:
        """Yield one observation by that source for each subject a signal is about."""
        spec = spec_of(key)
        spec.rank(source)
        subjects = self.where.by_kind[spec.subject]
        readings = spread(key, spec, value, len(subjects), exact=self.org.exact)
        shut = subjects[len(subjects) - self.org.shut.get(spec.subject.value, 0) :]
        for subject, reading in zip(subjects, readings, strict=True):
            if refused or subject in shut:
                yield Observation(
                    key, subject, source, State.UNKNOWN, gap=Gap.NOT_PERMITTED, detail="refused"
                )
            elif isinstance(reading, Gap):
                yield Observation(key, subject, source, State.UNKNOWN, gap=reading)
            else:
                state = State.ABSENT if reading is None else State.OBSERVED
                yield Observation(key, subject, source, state, reading, (self._cite(source, subject),))

    def _source(self, spec: SignalSpec) -> tuple[str | None, bool]:
        ranked = [item.name for item in sorted(spec.sources, key=lambda item: item.rank)]
        for name in ranked:
            if connected(name, self.org.sources):
                return name, False
        reachable = (*self.org.sources, *self.org.refused)
        return next(((name, True) for name in ranked if connected(name, reachable)), (None, False))

    def _cite(self, source: str, subject: Subject) -> str:
        found = self.cited.get((source, subject))
        if found is None:
            digest = payload_digest(f"{source} {subject}".encode())
            item = Evidence(source, f"{source}:{subject}", "read", digest, READ_ON, READ_ON, "known 1")
            found = self.cited[source, subject] = item.id
            self.evidence[found] = item
        return found


def connected(source: str, sources: Sequence[str]) -> bool:
    """True where every part of a source is among the connected ones; a bare `join` needs a roster."""
    parts = ["roster", "git"] if source == "join" else source.split("+")
    alone = len(parts) == 1
    return all(_STANDS_FOR.get(part, {part}) & {*sources} if not alone else part in sources for part in parts)


def spec_of(key: str) -> SignalSpec:
    """Return the declaration of a canonical key; raises ProfileError for one the registry does not hold."""
    name, facets = split_key(key)
    spec = registry.load().get(name)
    if spec is None or spec.key(**facets) != key:
        raise ProfileError(f"{key} is no signal of the registry, or its facets stand in another order")
    return spec


def spread(
    key: str, spec: SignalSpec, value: Any, count: int, *, exact: bool = True
) -> Sequence[Value | Gap | None]:
    """Return one reading for each of `count` subjects; None is a proven absence.

    A number is the measure after roll-up: a share (on whole subjects, unless `exact` is False), a number of
    true subjects, a sum, or for every other roll-up each subject's own value. Written out: `absent`,
    `{unknown: GAP}`, `{share: R, then: A, else: B}`, `{eligible: R, value: V}`.
    """
    if value == ABSENT:
        return [None] * count
    if isinstance(value, dict) and "unknown" in value:
        return [Gap(value["unknown"])] * count
    if isinstance(value, dict) and "eligible" in value:
        inside = _whole(key, value["eligible"], count, exact=exact)
        return [*spread(key, spec, value["value"], inside, exact=exact), *[None] * (count - inside)]
    if isinstance(value, dict) and "share" in value:
        return _split(key, spec, value, count, exact=exact)
    if spec.unit is Unit.BOOL and spec.rollup is Rollup.SHARE:
        return _split(key, spec, {"share": value, "then": True, "else": False}, count, exact=exact)
    if spec.unit is Unit.BOOL and spec.rollup is Rollup.ANY and not value:
        return [False] * count
    if spec.unit is Unit.BOOL and spec.rollup in (Rollup.COUNT, Rollup.ANY):
        return _first(key, [True] * int(value), count)
    if spec.rollup in (Rollup.SUM, Rollup.NEWEST, Rollup.DISTINCT, Rollup.DUPLICATED) and count:
        nothing = spec.unit is Unit.MASSES and value in (0, [])
        return [None] * count if nothing else _first(key, [single(key, spec, value)], count)
    return [single(key, spec, value)] * count


def _split(
    key: str, spec: SignalSpec, value: Mapping[str, Any], count: int, *, exact: bool
) -> list[Value | Gap | None]:
    high = _whole(key, value["share"], count, exact=exact)
    chosen = set(Random(key).sample(range(count), high))
    then, other = single(key, spec, value["then"]), single(key, spec, value["else"])
    return [then if number in chosen else other for number in range(count)]


def _first(key: str, readings: list[Value], count: int) -> list[Value | None]:
    if len(readings) > count:
        raise ProfileError(f"{key}: {len(readings)} readings for {count} subjects")
    return [*readings, *[None] * (count - len(readings))]


def _whole(key: str, share: Any, count: int, *, exact: bool = True) -> int:
    number = _number(key, share) * count
    if not 0 <= number <= count or (exact and number.denominator != 1):
        raise ProfileError(f"{key}: {share} of {count} subjects is no whole number of them")
    return int(number + Fraction(1, 2))


def _number(key: str, value: Any) -> Fraction:
    if isinstance(value, str | list | dict):
        raise ProfileError(f"{key}: {value!r} is not a number")
    return Fraction(str(int(value) if isinstance(value, bool) else value))


def single(key: str, spec: SignalSpec, value: Any) -> Value:
    """Return the value of one reading in the signal's unit; raises ProfileError outside its range."""
    match spec.unit:
        case Unit.BOOL:
            if value not in (0, 1):
                raise ProfileError(f"{key}: {value!r} is neither true nor false")
            return bool(value)
        case Unit.TALLY:
            return Tally(_whole(key, value, 100), 100)
        case Unit.MASSES:
            return Masses(tuple((label, 1) for label in _labels(spec, value)))
        case Unit.DATE:
            return (AS_OF - timedelta(days=int(value))).isoformat()
        case Unit.STATE:
            ((word, days),) = value.items()
            return f"{word} {(AS_OF - timedelta(days=days)).isoformat()}"
        case _:
            return _measured(key, spec, value)


def _measured(key: str, spec: SignalSpec, value: Any) -> Value:
    ends = [_number(key, end) for end in (value if isinstance(value, list) else [value])]
    if any(end < spec.low or (spec.high is not None and end > spec.high) for end in ends):
        raise ProfileError(f"{key}: {value} is outside {spec.low}..{spec.high}")
    if len(ends) == 2:
        return Interval(*ends)
    whole = spec.unit is Unit.COUNT and ends[0].denominator == 1
    return ends[0].numerator if whole else ends[0]


def _labels(spec: SignalSpec, value: Any) -> list[str]:
    if isinstance(value, list):
        return sorted(value)
    if spec.rollup is Rollup.DUPLICATED:
        return [f"purpose-{number}/{tool}" for number in range(value) for tool in "ab"]
    return [f"item-{number}" for number in range(value)]
