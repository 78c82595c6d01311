"""What one work item yielded: what the journal keeps, spelled as the bundle will hold it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import Collected, LedgerRow, Membership, PersonFact, Population, Target
from cnmm_collectors.signals import seal
from cnmm_collectors.subjects import Subject
from cnmm_rules.facts import Loss, PopulationFact
from cnmm_scanner.canonical import record

SIGNALS, EVIDENCE, LEDGER = "observations/signals", "evidence", "ledger"
SHAPE = 2
"""Changes whenever `encode` tells things otherwise: what an older program journalled is not taken up."""
POPULATIONS, MEMBERSHIPS = "observations/populations.ndjson", "observations/memberships.ndjson"


def encode(found: Collected) -> dict[str, Any]:
    """Return all but targets and person facts: lines of signals and evidence by bundle member, else records.

    A worker spells the lines; the run copies them, and never has to take millions of records apart.
    """
    cited: dict[str, Evidence] = {}
    for part in (*(s.reading for s in found.signals), *found.populations, *found.memberships):
        cited.update((item.id, item) for item in part.evidence)
    return {
        "signals": _by_member((_shard(one.key), seal(one).to_json()) for one in found.signals),
        "populations": [population_to_json(one) for one in found.populations],
        "memberships": [membership_to_json(one) for one in found.memberships],
        "evidence": _by_member((_shelf(one.source), one.to_json()) for _, one in sorted(cited.items())),
        "ledger": [ledger_to_json(row) for row in found.ledger],
    }


def _shard(key: str) -> str:
    return f"{SIGNALS}/{key.partition('.')[0]}.ndjson"


def _shelf(source: str) -> str:
    return f"{EVIDENCE}/{source}.ndjson"


def _by_member(records: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """Return the lines of (bundle member, record) pairs, joined for each member."""
    found: dict[str, list[str]] = {}
    for member, one in records:
        found.setdefault(member, []).append(record(one).decode("ascii"))
    return {member: "".join(lines) for member, lines in found.items()}


def confirm_again(body: dict[str, Any], now: str) -> None:
    """Let the evidence of a finished item be confirmed now; when it was captured stays."""
    lines = ((member, line) for member, text in body["evidence"].items() for line in text.splitlines())
    body["evidence"] = _by_member(
        (member, json.loads(line) | {"confirmed_at": now}) for member, line in lines
    )


def population_to_json(population: Population) -> dict[str, Any]:
    """Return the sealed form of a population: the rules' record and the ids that it cites."""
    fact = PopulationFact(
        population.within, population.kind, population.count, population.members, population.declared_by,
        population.drawn,
    )  # fmt: skip
    return {**fact.to_json(), "evidence": [item.id for item in population.evidence]}


def membership_to_json(membership: Membership) -> dict[str, Any]:
    """Return the sealed form of a membership, its evidence by id."""
    return {
        "child": str(membership.child),
        "parent": str(membership.parent),
        "evidence": [item.id for item in membership.evidence],
    }


def ledger_to_json(row: LedgerRow) -> dict[str, Any]:
    """Return the sealed form of a ledger row, empty texts left out."""
    return {key: value for key, value in asdict(row).items() if value != ""}


def loss_from_json(item: Mapping[str, Any]) -> Loss:
    """Return what the rules see of a sealed ledger row of which something failed."""
    source, unit, about = item["source"], item.get("unit", ""), item.get("about", "")
    return Loss(
        source, unit, about, item.get("cause", ""), item.get("detail", ""), item["requested"], item["failed"]
    )


def target_to_json(target: Target) -> dict[str, Any]:
    """Return a target for the journal; it holds the name of a credential, never a credential."""
    return {
        "kind": target.kind,
        "locator": target.locator,
        "credential": target.credential,
        "subject": None if target.subject is None else str(target.subject),
        "facts": [list(fact) for fact in target.facts],
    }


def target_from_json(item: Mapping[str, Any]) -> Target:
    """Return the target a journal record holds."""
    subject = None if item["subject"] is None else Subject.parse(item["subject"])
    facts = tuple((name, value) for name, value in item["facts"])
    return Target(item["kind"], item["locator"], item["credential"], subject, facts)


def people_to_json(people: Iterable[PersonFact]) -> list[list[str]]:
    """Return person facts as rows, for encryption and nothing else."""
    return [[one.person, one.attribute, one.value, one.source, str(one.subject or "")] for one in people]


def people_from_json(rows: Iterable[list[str]]) -> Iterator[PersonFact]:
    """Yield the person facts that decrypted rows hold."""
    for person, attribute, value, source, subject in rows:
        about = Subject.parse(subject) if subject else None
        yield PersonFact(person, attribute, value, source, about)


def lines_of(body: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield (bundle member, lines) of all records of an item, sharded so that each member streams."""
    for member, lines in (*body["signals"].items(), *body["evidence"].items()):
        yield member, lines.encode("ascii")
    for item in body["populations"]:
        yield POPULATIONS, record(item)
    for item in body["memberships"]:
        yield MEMBERSHIPS, record(item)
    for item in body["ledger"]:
        yield f"{LEDGER}/{item['source']}.ndjson", record(item)
