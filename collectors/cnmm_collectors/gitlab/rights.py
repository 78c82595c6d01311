"""What is subscribed to and in which role the credential reads: the two reasons why an answer is missing.

GitLab gives 404 for what is not there, not licensed and not permitted alike. So neither is ever guessed
from a refusal: tier and role are found out first, and an empty answer is believed only where both suffice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.signals import Gap


class Tier(IntEnum):
    """What can be subscribed to, in rising order."""

    FREE = 1
    PREMIUM = 2
    ULTIMATE = 3


class Role(IntEnum):
    """The roles of members, by the host's own numbers; an administrator or auditor reads everything."""

    NONE = 0
    MINIMAL = 5
    GUEST = 10
    PLANNER = 15
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50
    ADMINISTRATOR = 60


_PLANS = {
    "free": Tier.FREE, "core": Tier.FREE,
    "silver": Tier.PREMIUM, "premium": Tier.PREMIUM, "premium_trial": Tier.PREMIUM,
    "gold": Tier.ULTIMATE, "ultimate": Tier.ULTIMATE, "ultimate_trial": Tier.ULTIMATE,
    "ultimate_trial_paid_customer": Tier.ULTIMATE, "opensource": Tier.ULTIMATE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is subscribed to at least and at most, and who says so; `why` where it could not be read."""

    least: Tier
    most: Tier
    says: str
    why: Unread | None = None

    def has(self, needed: Tier) -> bool | None:
        """Return whether a tier is included, None where that is not known."""
        if self.least >= needed:
            return True
        return None if self.most >= needed else False

    def lacking(self, needed: Tier, what: str) -> Unread | None:
        """Return why an empty answer about something of a tier says nothing, None where it is believed."""
        known = self.has(needed)
        if known:
            return None
        if known is False:
            return Unread(Gap.NOT_LICENSED, f"{what}: in {needed.name.title()} alone; {self.says}")
        return self.why or Unread(
            Gap.NOT_VISIBLE,
            f"{what}: in {needed.name.title()} alone, and the subscription is hidden; needs Owner",
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """How this credential reads an organisation; `why` says why its role could not be read.

    `shared_host` is true for the host that everybody shares.
    """

    subscription: Subscription
    role: Role
    administrator: bool
    shared_host: bool
    why: Unread | None = None

    def in_project(self, row: Mapping[str, Any]) -> Role:
        """Return the role in a project, from the group's and what the project's own row says."""
        return max(self.role, own_role(row))

    def lacking(self, role: Role, needed: Role, what: str) -> Unread | None:
        """Return why an empty answer says nothing in this role, None where it is believed."""
        if role >= needed:
            return None
        if role is Role.NONE and self.why is not None:
            return self.why
        return Unread(Gap.NOT_PERMITTED, f"{what}: hidden from this role; needs {needed.name.title()}")

    def left(self) -> dict[str, Unread]:
        """Return the parts of a project that this credential is never shown, each with its reason."""
        lacking = self.subscription.lacking(Tier.PREMIUM, "usage of components")
        if lacking is None and not self.shared_host and not self.administrator:
            lacking = Unread(
                Gap.NOT_PERMITTED, "usage of components: shown to administrators of this host only"
            )
        return {} if lacking is None else {"components": lacking}


def role_of(level: Any) -> Role:
    """Return the highest known role that a level of access reaches."""
    number = level if isinstance(level, int) else 0
    return max((role for role in Role if role <= number), default=Role.NONE)


def own_role(row: Mapping[str, Any]) -> Role:
    """Return the role that a project's own row gives this credential, `NONE` where it tells of none."""
    given = row.get("permissions")
    parts = given.values() if isinstance(given, Mapping) else ()
    levels = (part.get("access_level") for part in parts if isinstance(part, Mapping))
    return max((role_of(level) for level in levels), default=Role.NONE)


def read_sight(client: Client, group: str) -> Sight:
    """Return the role in which this credential reads a group, and what is subscribed to."""
    user, outcome = client.get("/user")
    known = user if outcome.kind is Kind.PRESENT and isinstance(user, Mapping) else {}
    everything = known.get("is_admin") is True or known.get("is_auditor") is True
    role, why = (Role.ADMINISTRATOR, None) if everything else _role(client, group, known.get("id"), outcome)
    shared = client.web == "https://gitlab.com" or client.web.endswith(".gitlab.com")
    subscription = _subscription(client, group, everything)
    return Sight(subscription, role, known.get("is_admin") is True, shared, why)


def _role(client: Client, group: str, number: Any, outcome: Outcome) -> tuple[Role, Unread | None]:
    """Return the role in a group, of whom the host does not know a member none."""
    if not isinstance(number, int):
        return Role.NONE, unread(outcome if outcome.kind is not Kind.PRESENT else _HOLLOW)
    member, outcome = client.get(path_of("groups", group, "members", "all", str(number)))
    if outcome.kind is Kind.NOT_VISIBLE:
        return Role.NONE, None
    if outcome.kind is not Kind.PRESENT:
        return Role.NONE, unread(outcome)
    level = member.get("access_level") if isinstance(member, Mapping) else None
    return (role_of(level), None) if isinstance(level, int) else (Role.NONE, unread(_HOLLOW))


_HOLLOW = Outcome(Kind.MALFORMED, "the host did not say who reads, or in which role")


def _subscription(client: Client, group: str, everything: bool) -> Subscription:
    declared = client.settings.tier
    if declared:
        tier = _PLANS[declared]
        return Subscription(tier, tier, f"the settings say {declared}")
    about, outcome = client.get("/metadata")
    if outcome.kind is Kind.PRESENT and isinstance(about, Mapping) and about.get("enterprise") is False:
        return Subscription(Tier.FREE, Tier.FREE, "the host runs the Community Edition")
    found, outcome = client.get(path_of("namespaces", group.partition("/")[0]))
    plan = _plan(found, outcome)
    if plan not in _PLANS and everything:
        found, outcome = client.get("/license")
        plan = _plan(found, outcome)
    if plan not in _PLANS:
        failed = outcome.kind not in (Kind.PRESENT, Kind.NOT_VISIBLE, Kind.NOT_PERMITTED)
        why = unread(outcome) if failed else None
        return Subscription(Tier.FREE, Tier.ULTIMATE, "the subscription is hidden", why)
    tier = _PLANS[plan]
    return Subscription(tier, tier, f"the subscription is {plan}")


def _plan(found: Any, outcome: Outcome) -> str:
    given = found.get("plan") if outcome.kind is Kind.PRESENT and isinstance(found, Mapping) else None
    return given.lower() if isinstance(given, str) else ""


def raised(subscription: Subscription, row: Mapping[str, Any]) -> Subscription:
    """Return the subscription raised to what a project's row shows: some keys exist in a tier alone."""
    shown = Tier.FREE
    if "approvals_before_merge" in row and "mirror" in row:
        shown = Tier.PREMIUM
    if row.get("requirements_enabled") is True:
        shown = Tier.ULTIMATE
    if subscription.least >= shown or subscription.most < shown:
        return subscription
    return replace(subscription, least=shown)
