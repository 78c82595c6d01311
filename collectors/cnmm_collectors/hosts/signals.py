"""From facts of a host to declared signals, populations and memberships; the same for every host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from statistics import median

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.facts import Organisation, Owners, Read, Repository, Rules, Standing, Team, Unread
from cnmm_collectors.hosts.ownership import Ownership, why_open
from cnmm_collectors.hosts.practice import plain
from cnmm_collectors.plugin import Membership, Population
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

NOT_READ = Unknown(Gap.NOT_COLLECTED, "this source does not read it")
_DAY = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Namer:
    """Spells the subjects of one organisation."""

    organisation: str

    @property
    def org(self) -> Subject:
        """The organisation itself."""
        return Subject.safe(SubjectKind.ORG, self.organisation)

    def repo(self, name: str) -> Subject:
        """Return a repository's subject."""
        return Subject.safe(SubjectKind.REPO, self.organisation, name)

    def team(self, slug: str) -> Subject:
        """Return a team's subject."""
        return Subject.safe(SubjectKind.TEAM, self.organisation, *slug.split("/"))

    def component(self, name: str) -> Subject:
        """Return the component that a repository is where it is one component alone."""
        return Subject.safe(SubjectKind.COMPONENT, self.organisation, name)


def populations(
    organisation: Organisation, ownership: Ownership | Unread, namer: Namer
) -> Iterator[Population | Membership]:
    """Yield how much there is, where the listing is complete and nothing can be hidden from it."""
    active = tuple(namer.repo(one.name) for one in organisation.active)
    if organisation.sees_all_repositories:
        drawn = tuple(namer.repo(one.name) for one in organisation.drawn) if organisation.draw else None
        yield Population(
            namer.org, SubjectKind.REPO, len(active), active, "enumeration", organisation.cite, drawn
        )
    if isinstance(ownership, Unread) or not organisation.complete:
        return
    whole = ownership.whole and organisation.sees_all_repositories
    if whole:
        teams = tuple(namer.team(team.slug) for team in ownership.teams)
        yield Population(namer.org, SubjectKind.TEAM, len(teams), teams, "enumeration", organisation.cite)
    for team in ownership.teams:
        members = tuple(namer.repo(name) for name in ownership.repositories(team.slug))
        yield from (Membership(one, namer.team(team.slug), team.cite) for one in members)
        if whole:
            yield Population(
                namer.team(team.slug), SubjectKind.REPO, len(members), members, "enumeration", team.cite
            )


def organisation_readings(organisation: Organisation, as_of: date) -> dict[str, Reading]:
    """Return what is known of the organisation as a whole, by signal."""
    return {
        "host.archived_count_12m": _retired(organisation, as_of),
        "host.mfa_enforced": _reading(organisation.second_factor),
        "host.sso_linked_member_ratio": _reading(organisation.linked, _linked_share),
        "host.ai_assistant_in_use": _assistant(organisation.assistant),
        "host.sso_enforced": _reading(organisation.sign_on),
        "host.value_stream_defined": _reading(organisation.streams),
    }


def repository_readings(
    one: Repository, organisation: Organisation, ownership: Ownership | Unread, security_words: Iterable[str]
) -> dict[str, Reading]:
    """Return what settings and grants say of an active repository, by signal."""
    return {
        "host.team_repo_ratio": _accountable(one, organisation, ownership),
        "host.internal_visibility_ratio": _reading(one.visible_inside),
        "host.branch_protection_ratio": _protected(one.rules),
        "host.required_security_check_ratio": _security_check(one.rules, tuple(security_words)),
        "host.secret_scanning_ratio": _reading(one.secret_scanning),
        "host.push_protection_ratio": _refuses_secrets(one),
        "host.dependency_alert_ratio": _reading(one.dependency_alerts),
        "host.code_scanning_ratio": _reading(one.code_scanning),
        "host.direct_grant_ratio": _direct(one, organisation, ownership),
        "host.env_external_approval_ratio": gated(one, ownership),
        "codeowners.valid_owner_ratio": _valid_owners(one.owners),
    }


def team_readings(team: Team, ownership: Ownership, specs: Iterable[SignalSpec]) -> dict[str, Reading]:
    """Return what is known of a team: one that owns nothing in use is outside of every population."""
    if ownership.repositories(team.slug) or not ownership.whole:
        return {}
    return {spec.id: Absent(team.cite) for spec in specs if spec.subject is SubjectKind.TEAM}


def outside(one: Repository) -> Reading | None:
    """Return the reading of a repository that no ratio is about, None for an active one."""
    return None if one.standing is Standing.ACTIVE else Absent(one.cite)


def emit(
    specs: Iterable[SignalSpec], kind: SubjectKind, subject: Subject, source: str,
    readings: dict[str, Reading], rest: Reading,
) -> Iterator[Signal]:  # fmt: skip
    """Yield each declared signal of a kind about a subject; what nothing answered gets `rest`."""
    for spec in specs:
        if spec.subject is not kind:
            continue
        for key in keys(spec):
            yield Signal(key, subject, source, readings.get(key, readings.get(spec.id, rest)))


def keys(spec: SignalSpec) -> Iterator[str]:
    """Yield a signal's keys: one for each combination of its closed facets."""
    names = [parameter.name for parameter in spec.parameters]
    for values in product(*(parameter.values for parameter in spec.parameters)):
        yield spec.key(**dict(zip(names, values, strict=True)))


def _reading(
    fact: Read[bool] | Read[tuple[int, int]] | Unread,
    value: Callable[..., bool | Interval] = lambda found: found,
) -> Reading:
    if isinstance(fact, Unread):
        return Unknown(fact.gap, fact.detail)
    return Observed(value(fact.value), fact.evidence)


def _linked_share(found: tuple[int, int]) -> Interval:
    """Return the share widened by one person at both ends: it is about people."""
    linked, members = found
    return Interval(Fraction(max(0, linked - 1), members), Fraction(min(members, linked + 1), members))


def _retired(organisation: Organisation, as_of: date) -> Reading:
    """Return how many repositories were archived in a year; what is hidden or undated may be more."""
    gone = [one for one in organisation.repositories if one.standing is Standing.ARCHIVED]
    dates = [one.archived_at.date() for one in gone if one.archived_at is not None]
    recent = sum(as_of - timedelta(days=365) <= day <= as_of for day in dates)
    if not organisation.sees_all_repositories:
        return Observed(Interval(Fraction(recent), None), organisation.cite)
    undated = len(gone) - len(dates)
    if undated:
        return Observed(Interval(Fraction(recent), Fraction(recent + undated)), organisation.cite)
    return Observed(recent, organisation.cite)


def _assistant(fact: Read[bool] | Unread) -> Reading:
    if isinstance(fact, Unread):
        return Unknown(fact.gap, fact.detail)
    return Observed(True, fact.evidence) if fact.value else Absent(fact.evidence)


def _accountable(one: Repository, organisation: Organisation, ownership: Ownership | Unread) -> Reading:
    if isinstance(ownership, Unread):
        return Unknown(ownership.gap, ownership.detail)
    teams = ownership.accountable.get(one.name, ())
    if not ownership.whole:
        # Two that are seen are too many whatever other team is hidden.
        if len(teams) > 1 and organisation.complete:
            return Observed(False, _cites(ownership, teams, one))
        gap = why_open(organisation)
        return Unknown(gap.gap, gap.detail)
    return Observed(len(teams) == 1, _cites(ownership, teams, one))


def _cites(ownership: Ownership, teams: Iterable[str], one: Repository) -> tuple[Evidence, ...]:
    by_slug = {team.slug: team.cite for team in ownership.teams}
    return (*one.cite, *(item for slug in teams for item in by_slug[slug]))


def _protected(rules: Read[Rules] | Unread) -> Reading:
    if isinstance(rules, Unread):
        return Unknown(rules.gap, rules.detail)
    parts = (rules.value.refuses_force, rules.value.refuses_deletion, rules.value.approvals)
    if False in parts:
        return Observed(False, rules.evidence)
    if None in parts:
        return Unknown(rules.value.why.gap, rules.value.why.detail)
    return Observed(True, rules.evidence)


def _security_check(rules: Read[Rules] | Unread, words: tuple[str, ...]) -> Reading:
    if isinstance(rules, Unread):
        return Unknown(rules.gap, rules.detail)
    names = [plain(name) for name in rules.value.checks]
    if any(word in name for name in names for word in words):
        return Observed(True, rules.evidence)
    if not rules.value.checks_complete:
        return Unknown(rules.value.why_checks.gap, rules.value.why_checks.detail)
    return Observed(False, rules.evidence)


SECRET_CHECKS = ("secret detection", "secret scan", "gitleaks", "trufflehog")


def _refuses_secrets(one: Repository) -> Reading:
    """Return whether a secret is refused: on push, or by a scan for secrets that a change must pass."""
    own = _reading(one.push_protection)
    if (isinstance(own, Observed) and own.value is True) or isinstance(one.rules, Unread):
        return own
    names = [plain(name) for name in one.rules.value.checks]
    if any(word in name for name in names for word in SECRET_CHECKS):
        return Observed(True, one.rules.evidence)
    return own


def _direct(one: Repository, organisation: Organisation, ownership: Ownership | Unread) -> Reading:
    if isinstance(one.persons, Unread):
        return Unknown(one.persons.gap, one.persons.detail)
    if isinstance(ownership, Unread):
        return Unknown(ownership.gap, ownership.detail)
    if not ownership.whole:
        gap = why_open(organisation)
        return Unknown(gap.gap, gap.detail)
    persons, teams = one.persons.value, ownership.granted.get(one.name, 0)
    if persons.high + teams == 0:
        return Absent(one.persons.evidence)
    low = Fraction(persons.low, persons.low + teams) if persons.low + teams else Fraction(0)
    high = Fraction(persons.high, persons.high + teams)
    return Observed(low if low == high else Interval(low, high), one.persons.evidence)


def gated(
    one: Repository, ownership: Ownership | Unread, waits: Sequence[timedelta] | None = None
) -> Reading:
    """Return whether production waits for people from outside; `waits` are the waits of its deployments."""
    if isinstance(one.gates, Unread):
        return Unknown(one.gates.gap, one.gates.detail)
    if not one.gates.value:
        return Absent(one.gates.evidence)
    asking = [gate for gate in one.gates.value if gate.approval]
    if not asking:
        return Unknown(
            Gap.NOT_COLLECTED, "no rule gates production: where nothing is controlled, no wait shows nothing"
        )
    if isinstance(ownership, Unread) or not ownership.whole:
        return Unknown(Gap.NOT_VISIBLE, "the owning team is not known for sure")
    own = set(ownership.belongs.get(one.name, ()))
    if own and all(not gate.persons and gate.teams <= own for gate in asking):
        return Observed(False, one.gates.evidence)
    if own and waits and all(not gate.persons and not gate.teams & own for gate in asking):
        return Observed(median(wait.total_seconds() for wait in waits) > _DAY, one.gates.evidence)
    return Unknown(
        Gap.NOT_COLLECTED, "an approval from outside the team may be needed; its wait was not measured"
    )


def _valid_owners(owners: Read[Owners | None] | Unread) -> Reading:
    if isinstance(owners, Unread):
        return Unknown(owners.gap, owners.detail)
    if owners.value is None or owners.value.entries == 0:
        return Absent(owners.evidence)
    entries, least = owners.value.entries, owners.value.invalid
    most = least if owners.value.most is None else owners.value.most
    low, high = Fraction(entries - most, entries), Fraction(entries - least, entries)
    return Observed(low if low == high else Interval(low, high), owners.evidence)
