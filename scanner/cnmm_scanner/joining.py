"""Joins: group signals from the person facts of several sources, after everything was collected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.plugin import Collected, Join, LedgerRow, PersonFact
from cnmm_collectors.signals import Gap, Signal, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.contract import Contract, gather
from cnmm_scanner.journal import Journal
from cnmm_scanner.plugins import Plugin
from cnmm_scanner.records import people_from_json
from cnmm_scanner.work import Crash, Worker, attempt, keys_of


@dataclass(slots=True)
class Gathered:
    """What joins are made from: person facts by attribute, and which declared repositories were read.

    `declared` holds, for each listing or scope of an organisation's repositories, their number and names.
    """

    facts: dict[str, list[PersonFact]] = field(default_factory=lambda: defaultdict(list))
    declared: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def of(self, join: Join) -> list[PersonFact]:
        """Return the facts a join asks for, in one order."""
        found = [fact for attribute in join.needs.attributes for fact in self.facts.get(attribute, ())]
        return sorted(
            found, key=lambda one: (one.person, one.attribute, one.value, one.source, str(one.subject or ""))
        )

    @property
    def complete(self) -> bool:
        """True where every declared repository is known by name and was read to its end."""
        named = [names for count, names in self.declared if len(names) == count]
        return bool(named) and len(named) == len(self.declared) and frozenset().union(*named) <= self.read


def gather_facts(
    journal: Journal, items: Iterable[str], attributes: frozenset[str], organisation: Subject
) -> Gathered:
    """Return what the items of a run yielded for joins, person facts decrypted, in one pass."""
    gathered = Gathered()
    for body in journal.bodies(items):
        for one in body["populations"]:
            if one["within"] == str(organisation) and one["kind"] == SubjectKind.REPO.value:
                gathered.declared.append((one["count"], frozenset(one["members"])))
        for row in body["ledger"]:
            if (row["source"], row["unit"]) == ("git", "repository") and row["received"]:
                gathered.read.add(row["about"])
        if body["people"]:
            for fact in people_from_json(journal.vault.unlock(body["people"])):
                if fact.attribute in attributes:
                    gathered.facts[fact.attribute].append(fact)
    return gathered


def run_joins(
    joins: Sequence[Join],
    journal: Journal,
    items: Sequence[str],
    worker: Worker,
    context: Mapping[str, Any],
    declared: Sequence[tuple[int, frozenset[str]]] = (),
) -> tuple[list[str], int]:
    """Run every join and journal what it yields; return the names to seal, and how many joins failed.

    `declared` are the repositories that the settings' scope speaks of: their number and names.
    """
    names, failed = [], 0
    attributes = frozenset(name for join in joins for name in join.needs.attributes)
    gathered = gather_facts(journal, items, attributes, context["organisation"])
    gathered.declared += declared
    known = {"complete": gathered.complete and context.get("settled", True), **context}
    for join in joins:
        found, why = _run(join, gathered.of(join), known)
        finished = worker.finish(f"join:{join.name}", "", found, why)
        journal.add([finished.line])
        names.append(finished.item)
        failed += bool(why)
    return names, failed


def _run(join: Join, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> tuple[Collected, str]:
    missing = sorted(set(join.needs.sources) - {fact.source for fact in facts})
    organisation: Subject = context["organisation"]
    if missing:
        why = f"needs {', '.join(missing)}, which was not collected"
        return _unknown(join, organisation, Gap.NOT_COLLECTED, why), ""
    outcome = attempt(lambda: gather(join.join(facts, context), Contract(join.signals)))
    if isinstance(outcome, Crash):
        found = _unknown(join, organisation, outcome.gap, f"{join.name} did not finish: {outcome.detail}")
        row = LedgerRow("run", "join", join.name, 1, 0, 0, 1, outcome.gap.value, outcome.detail)
        found.ledger.append(row)
        return found, outcome.detail
    return outcome, ""


def _unknown(join: Join, organisation: Subject, gap: Gap, detail: str) -> Collected:
    """Return Unknown for what the join says of the organisation; other subjects simply stay unread."""
    signals = [
        Signal(key, organisation, spec.sources[0].name, Unknown(gap, detail))
        for spec in join.signals
        if spec.subject is SubjectKind.ORG
        for key in keys_of(spec)
    ]
    return Collected(signals=signals)


def load_joins(plugins: Iterable[Plugin]) -> tuple[Join, ...]:
    """Return an instance of each join, sorted by name; raises PluginFault."""
    return tuple(plugin.load()() for plugin in plugins)
