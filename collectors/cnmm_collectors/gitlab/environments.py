"""Production environments of a project and who must approve a deployment to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnmm_collectors.gitlab.details import Detail
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.facts import Gate, Read, Unread
from cnmm_collectors.signals import Gap


def read_gates(
    sight: Sight, row: Row, detail: Detail, role: Role, organisation: str, names: Sequence[str]
) -> Read[tuple[Gate, ...]] | Unread:
    """Return the gates of a project's production environments; none where it has no such environment."""
    listed = detail.part("environments", "environments")
    if isinstance(listed, Unread):
        return listed
    nodes = listed.get("nodes") if isinstance(listed, Mapping) else None
    if not isinstance(nodes, list) or not all(isinstance(one, Mapping) for one in nodes):
        return Unread(Gap.NOT_PERMITTED, "environments are hidden; needs Reporter")
    guarded = detail.part("gates", "guarded")
    rows = [one for one in _nodes(guarded) if _is_production(one, names)]
    if not rows and not any(_is_production(one, names) for one in nodes):
        return _none(sight, row, listed, role)
    lacking = sight.subscription.lacking(Tier.PREMIUM, "protected environments")
    if isinstance(guarded, Unread) or not rows:
        return lacking or (guarded if isinstance(guarded, Unread) else _HIDDEN)
    found = [_gate(one, organisation) for one in rows]
    if None in found:
        return _HIDDEN
    gates = tuple(gate for gate in found if gate is not None)
    if not any(gate.approval for gate in gates):
        hidden = lacking or sight.lacking(role, Role.MAINTAINER, "protected environments")
        if hidden is not None:
            return hidden
    return Read(gates, (row.cite,))


_HIDDEN = Unread(Gap.NOT_PERMITTED, "the protection of environments is hidden; needs Maintainer")


def _none(sight: Sight, row: Row, listed: Any, role: Role) -> Read[tuple[Gate, ...]] | Unread:
    info = listed.get("pageInfo") if isinstance(listed, Mapping) else None
    if isinstance(info, Mapping) and info.get("hasNextPage") is True:
        return Unread(Gap.NOT_COLLECTED, "more environments than were listed")
    return sight.lacking(role, Role.REPORTER, "environments") or Read((), (row.cite,))


def stages_of(detail: Detail, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the production environments that are listed."""
    guarded, listed = detail.part("gates", "guarded"), detail.part("environments", "environments")
    nodes = _nodes(None if isinstance(guarded, Unread) else guarded) or _nodes(
        None if isinstance(listed, Unread) else listed
    )
    return tuple(sorted(str(one.get("name", "")) for one in nodes if _is_production(one, names)))


def _is_production(node: Mapping[str, Any], names: Sequence[str]) -> bool:
    if node.get("tier") == "PRODUCTION" or node.get("tier") == "production":
        return True
    words = set(re.split(r"[^a-z0-9]+", str(node.get("name", "")).lower()))
    return bool(words & set(names))


def _gate(node: Mapping[str, Any], organisation: str) -> Gate | None:
    """Return the gate of an environment: every rule that asks for an approval, None where one is hidden."""
    held = node.get("protectedEnvironments")
    if held is None:
        return Gate(False, frozenset(), False)
    if not isinstance(held, Mapping) or not isinstance(held.get("nodes"), list):
        return None
    if len(_nodes(held)) < len(held["nodes"]):
        return None
    rules = [rule for one in _nodes(held) for rule in _nodes(one.get("approvalRules"))]
    asking = [rule for rule in rules if _count(rule.get("requiredApprovals")) > 0]
    counted = any(_count(one.get("requiredApprovalCount")) > 0 for one in _nodes(held))
    teams = frozenset(_slug(rule["group"], organisation) for rule in asking if rule.get("group"))
    # A rule for a role or a person, and one that names nobody, lets in more than a team.
    persons = any(not rule.get("group") for rule in asking) or (counted and not asking)
    return Gate(bool(asking) or counted, teams, persons)


def _slug(group: Any, organisation: str) -> str:
    path = str(group.get("fullPath", "")) if isinstance(group, Mapping) else ""
    return path.removeprefix(f"{organisation}/")


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _nodes(connection: Any) -> list[Mapping[str, Any]]:
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
