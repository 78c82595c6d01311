"""Every registered join: declared signals, the missing source by name, no order, and no small group exact."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors import accounts, placement, radar, takeup
from cnmm_collectors.plugin import Collected, Join, PersonFact
from cnmm_collectors.signals import Disclosure, Interval, Observed, Signal, Unit, Unknown, split_key
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.contract import Contract, gather
from cnmm_scanner.joining import run_joins
from cnmm_scanner.journal import Journal
from cnmm_scanner.plugins import JOINS, discover
from cnmm_scanner.work import Conditions, Worker
from contract.judging import disclosing, misshapen, tells_no_more

NAMES = [plugin.name for plugin in discover(JOINS)]
AS_OF = date(2026, 11, 22)
ORG = Subject(SubjectKind.ORG, "acme")
K = 5
CONTEXT: Mapping[str, Any] = {
    "organisation": ORG,
    "as_of": AS_OF,
    "period": (date(2025, 11, 22), AS_OF),
    "now": "2026-11-22T06:00:00Z",
    "k": K,
    "complete": True,
}
Facts = list[PersonFact]


def person(number: int) -> str:
    return blake2b(f"person {number}".encode(), digest_size=32).hexdigest()


def authorship(people: int) -> Facts:
    """Return authors, every second of whom changes two layers, and one who has two addresses."""
    facts = [PersonFact(person(n), "git.author", "1", "git") for n in range(people)]
    facts += [
        PersonFact(person(n), "git.layer", layer, "git")
        for n in range(people)
        for layer in (("app", "infra", "platform") if n % 2 else ("app",))
    ]
    return [
        *facts,
        PersonFact(person(900), "git.alias", person(0), "git"),
        PersonFact(person(900), "git.layer", "app", "git"),
    ]


def boilerplate(people: int) -> Facts:
    """Return sketches of as many components: the first two copies of each other, the others of their own."""

    def sketch(lines: range) -> str:
        return "own:" + "".join(sorted(blake2b(str(n).encode(), digest_size=6).hexdigest() for n in lines))

    return [
        PersonFact(
            "",
            "boilerplate.sketch",
            sketch(range(60) if n < 2 else range(100 * n, 100 * n + 60)),
            "git",
            Subject(SubjectKind.COMPONENT, f"acme/r{n}"),
        )
        for n in range(people)
    ]


def answered(people: int) -> Facts:
    """Return accounts of a host, every third of them not in the roster, and one more let in by a cluster."""
    facts: Facts = [
        PersonFact("", accounts.LISTED, "whole", source, ORG)
        for source in ("host", "kubernetes", "roster", "vendors", "services")
    ]
    facts += [PersonFact(person(n), accounts.HOLDER, "person", "host", ORG) for n in range(people)]
    for n in range(people):
        if n % 3:
            facts += [
                PersonFact(person(100 + n), "roster.member", "1", "roster", ORG),
                PersonFact(person(100 + n), "roster.alias", person(n), "roster", ORG),
            ]
    return [
        *facts,
        PersonFact("", accounts.GROUP, person(800), "kubernetes", ORG),
        PersonFact(person(2), accounts.IN_GROUP, person(800), "vendors", ORG),
        PersonFact(person(300), accounts.ALIAS, person(2), "kubernetes", ORG),
        PersonFact(person(301), accounts.ANSWERED, "1", "services", ORG),
    ]


def practice(people: int) -> Facts:
    """Return members of the roster who all commit, every second of them to manifests."""
    facts: Facts = []
    for n in range(people):
        facts += [
            PersonFact(person(n), "roster.member", "1", "roster", ORG),
            PersonFact(person(n), "roster.alias", person(100 + n), "roster", ORG),
            *(
                PersonFact(person(n), "roster.population", name, "roster", ORG)
                for name in ("engineers", "cloud-native", "developers")
            ),
            PersonFact(person(100 + n), "git.author", "1", "git"),
            PersonFact(person(100 + n), "git.layer", "platform" if n % 2 else "app", "git"),
        ]
    return facts


def newcomers(people: int) -> Facts:
    """Return juniors who started 30 days ago, each with a first merge some days later."""
    facts: Facts = [PersonFact("", accounts.LISTED, "whole", source, ORG) for source in ("host", "roster")]
    facts.append(PersonFact("", accounts.CHANGES, "whole 2026-08-24", "host", ORG))
    for n in range(people):
        facts += [
            PersonFact(person(n), "roster.member", "1", "roster", ORG),
            PersonFact(person(n), "roster.joined", "junior 2026-10-23", "roster", ORG),
            PersonFact(person(n), "roster.alias", person(100 + n), "roster", ORG),
            PersonFact(person(100 + n), accounts.HOLDER, "person", "host", ORG),
            PersonFact(person(100 + n), accounts.MERGED, f"2026-10-{25 + n % 5}", "host", ORG),
        ]
    return facts


def upstream(people: int) -> Facts:
    """Return members of two teams who all worked upstream, and somebody whom no roster knows."""
    facts: Facts = [PersonFact(person(700), accounts.UPSTREAM, "1", "host", ORG)]
    for n in range(people):
        facts += [
            PersonFact(person(n), "roster.member", "1", "roster", ORG),
            PersonFact(person(n), "roster.alias", person(100 + n), "roster", ORG),
            PersonFact(person(n), "roster.team", f"team-{n % 2}", "roster", ORG),
            PersonFact(person(100 + n), accounts.UPSTREAM, "1", "host", ORG),
        ]
    return facts


def production(teams: int) -> Facts:
    """Return teams of which every third runs in a cluster, every third could, and every third owns nothing."""
    cluster = Subject(SubjectKind.CLUSTER, "prod")
    named = [Subject(SubjectKind.TEAM, f"acme/t{n}") for n in range(teams)]
    facts = [placement.of_catalogue(ORG, whole=True)]
    facts += placement.of_cluster(cluster, placement.Sight.WHOLE, named[::3], [cluster])
    for n, team in enumerate(named):
        facts += placement.of_team(team, [placement.Place.ABLE] if n % 3 < 2 else [])
    return facts


def takeups(teams: int) -> Facts:
    """Return as many teams as each has members: all claim one service, every third of them after asking."""
    services = {name: Subject(SubjectKind.COMPONENT, f"acme/{name}") for name in ("database", "queue")}
    cluster = Subject(SubjectKind.CLUSTER, "prod")
    named = [Subject(SubjectKind.TEAM, f"acme/t{n}") for n in range(teams)]
    facts = [takeup.of_catalogue(ORG, whole=True)]
    facts += [takeup.of_service(one, name, [f"{name}s.acme.example"]) for name, one in services.items()]
    facts += [takeup.of_team(team, "product", teams) for team in named]
    claims = [("databases.acme.example", str(team)) for team in named]
    facts += takeup.of_cluster(cluster, True, claims, [cluster])
    facts += [takeup.of_request(team, ["request", "database"]) for team in named[::3]]
    return [*facts, *takeup.of_tracker(ORG, ["*"])]


def moves(tools: int) -> Facts:
    """Return as many tools as were taken up, and one that was dropped, each with a decision record."""
    repo = Subject(SubjectKind.REPO, "acme/platform")
    used = [f"tool{n}" for n in range(tools)]
    facts = list(radar.of_tools(repo, used, whole=True))
    for name, kind in (*((name, "adopt") for name in used), ("old", "retire")):
        link = f"https://git.acme.example/acme/platform/blob/main/docs/adr/{name}.md"
        facts.append(radar.of_move(ORG, radar.Move(kind, (name,), (link,))))
        facts.append(radar.of_decision(repo, f"docs/adr/{name}.md", [name]))
    return facts


def skills(people: int) -> Facts:
    """Return three teams of that many people each, all with a component in containers; two teams work on it."""
    facts: Facts = [placement.of_catalogue(ORG, whole=True)]
    for at in range(3):
        team = Subject(SubjectKind.TEAM, f"acme/t{at}")
        facts += placement.of_team(team, [placement.Place.ABLE])
        for n in range(people):
            who = 100 * at + n
            facts += [
                PersonFact(person(who), "roster.member", "1", "roster", ORG),
                PersonFact(person(who), "roster.team", f"t{at}", "roster", ORG),
                PersonFact(person(who), "git.layer", "platform" if at else "app", "git"),
            ]
    return facts


FACTS: dict[str, Callable[[int], Facts]] = {
    "accounts": answered,
    "authorship": authorship,
    "boilerplate": boilerplate,
    "moves": moves,
    "newcomers": newcomers,
    "practice": practice,
    "production": production,
    "takeup": takeups,
    "skills": skills,
    "upstream": upstream,
}
"""What each join is fed with, for a number of people or things; a join without an entry fails."""


def make(name: str) -> Join:
    """Return a new instance of a registered join."""
    made: Join = next(plugin for plugin in discover(JOINS) if plugin.name == name).load()()
    return made


def joined(name: str, facts: Sequence[PersonFact], **context: Any) -> list[Signal]:
    """Return what a join yields, held to its own declaration."""
    join = make(name)
    return gather(join.join(facts, {**CONTEXT, **context}), Contract(join.signals)).signals


@pytest.mark.parametrize("name", NAMES)
def test_a_join_is_what_the_contract_says_and_is_fed_here(name: str) -> None:
    join = make(name)
    assert isinstance(join, Join)
    assert join.name == name
    assert join.signals
    assert join.needs.sources
    assert name in FACTS, f"tests/contract/test_joins.py has no facts for {name}"
    assert {fact.attribute for fact in FACTS[name](8)} <= set(join.needs.attributes)
    assert {fact.source for fact in FACTS[name](8)} == set(join.needs.sources)


@pytest.mark.parametrize("name", NAMES)
def test_only_declared_signals_each_once_with_value_and_citation(name: str) -> None:
    specs = {spec.id: spec for spec in make(name).signals}
    signals = joined(name, FACTS[name](8))
    assert any(isinstance(one.reading, Observed) for one in signals)
    assert len({(one.key, one.subject, one.source) for one in signals}) == len(signals)
    for one in signals:
        spec = specs[split_key(one.key)[0]]
        assert one.subject.kind is spec.subject
        if isinstance(one.reading, Observed):
            assert not list(misshapen(one.reading.value, spec))
            assert one.reading.evidence
        elif isinstance(one.reading, Unknown):
            assert one.reading.detail


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_facts_changes_nothing(name: str) -> None:
    facts = FACTS[name](8)
    straight = sorted(map(repr, joined(name, facts)))
    for seed in range(5):
        mixed = list(facts)
        random.Random(seed).shuffle(mixed)
        assert sorted(map(repr, joined(name, mixed))) == straight


@pytest.mark.parametrize("people", range(K))
@pytest.mark.parametrize("name", NAMES)
def test_no_group_below_k_is_ever_exact(name: str, people: int) -> None:
    specs = {spec.id: spec for spec in make(name).signals}
    for one in joined(name, FACTS[name](people)):
        spec = specs[split_key(one.key)[0]]
        if not isinstance(one.reading, Observed) or spec.subject not in (SubjectKind.ORG, SubjectKind.TEAM):
            continue
        value = one.reading.value
        assert not list(disclosing(value, spec, K)), one.key
        exact = not isinstance(value, Interval | bool)
        assert not (exact and spec.unit in (Unit.RATIO, Unit.COUNT)), f"{one.key} of a group of {people}"
        assert spec.disclosure is not Disclosure.PEOPLE or not exact


@pytest.mark.parametrize("name", NAMES)
def test_no_pseudonym_leaves_a_join(name: str) -> None:
    facts = FACTS[name](8)
    told = repr(joined(name, facts))
    assert not [fact for fact in facts if fact.person and fact.person in told]
    assert not [fact for fact in facts if len(fact.value) >= 32 and fact.value in told]


@pytest.mark.parametrize("name", NAMES)
def test_part_of_a_population_never_proves_what_the_whole_would_deny(name: str) -> None:
    whole = {(one.key, one.subject): one.reading for one in joined(name, FACTS[name](12))}
    for one in joined(name, FACTS[name](8), complete=False, settled=False):
        if isinstance(one.reading, Observed):
            truth = whole.get((one.key, one.subject))
            assert tells_no_more(one.reading, truth), one.key


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_source_is_unknown_by_name(name: str, tmp_path: Path) -> None:
    join = make(name)
    for missing in join.needs.sources:
        facts = [fact for fact in FACTS[name](8) if fact.source != missing]
        signals = run_in_a_scan(join, facts, tmp_path / missing.replace("+", "-"))
        assert not [one for one in signals if one["state"] != "unknown"]
        about_org = [one for one in signals if one["subject"] == str(ORG)]
        expected = {
            spec.id for spec in join.signals if spec.subject is SubjectKind.ORG and not spec.parameters
        }
        assert {one["signal"] for one in about_org} >= expected
        assert all(missing in one["detail"] for one in about_org)


def run_in_a_scan(join: Join, facts: Facts, output: Path) -> list[dict[str, Any]]:
    """Return the readings that the run seals of one join, given what its items yielded."""
    output.mkdir()
    with Journal(output, resume=False) as journal:
        conditions = Conditions(
            settings={},
            as_of=AS_OF,
            period=(AS_OF, AS_OF),
            now=CONTEXT["now"],
            cache=output / "cache",
            own_only=True,
            vault_key=journal.vault.key,
        )
        worker = Worker(conditions)
        finished = worker.finish("item", "", Collected(people=facts))
        journal.add([finished.line])
        names, failed = run_joins([join], journal, [finished.item], worker, CONTEXT)
        assert not failed
        texts = [text for body in journal.bodies(names) for text in body["signals"].values()]
        return [json.loads(line) for text in texts for line in text.splitlines()]
