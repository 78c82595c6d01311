"""Accounts nobody answers for: hosts and clusters matched with roster, vendor list and service register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import accounts, registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.tables.cells import Cells

UNMATCHED = "iam.unmatched_account_ratio"
ANSWERING = ("roster", "vendors", "services")
SOURCES = ("host", "kubernetes", "directory", *ANSWERING)


class AccountsJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `now`, and `k`, the smallest group shown."""

    name: ClassVar[str] = "accounts"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("iam",)) if spec.id == UNMATCHED
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(
        (
            accounts.HOLDER, accounts.ALIAS, accounts.GROUP, accounts.IN_GROUP, accounts.ANSWERED,
            accounts.LISTED, "roster.member", "roster.alias", "git.alias",
        ),
        ("host", "kubernetes", *ANSWERING),
    )  # fmt: skip

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield the share of accounts that no list knows; unknown while an account or list may be missing."""
        cells = Cells(max(5, int(context.get("k", 5))))
        yield Signal(
            UNMATCHED, context["organisation"], "host+kubernetes+roster", _judge(facts, cells, context)
        )


def _judge(facts: Sequence[PersonFact], cells: Cells, context: Mapping[str, Any]) -> Reading:
    links = Links.of(facts)
    held = {links.root(one.person) for one in facts if one.attribute == accounts.HOLDER}
    members: dict[str, set[str]] = defaultdict(set)
    for one in facts:
        if one.attribute == accounts.IN_GROUP:
            members[one.value].add(links.root(one.person))
    groups = {one.value for one in facts if one.attribute == accounts.GROUP}
    held |= {person for group in groups for person in members[group]}
    part = sorted(
        {
            one.source
            for one in facts
            if one.attribute == accounts.LISTED and one.value != "whole" and one.source in SOURCES
        }
    )
    unresolved = sum(not members[group] for group in groups)
    if part:
        return Unknown(Gap.NOT_VISIBLE, f"not listed whole: {', '.join(part)}; somebody may be missing")
    if unresolved:
        what = f"{unresolved} groups that clusters let in: who is in them is in no `directory` export"
        return Unknown(Gap.NOT_COLLECTED, what)
    if not context.get("settled", True):
        return Unknown(Gap.NOT_COLLECTED, "part of the scan did not finish; an account may be missing")
    if len(held) < cells.k:
        return Unknown(Gap.NOT_VISIBLE, f"fewer than {cells.k} accounts: a share would tell of one")
    known = {links.root(one.person) for one in facts if one.attribute in ("roster.member", accounts.ANSWERED)}
    cell = _cell(len(held - known), len(held), cells)
    said = "none" if cell.high == 0 else f"{float(cell.low):.3f} or more"
    what = f"accounts of hosts and clusters that no roster, vendor list or service register knows: {said}"
    return Observed(cell, (cite_join("accounts", context, what, what.encode()),))


def _cell(strangers: int, held: int, cells: Cells) -> Interval:
    """Return none as none, which tells of nobody; anything else in steps of k, 1 to k-1 all alike."""
    if strangers == 0:
        return Interval(Fraction(0), Fraction(0))
    least = cells.step(held)
    most = least + cells.k - 1
    low = max(1, cells.step(strangers))
    high = min(cells.step(strangers) + cells.k - 1, most)
    return Interval(Fraction(low, most), min(Fraction(1), Fraction(high, least)))
