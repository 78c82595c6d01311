"""A host that lacks a field is asked for the rest; what needs the field is unknown by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from graphql import TypeInfo, TypeInfoVisitor, parse
from graphql.language import FieldNode, Visitor, visit

from cnmm_collectors.github.queries import INVENTORY, ORGANISATION
from cnmm_collectors.signals import Gap, Unknown
from contract.judging import tells_no_more
from doubles.github.organisation import Organisation, acme
from doubles.github.server import serve
from unit.collectors.github.workshop import Scan

FRAME = {"organization", "repositories", "nodes"}
"""Without these nothing of the inventory can be asked."""
STANDING = {"name", "isArchived", "isFork", "isTemplate", "isDisabled", "isEmpty"}
"""Without these no repository can be told to be in use."""
LATER = {"id", "issues", "pullRequests"}
"""What later questions go by, which are then asked too."""
SIGHT = {"viewerCanAdminister", "membersWithRole", "totalCount", "pageInfo", "hasNextPage", "endCursor"}
"""What only tells how much is seen: the causes that follow name that, and not the field."""


def asked() -> list[str]:
    """Return the names of the fields of the questions."""
    found = set()

    class Walk(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            found.add(node.name.value)

    for query in (INVENTORY, ORGANISATION):
        visit(parse(query), Walk())
    return sorted(name for name in found if not name.startswith("__"))


def types(schema: Any, name: str) -> set[str]:
    """Return the types of which the questions ask a field."""
    info, found = TypeInfo(schema), set()

    class Walk(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if node.name.value == name:
                found.add(info.get_parent_type().name)

    for query in (INVENTORY, ORGANISATION):
        visit(parse(query), TypeInfoVisitor(info, Walk()))
    return found


@contextmanager
def lacking(schema: Any, kind: str, name: str) -> Iterator[Any]:
    """Give the schema without a field of a type."""
    held = schema.type_map[kind].fields
    kept = dict(held)
    try:
        del held[name]
        yield schema
    finally:
        held.clear()
        held.update(kept)


def small() -> Organisation:
    """Return as much of the organisation as shows each kind of reading."""
    org = acme()
    org.repositories = [
        one
        for one in org.repositories
        if one["isArchived"] or one["name"] in ("checkout", "ledger", "portal")
    ]
    return org


def scan(schema: Any, later: bool) -> Scan:
    with serve(small()) as double:
        double.schema = schema
        return Scan(double, analyses=False, contents=False, clone=False, activity=later)


@pytest.fixture(scope="module")
def healthy(schema: Any) -> dict[bool, Scan]:
    return {later: scan(schema, later) for later in (False, True)}


def readings(found: Scan) -> dict[tuple[str, str], Any]:
    return {(one.key, str(one.subject)): one.reading for one in found.found.signals}


@pytest.mark.parametrize("name", asked())
def test_what_a_host_does_not_know_leaves_the_rest_read(
    schema: Any, healthy: dict[bool, Scan], name: str
) -> None:
    for kind in types(schema, name):
        later = name in LATER
        with lacking(schema, kind, name):
            found = scan(schema, later)
        changed = judged(found, healthy[later], name)
        if not later and name not in FRAME | STANDING | SIGHT:
            truth = readings(healthy[later])
            assert set(readings(found)) == set(truth)
            assert len(changed) < len(truth) / 3, (kind, len(changed))


def judged(found: Scan, healthy: Scan, name: str) -> dict[tuple[str, str], Any]:
    """Return the readings that are others than those of a healthy scan, held to the laws."""
    truth = readings(healthy)
    changed = {key: one for key, one in readings(found).items() if not _alike(one, truth.get(key))}
    for key, reading in changed.items():
        assert tells_no_more(reading, truth.get(key)), (key, reading, truth.get(key))
        if isinstance(reading, Unknown) and name not in SIGHT | STANDING | FRAME:
            assert reading.gap is Gap.UNSUPPORTED, (key, reading)
            assert name in reading.detail, (key, reading)
    return changed


def _alike(one: Any, other: Any) -> bool:
    """True where two readings say the same, whatever else their citations hold."""
    parts = ("value", "gap", "detail")
    return type(one) is type(other) and all(
        getattr(one, part, None) == getattr(other, part, None) for part in parts
    )


def test_the_question_is_made_shorter_once_for_a_host_and_asked_again_as_it_is(schema: Any) -> None:
    lost = (lacking(schema, "Repository", "url"), lacking(schema, "Commit", "statusCheckRollup"))
    with lost[0], lost[1], serve(acme()) as double:
        double.schema = schema
        Scan(double, analyses=False, contents=False, clone=False, activity=False, page=3)
    assert double.asked.count("POST /graphql inventory") == 1 + 4


def test_a_field_goes_with_an_argument_that_the_host_does_not_take(schema: Any) -> None:
    held = schema.type_map["Repository"].fields["collaborators"].args
    taken = held.pop("affiliation")
    try:
        found = scan(schema, later=False)
    finally:
        held["affiliation"] = taken
    reading = found.reading("host.direct_grant_ratio", "repo:acme/checkout")
    assert isinstance(reading, Unknown)
    assert reading.detail.endswith("does not have Field.collaborators.affiliation")


def test_a_host_that_refuses_whatever_is_left_out_is_not_asked_for_ever(schema: Any) -> None:
    with lacking(schema, "Query", "organization"), serve(acme()) as double:
        double.schema = schema
        found = Scan(double, activity=False)
    assert all(isinstance(one.reading, Unknown) for one in found.found.signals)
    assert double.asked.count("POST /graphql organisation") <= 2
