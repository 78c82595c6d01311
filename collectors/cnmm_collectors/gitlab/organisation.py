"""What is set for the group as a whole: second factor, sign-in through a provider, the assistant in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.groups import Tree
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Read, Unread
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.signals import Gap

ASSISTANT_DAYS = 28
_GIVEN = "default"
"""The name of the value stream that every group has."""
_HIDDEN_INSTANCE = Unread(
    Gap.NOT_VISIBLE, "the group demands none; whether the whole host does is shown to administrators only"
)
_HIDDEN_PROVIDER = Unread(
    Gap.NOT_VISIBLE, "the host demands none; whether the identity provider does is not shown"
)
_ENFORCED = Unread(Gap.UNSUPPORTED, "the host does not show whether sign-in through the provider is enforced")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for everybody, each read or with its reason."""

    second_factor: Read[bool] | Unread
    sign_on: Read[bool] | Unread
    linked: Read[tuple[int, int]] | Unread
    assistant: Read[bool] | Unread
    streams: Read[bool] | Unread


def read_settings(
    client: Client, sight: Sight, organisation: str, group: Mapping[str, Any], tree: Tree, as_of: date
) -> Settings:
    """Return what is set for the group; on a host of one's own the host's settings where they are shown."""
    path = path_of("groups", organisation)
    value = group.get("require_two_factor_authentication")
    shown = {"require_two_factor_authentication": value, "visibility": group.get("visibility")}
    cite = client.cite(f"group {organisation}", shown, path=path)
    instance = _instance(client) if not sight.shared_host and sight.administrator else None
    return Settings(
        second_factor=_second_factor(client, sight, value, cite, instance),
        sign_on=_sign_on(client, sight, instance),
        linked=_linked(client, sight, organisation, tree),
        assistant=_assistant(client, sight, organisation, as_of),
        streams=_streams(client, sight, organisation),
    )


def _instance(client: Client) -> Mapping[str, Any] | None:
    body, outcome = client.get("/application/settings")
    return body if outcome.kind is Kind.PRESENT and isinstance(body, Mapping) else None


def _second_factor(
    client: Client, sight: Sight, value: Any, cite: Evidence, instance: Mapping[str, Any] | None
) -> Read[bool] | Unread:
    if not isinstance(value, bool):
        return Unread(Gap.NOT_PERMITTED, "the setting is hidden; needs a role in the group")
    if value:
        return Read(True, (cite,))
    if not sight.shared_host:
        demanded = instance.get("require_two_factor_authentication") if instance else None
        if not isinstance(demanded, bool):
            return _HIDDEN_INSTANCE
        shown = {"require_two_factor_authentication": demanded}
        whole = client.cite("settings of the host", shown, path="/application/settings")
        return Read(True, (cite, whole)) if demanded else _HIDDEN_PROVIDER
    if sight.subscription.has(Tier.PREMIUM) is False:
        return Read(False, (cite,))
    return _HIDDEN_PROVIDER


def _sign_on(client: Client, sight: Sight, instance: Mapping[str, Any] | None) -> Read[bool] | Unread:
    if sight.shared_host:
        return sight.subscription.lacking(Tier.PREMIUM, "sign-in through a provider") or _ENFORCED
    if instance is None:
        return Unread(Gap.NOT_PERMITTED, "sign-in is set for the whole host and shown to administrators only")
    keys = ("password_authentication_enabled_for_web", "signin_enabled")
    passwords = next((instance[key] for key in keys if isinstance(instance.get(key), bool)), None)
    if passwords is None:
        return Unread(Gap.MALFORMED, "the host's settings do not say whether passwords are accepted")
    shown = {"password_authentication_enabled_for_web": passwords}
    return Read(not passwords, (client.cite("settings of the host", shown, path="/application/settings"),))


def _linked(client: Client, sight: Sight, organisation: str, tree: Tree) -> Read[tuple[int, int]] | Unread:
    """Return how many members have an identity of the provider linked, of how many."""
    if not sight.shared_host:
        return Unread(Gap.UNSUPPORTED, "identities belong to the whole host, not to the group")
    lacking = sight.subscription.lacking(Tier.PREMIUM, "linked identities")
    if lacking is not None:
        return lacking
    hidden = sight.lacking(sight.role, Role.OWNER, "linked identities")
    if hidden is not None:
        return hidden
    path = path_of("groups", organisation, "saml", "identities")
    found = client.listing(path)
    people = tree.everybody
    if not found.complete:
        return found.unread()
    if people is None:
        return Unread(Gap.NOT_VISIBLE, "the members of a group cannot be listed")
    linked = {row.get("user_id") for row in found.rows if isinstance(row, Mapping)} - {None}
    if not linked or not people:
        return Unread(Gap.NOT_VISIBLE, "no linked identity is shown: the provider may be set up elsewhere")
    cite = client.cite("linked identities", {"linked": True}, path=path)
    return Read((min(len(linked), len(people)), len(people)), (cite,))


def _assistant(client: Client, sight: Sight, organisation: str, as_of: date) -> Read[bool] | Unread:
    lacking = sight.subscription.lacking(Tier.PREMIUM, "the host's own assistant")
    if lacking is not None:
        return lacking
    span = {"from": str(as_of - timedelta(days=ASSISTANT_DAYS)), "to": str(as_of)}
    answer, outcome = client.query("assistant", org=organisation, **span)
    miss = answer.miss("group", "aiMetrics") if answer is not None else outcome
    used = answer.at("group", "aiMetrics", "duoUsedCount") if answer is not None else None
    if miss is not None:
        return unread(miss)
    if not isinstance(used, int):
        hidden = sight.lacking(sight.role, Role.OWNER, "usage of the assistant")
        return hidden or Unread(Gap.NOT_ENABLED, "no usage of the host's own assistant is recorded")
    # Of the number only whether there is one is cited: a small one would single people out.
    return Read(used > 0, (client.cite("usage of the assistant", {**span, "used": used > 0}),))


def _streams(client: Client, sight: Sight, organisation: str) -> Read[bool] | Unread:
    """Return that a value stream beside the one that every group has is defined; none proves nothing."""
    lacking = sight.subscription.lacking(Tier.PREMIUM, "value streams")
    if lacking is not None:
        return lacking
    answer, outcome = client.query("value streams", org=organisation)
    miss = answer.miss("group", "valueStreams") if answer is not None else outcome
    nodes = answer.at("group", "valueStreams", "nodes") if answer is not None else None
    if miss is not None:
        return unread(miss)
    named = (
        [str(one.get("name")) for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
    )
    own = [name for name in named if name.lower() != _GIVEN]
    if own:
        return Read(True, (client.cite(f"value streams of {organisation}", {"value streams": sorted(own)}),))
    hidden = sight.lacking(sight.role, Role.REPORTER, "value streams")
    return hidden or Unread(
        Gap.NOT_COLLECTED, "no value stream is defined on the host: it may be followed elsewhere"
    )
