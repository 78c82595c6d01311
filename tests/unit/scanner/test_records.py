"""Sorting, spooling, evidence by id, observations, gates: the parts a bundle is made of."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.registry import load, parse
from cnmm_collectors.subjects import Subject
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import document, record
from cnmm_scanner.container import ContainerFault, Content
from cnmm_scanner.gates import Gate, GateFault, check_sections, failed_gates, parse_gates
from cnmm_scanner.lanes import Choice, ExecutorFault, parse_executor
from cnmm_scanner.sealing import scope_lines, spec_to_json, spool
from cnmm_scanner.settings import Scope, Team
from cnmm_scanner.shelf import Shelf
from cnmm_scanner.sorting import sort_unique
from unit.scanner.small import cite, make


@given(
    lines=st.lists(st.binary(max_size=3).map(lambda raw: raw.hex().encode() + b"\n")), run=st.integers(1, 7)
)
def test_sorting_spills_and_keeps_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], run: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert list(sort_unique(lines, folder, run)) == sorted(set(lines))


def whole(content: Content) -> bytes:
    with content() as stream:
        return stream.read()


def test_spooling_does_not_depend_on_the_order(tmp_path: Path) -> None:
    lines = [(f"m{number % 3}", record({"n": number % 40})) for number in range(200)]
    first = spool(lines, tmp_path / "1")
    random.Random(1).shuffle(lines)
    again = spool(lines, tmp_path / "2")
    assert {name: whole(again[name]) for name in again} == {name: whole(first[name]) for name in first}


def test_a_citation_made_twice_is_kept_once_with_its_earliest_time(tmp_path: Path) -> None:
    late, early = cite("a", "2026-11-22T09:00:00Z"), cite("a", "2026-11-22T08:00:00Z")
    assert late.id == early.id
    lines = [("evidence/p.ndjson", record(item.to_json())) for item in (late, early, cite("b"))]
    sealed = whole(spool(lines, tmp_path)["evidence/p.ndjson"])
    assert sealed.count(b"\n") == 2
    assert b"T08:00:00Z" in sealed
    assert b"T09:00:00Z" not in sealed


@given(count=st.integers(0, 40))
def test_every_citation_is_found_by_its_id(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    items = {item.id: item for item in (cite(f"r{number}") for number in range(count))}
    lines = [record(items[key].to_json()) for key in sorted(items)]
    path = tmp_path_factory.mktemp("s") / "lines"
    path.write_bytes(b"before\n" + b"".join(lines) + b"after\n")
    middle = sum(map(len, lines[: count // 2]))
    size = sum(map(len, lines))
    with Shelf(path, [(7, middle), (7 + middle, size - middle)]) as shelf:
        assert dict(shelf) == items
        assert list(shelf.values()) == [items[key] for key in sorted(items)]
        assert dict(shelf.items()) == items
        assert len(shelf) == shelf.check() == count
        assert cite("other").id not in shelf
        assert "" not in shelf
        with pytest.raises(KeyError):
            shelf[cite("other").id]


def test_citations_whose_id_lies_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    raw = record(cite("a").to_json())
    path.write_bytes(raw.replace(b"probe:a", b"probe:b"))
    with Shelf(path, [(0, len(raw))]) as shelf, pytest.raises(ContainerFault):
        shelf[cite("a").id]


def test_observations_can_be_read_again_and_are_what_was_sealed(tmp_path: Path) -> None:
    with Bundle(make(tmp_path / "b", {"a": True, "b": False})) as bundle:
        facts = bundle.facts()
        first, again = list(facts.observations), list(facts.observations)
    assert first == again
    assert [(str(one.subject), one.value) for one in first] == [("repo:a", True), ("repo:b", False)]
    assert facts.ledger[0].received == 2


def test_every_declared_signal_survives_sealing() -> None:
    specs = load()
    sealed = document({"signals": [spec_to_json(spec) for spec in specs.values()]})
    assert {spec.id: spec for spec in parse(sealed, "sealed")} == specs


def test_a_scope_becomes_populations_and_memberships() -> None:
    scope = Scope(
        declared_by="register",
        repositories=("acme/b", "acme/a"),
        teams={"pay": Team(repositories=("acme/a",))},
    )
    lines = list(scope_lines(scope, Subject.parse("org:acme")))
    text = b"".join(line for _, line in lines).decode()
    assert '"within":"org:acme","kind":"repo","count":2,"members":["repo:acme/a","repo:acme/b"]' in text
    assert '"child":"repo:acme/a","parent":"team:pay"' in text
    assert '"kind":"team","count":1' in text
    counted = Scope(declared_by="register", repositories=7)
    assert b'"count":7,"members":[]' in next(scope_lines(counted, Subject.parse("org:acme")))[1]


def test_gates() -> None:
    gates = parse_gates(["org=2", "headline=1"], ["org=50%", "ai=.25"])
    assert gates[0] == Gate("proven", "org", Fraction(2))
    check_sections(gates, ["org", "ai"])
    assessment = {
        "headline": {"proven": 0},
        "sections": [
            {"id": "org", "proven": 2, "coverage": 0.499999},
            {"id": "ai", "proven": None, "coverage": 0.25},
        ],
    }
    assert list(failed_gates(assessment, gates)) == [
        "gate not met: proven of headline is 0, required is 1",
        "gate not met: coverage of org is 0.499999, required is 0.5",
    ]
    with pytest.raises(GateFault, match="no section 'orgs'"):
        check_sections(parse_gates(["orgs=1"], []), ["org"])
    for bad in ("org", "org=6", "org=-1", "=1"):
        with pytest.raises(GateFault):
            parse_gates([bad], [])
    with pytest.raises(GateFault):
        parse_gates([], ["org=1.5"])


def test_executors() -> None:
    assert parse_executor("processes") == Choice(True, 0)
    assert parse_executor("3") == Choice(True, 3)
    assert parse_executor("threads:2") == Choice(False, 2)
    for bad in ("", "0", "dask", "threads:", "threads:0"):
        with pytest.raises(ExecutorFault):
            parse_executor(bad)
