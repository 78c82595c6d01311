"""Production environments and who must approve a deployment to them, asked for in batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnmm_collectors.github.client import Answer, Client, unread
from cnmm_collectors.hosts.facts import Gate, Read, Repository, Standing, Unread
from cnmm_collectors.signals import Gap

_BATCH = 50


def production_of(
    node: Mapping[str, Any], answer: Answer, at: tuple[str | int, ...], names: Sequence[str]
) -> tuple[tuple[str, str], ...] | Unread:
    """Return id and name of a repository's production environments."""
    miss = answer.miss(*at, "environments")
    found = node.get("environments")
    if miss is not None or not isinstance(found, Mapping):
        return (
            unread(miss)
            if miss
            else Unread(Gap.NOT_PERMITTED, "environments are hidden; needs actions: read")
        )
    nodes = [one for one in found.get("nodes") or () if isinstance(one, Mapping)]
    words = [set(re.split(r"[^a-z0-9]+", str(one.get("name", "")).lower())) for one in nodes]
    chosen = tuple(
        (str(one.get("id")), str(one.get("name")))
        for one, parts in zip(nodes, words, strict=True) if parts & set(names)
    )  # fmt: skip
    if not chosen and found.get("totalCount") != len(nodes):
        return Unread(Gap.NOT_COLLECTED, "more environments than were listed")
    return chosen


def read_gates(client: Client, repositories: Sequence[Repository]) -> tuple[Repository, ...]:
    """Return the repositories with the gates of their production environments."""
    wanted = [
        key
        for one in repositories
        if one.standing is Standing.ACTIVE and not isinstance(one.production, Unread)
        for key in one.production
    ]
    gates = _ask(client, wanted)
    return tuple(replace(one, gates=_gates(one, gates)) for one in repositories)


def _ask(client: Client, wanted: Sequence[str]) -> dict[str, Gate | Unread]:
    found: dict[str, Gate | Unread] = {}
    for start in range(0, len(wanted), _BATCH):
        ids = list(wanted[start : start + _BATCH])
        answer, outcome = client.query("environments", ids=ids)
        for position, key in enumerate(ids):
            node = answer.at("nodes", position) if answer is not None else None
            miss = answer.miss("nodes", position) if answer is not None else outcome
            if miss is None and isinstance(node, Mapping):
                found[key] = _gate(node)
            else:
                found[key] = unread(miss) if miss else Unread(Gap.NOT_VISIBLE, "the environment is hidden")
    return found


def _gate(node: Mapping[str, Any]) -> Gate | Unread:
    rules = node.get("protectionRules")
    nodes = rules.get("nodes") if isinstance(rules, Mapping) else None
    if not isinstance(nodes, list) or not isinstance(rules, Mapping) or rules.get("totalCount") != len(nodes):
        return Unread(Gap.NOT_PERMITTED, "the environment's rules are hidden")
    if not all(map(_is_whole, nodes)):
        return Unread(Gap.NOT_VISIBLE, "a reviewer of the environment is withheld")
    reviewers = [
        one for rule in nodes if isinstance(rule, Mapping) and rule.get("type") == "REQUIRED_REVIEWERS"
        for one in _reviewers(rule)
    ]  # fmt: skip
    teams = frozenset(str(one.get("slug")) for one in reviewers if one.get("__typename") == "Team")
    persons = any(one.get("__typename") == "User" for one in reviewers)
    return Gate(bool(reviewers), teams, persons)


def _is_whole(rule: Any) -> bool:
    """True where a rule is shown, and every reviewer of it that the host counts."""
    if not isinstance(rule, Mapping) or rule.get("type") != "REQUIRED_REVIEWERS":
        return isinstance(rule, Mapping)
    found = rule.get("reviewers")
    return isinstance(found, Mapping) and found.get("totalCount") == len(list(_reviewers(rule)))


def _reviewers(rule: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = rule.get("reviewers")
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    return [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []


def _gates(one: Repository, gates: Mapping[str, Gate | Unread]) -> Read[tuple[Gate, ...]] | Unread:
    if isinstance(one.production, Unread):
        return one.production
    found: list[Gate] = []
    for key in one.production:
        gate = gates.get(key)
        if not isinstance(gate, Gate):
            return gate or Unread(Gap.NOT_COLLECTED, "outside of the population")
        found.append(gate)
    return Read(tuple(found), one.cite)
