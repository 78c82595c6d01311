"""From an organisation that was read to all a host's collector yields: signals, populations, targets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors import accounts
from cnmm_collectors.hosts.alerts import Scans, fixed_readings
from cnmm_collectors.hosts.changes import COVERAGE, PROTECTION
from cnmm_collectors.hosts.deployments import Figures
from cnmm_collectors.hosts.facts import Accounts, Alert, Organisation, Repository, Unread
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.practice import practice_readings
from cnmm_collectors.hosts.signals import (
    NOT_READ,
    Namer,
    emit,
    organisation_readings,
    outside,
    populations,
    repository_readings,
    team_readings,
)
from cnmm_collectors.plugin import LedgerRow, PersonFact, Target, Yield
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import SubjectKind


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of a target; `scans` is None where a repository alone was asked for."""

    organisation: Organisation
    ownership: Ownership | Unread
    scans: Scans | None
    figures: Mapping[str, Figures] = field(default_factory=dict)
    """The host's own figures of delivery, by repository."""

    def alerts(self) -> tuple[Alert, ...]:
        """Return the alerts that were read."""
        return self.scans.alerts if self.scans is not None else ()

    def hidden(self, one: Repository) -> Mapping[str, Unread]:
        """Return why alerts of a repository are not known: a list leaves out in silence what is hidden."""
        if self.scans is None:
            return {"all": Unread(Gap.NOT_COLLECTED, "alerts were not listed")}
        why = dict(self.scans.why)
        if isinstance(one.secret_scanning, Unread):
            why["all"] = Unread(
                Gap.NOT_VISIBLE, "some may be hidden; needs an owner's or security manager's view"
            )
        return why


@dataclass(frozen=True, slots=True)
class Plan:
    """What a host's collector does with what it knows.

    `source` is its name, `words` make a required check a security check, `later` are the kinds of work that
    follow, each with the signals that it answers; `clone` names the credential to clone each active
    repository with, None where it is not wanted, and `contents` then the kind of work that reads its files
    through the API, empty for none.
    """

    source: str
    words: tuple[str, ...]
    later: tuple[tuple[str, tuple[str, ...]], ...]
    clone: str | None
    contents: str = ""

    def answers(self, kind: str = "") -> tuple[str, ...]:
        """Return the signals that a kind of later work answers, or all later work."""
        return tuple(key for one, keys in self.later if kind in ("", one) for key in keys)


def find_all(
    known: Known, target: Target, namer: Namer, specs: Sequence[SignalSpec], plan: Plan, as_of: date
) -> Iterator[Yield]:
    """Yield everything settings, rights and alerts say, what to clone, and what is to be read next."""
    organisation, ownership = known.organisation, known.ownership
    # Where nothing is in use no later work follows, and nobody else would answer.
    later = frozenset(plan.answers()) if organisation.active else frozenset()
    now = [spec for spec in specs if spec.id not in later]
    yield from populations(organisation, ownership, namer)
    if known.scans is not None:
        found = organisation_readings(organisation, as_of)
        yield from emit(now, SubjectKind.ORG, namer.org, plan.source, found, NOT_READ)
        yield from _accounts(organisation, namer)
    if isinstance(ownership, Ownership):
        for team in ownership.teams:
            readings = team_readings(team, ownership, now)
            yield from emit(now, SubjectKind.TEAM, namer.team(team.slug), plan.source, readings, NOT_READ)
    yield from _repositories(known, namer, specs, plan, as_of)
    yield from _targets(organisation, target, plan, namer)
    yield from _ledger(organisation, plan.source, namer)


def later_unread(
    known: Known, namer: Namer, source: str, keys: Iterable[str], specs: Sequence[SignalSpec], why: Unknown
) -> Iterator[Signal]:
    """Yield why a later piece of work answered nothing, for all that it would have been about."""
    kinds = {spec.id: spec.subject for spec in specs}
    teams = known.ownership.teams if isinstance(known.ownership, Ownership) else ()
    active = known.organisation.active
    about = {
        SubjectKind.ORG: [namer.org] if known.scans is not None else [],
        SubjectKind.TEAM: [namer.team(team.slug) for team in teams],
        SubjectKind.REPO: [namer.repo(one.name) for one in active],
        SubjectKind.COMPONENT: [namer.component(one.name) for one in active],
    }
    wanted = tuple(keys)
    for key in wanted:
        for subject in about[kinds[key]]:
            yield Signal(key, subject, source, why)
    for one in active if COVERAGE in wanted else ():
        if one.rests_on_changes:
            yield Signal(PROTECTION, namer.repo(one.name), source, why)


def _accounts(organisation: Organisation, namer: Namer) -> Iterator[PersonFact]:
    held = organisation.accounts
    if isinstance(held, Accounts):
        yield from accounts.holders(held.people, held.robots, held.whole, namer.org)
    else:
        yield accounts.listed("host", namer.org, whole=False)


def _repositories(
    known: Known, namer: Namer, specs: Sequence[SignalSpec], plan: Plan, as_of: date
) -> Iterator[Signal]:
    alerts = defaultdict(list)
    for alert in known.scans.alerts if known.scans is not None else ():
        alerts[alert.repository].append(alert)
    later = frozenset(plan.answers())
    now = [spec for spec in specs if spec.id not in later]
    for one in known.organisation.repositories:
        reading = outside(one)
        found: dict[str, Reading] = {} if reading else _readings(known, one, plan, as_of)
        if reading is None and known.scans is not None:
            hidden = known.hidden(one) if one.moved is None else {"repository": one.moved}
            found |= fixed_readings(one, alerts[one.name], hidden, known.scans.cite, as_of)
        deferred = COVERAGE in later and one.rests_on_changes
        chosen = [spec for spec in now if spec.id != PROTECTION] if deferred else now
        chosen = chosen if reading is None else list(specs)
        yield from emit(
            chosen, SubjectKind.REPO, namer.repo(one.name), plan.source, found, reading or NOT_READ
        )
        for key, cite in sorted(one.proofs.items()):
            yield Signal(key, namer.component(one.name), plan.source, Observed(True, cite))


def _readings(known: Known, one: Repository, plan: Plan, as_of: date) -> dict[str, Reading]:
    settings = repository_readings(one, known.organisation, known.ownership, plan.words)
    return settings | practice_readings(one, plan.words, as_of)


def _targets(organisation: Organisation, target: Target, plan: Plan, namer: Namer) -> Iterator[Target]:
    for one in organisation.drawn if plan.clone is not None else ():
        facts = (("default_branch", one.branch), ("organisation", namer.organisation))
        credential = plan.clone or target.credential
        yield Target("git", one.clone_url, credential, namer.repo(one.name), facts)
    for one in organisation.drawn if plan.clone is None and plan.contents else ():
        commit, tree = one.tip
        told = (("default_branch", one.branch), ("organisation", namer.organisation),
                ("url", one.clone_url), ("commit", commit), ("tree", tree))  # fmt: skip
        place = f"{namer.organisation}/{one.name}"
        yield Target(plan.contents, place, target.credential, namer.repo(one.name), told)
    size = (("repositories", str(len(organisation.drawn))),)
    for kind, _ in plan.later:
        if organisation.active:
            yield Target(kind, target.locator, target.credential, None, size)


def _ledger(organisation: Organisation, source: str, namer: Namer) -> Iterator[LedgerRow]:
    """Yield a row for the repositories: those in use were received, the others skipped for what they are."""
    states = Counter(one.standing.value for one in organisation.repositories)
    active = states.pop("active", 0)
    skipped = sum(states.values())
    failed = organisation.listed - active - skipped
    cause = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    yield LedgerRow(
        source, "repository", str(namer.org), organisation.listed, active, skipped, failed, cause,
        organisation.why_not or "complete listing by the owner",
    )  # fmt: skip
    draw = organisation.draw
    if draw is not None:
        strata = "; ".join(f"{count} of {size} that {name}" for name, size, count in draw.strata)
        read = len(draw.names)
        yield LedgerRow(
            source, "sampled repository", str(namer.org), active, read, active - read, 0,
            Gap.SAMPLED_OUT.value, f"drawn by seed {draw.seed}: {strata}",
        )  # fmt: skip
    if isinstance(organisation.teams, Unread):
        teams, reason = organisation.teams_listed or 1, organisation.teams
        yield LedgerRow(source, "team", str(namer.org), teams, 0, failed=teams,
                        cause=reason.gap.value, detail=reason.detail)  # fmt: skip
    else:
        known = len(organisation.teams)
        yield LedgerRow(source, "team", str(namer.org), organisation.teams_listed, known,
                        failed=organisation.teams_listed - known,
                        detail="" if organisation.sees_all_teams else "secret teams may exist")  # fmt: skip
