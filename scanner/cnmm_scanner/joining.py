"""Joins: group signals from the person facts of several sources, after everything was collected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cnmm_collectors.plugin import Collected, Join, LedgerRow, PersonFact
from cnmm_collectors.signals import Gap, Signal, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.contract import Contract, gather
from cnmm_scanner.journal import Journal
from cnmm_scanner.plugins import Plugin
from cnmm_scanner.records import people_from_json
from cnmm_scanner.work import Crash, Worker, attempt


def people_of(journal: Journal, items: Iterable[str], attributes: frozenset[str]) -> Iterator[PersonFact]:
    """Yield the person facts with these attributes that the items of a run yielded, decrypted."""
    for body in journal.bodies(items):
        if body["people"]:
            for fact in people_from_json(journal.vault.unlock(body["people"])):
                if fact.attribute in attributes:
                    yield fact


def run_joins(
    joins: Sequence[Join], journal: Journal, items: Sequence[str], worker: Worker, context: Mapping[str, Any]
) -> tuple[list[str], int]:
    """Run every join and journal what it yields; return the names to seal, and how many joins failed."""
    names, failed = [], 0
    for join in joins:
        facts = sorted(
            people_of(journal, items, frozenset(join.needs.attributes)),
            key=lambda one: (one.person, one.attribute, one.value, one.source, str(one.subject or "")),
        )
        found, why = _run(join, facts, context)
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
        Signal(spec.id, organisation, spec.sources[0].name, Unknown(gap, detail))
        for spec in join.signals
        if spec.subject is SubjectKind.ORG and not spec.parameters
    ]
    return Collected(signals=signals)


def load_joins(plugins: Iterable[Plugin]) -> tuple[Join, ...]:
    """Return an instance of each join, sorted by name; raises PluginFault."""
    return tuple(plugin.load()() for plugin in plugins)
