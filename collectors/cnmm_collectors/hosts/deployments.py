"""What deployments to production say of a repository: by whom, how fast, how many failed, who had to wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.facts import Change, Unread
from cnmm_collectors.hosts.tracking import Item, median_hours
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Unknown

OWN = "host.owner_team_deploy_ratio"
LEAD = "host.change_lead_time_hours_p50"
FAILED = "host.change_fail_ratio"
COMPONENT_SIGNALS = (OWN, LEAD, FAILED)
REPAIRED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment to production; `starter` stays in memory, `waited` is how long it waited for people."""

    repository: str
    commit: str
    at: datetime
    starter: str = field(repr=False)
    human: bool
    succeeded: bool
    waited: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Releases:
    """The production deployments of a window by repository, oldest first, and why some are missing."""

    found: Mapping[str, Sequence[Deployment]]
    why: Mapping[str, Unread]

    def of(self, name: str) -> Sequence[Deployment] | Unread:
        """Return the deployments of a repository, or why they are not known."""
        return self.why.get(name) or self.found.get(name, ())


@dataclass(frozen=True, slots=True)
class Figures:
    """What a host itself reckons: hours from the merge of a change to production, share of what failed."""

    lead_hours: Fraction | None
    failed: Fraction | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a repository's deployments are judged by; `incidents` is None where they are tracked elsewhere."""

    name: str
    deployments: Sequence[Deployment] | Unread
    changes: Sequence[Change]
    changes_why: Unread | None
    incidents: Sequence[Item] | None
    belonging: Belonging
    as_of: date
    figures: Figures | None = None


def delivery_readings(one: Delivery, cite: tuple[Evidence, ...]) -> dict[str, Reading]:
    """Return the readings of one repository, by signal."""
    if isinstance(one.deployments, Unread):
        return dict.fromkeys(COMPONENT_SIGNALS, Unknown(one.deployments.gap, one.deployments.detail))
    if not one.deployments:
        none = Unknown(Gap.NOT_COLLECTED, "no deployment to production is recorded in 90 days")
        return dict.fromkeys(COMPONENT_SIGNALS, none)
    return {
        OWN: _own(one, one.deployments, cite),
        LEAD: _beside(_lead(one, one.deployments, cite), one.figures, "lead_hours"),
        FAILED: _beside(_failed(one, one.deployments, cite), one.figures, "failed"),
    }


def _beside(own: Reading, figures: Figures | None, name: str) -> Reading:
    """Return a reading with the host's own figure cited beside it.

    The host begins at the merge and counts incidents alone, so that its figure is the lower one; where it is
    higher than what was counted, the two disagree and the reading reaches up to it.
    """
    figure = None if figures is None else getattr(figures, name)
    if figures is None or figure is None or not isinstance(own, Observed):
        return own
    value = own.value
    low, high = (value.low, value.high) if isinstance(value, Interval) else (value, value)
    cite = (*own.evidence, *figures.evidence)
    if not isinstance(low, int | Fraction) or high is None or figure <= high:
        return Observed(value, cite)
    return Observed(Interval(Fraction(low), figure), cite)


def _own(one: Delivery, deployments: Sequence[Deployment], cite: tuple[Evidence, ...]) -> Reading:
    own = frozenset(one.belonging.owning.get(one.name, ()))
    if not own:
        return Unknown(Gap.NOT_VISIBLE, "the owning team is not known")
    teams = one.belonging.teams
    passed = open_ = 0
    for each in deployments:
        # What runs in the repository itself is the automation of those who own it.
        passed += not each.human or (teams is not None and bool(teams.get(each.starter, frozenset()) & own))
        open_ += each.human and (teams is None or not each.starter)
    low, high = Fraction(passed, len(deployments)), Fraction(passed + open_, len(deployments))
    return Observed(low if low == high else Interval(low, high), cite)


def _lead(one: Delivery, deployments: Sequence[Deployment], cite: tuple[Evidence, ...]) -> Reading:
    if one.changes_why is not None:
        return Unknown(one.changes_why.gap, one.changes_why.detail)
    if not one.changes:
        return Absent(cite)
    ends = [each.at for each in deployments if each.succeeded]
    spans: list[tuple[datetime, datetime | None]] = []
    for change in one.changes:
        if change.begun_at is None:
            return Unknown(Gap.NOT_PERMITTED, "the first commits of changes are hidden; needs contents: read")
        spans.append((change.begun_at, next((end for end in ends if end >= change.merged_at), None)))
    return Observed(median_hours(spans, one.as_of), cite)


def _failed(one: Delivery, deployments: Sequence[Deployment], cite: tuple[Evidence, ...]) -> Reading:
    """Return the share of deployments that something repaired at once; open upwards without incidents."""
    live = [each for each in deployments if each.succeeded]
    if not live:
        return Unknown(Gap.NOT_COLLECTED, "no deployment to production succeeded in 90 days")
    failed = sum(_is_repaired(one, live, place) for place in range(len(live)))
    low = Fraction(failed, len(live))
    whole = one.incidents is not None and one.changes_why is None
    return Observed(low if whole or low == 1 else Interval(low, Fraction(1)), cite)


def _is_repaired(one: Delivery, live: Sequence[Deployment], place: int) -> bool:
    """True where within a day an earlier commit came back, a repair followed, or an incident was opened."""
    this = live[place]
    until = this.at + REPAIRED_WITHIN
    following = live[place + 1] if place + 1 < len(live) else None
    if following is not None and following.at <= until:
        earlier = {each.commit for each in live[:place] if each.commit != this.commit}
        repairs = any(change.repairs and this.at < change.merged_at <= following.at for change in one.changes)
        if repairs or following.commit in earlier:
            return True
        until = following.at
    return any(this.at < item.opened_at <= until for item in one.incidents or ())


def waits_of(deployments: Sequence[Deployment] | Unread) -> list[timedelta] | None:
    """Return how long deployments waited for people, None where that is not known."""
    if isinstance(deployments, Unread):
        return None
    return [each.waited for each in deployments if each.waited is not None]
