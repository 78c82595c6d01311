"""The published schema accepts what the engine writes, describes its every key, and refuses the rest."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from cnmm_collectors.signals import Gap
from cnmm_reports.json import JsonRenderer
from cnmm_reports.schema import schema
from cnmm_rules.assessment import SCHEMA, Outcome
from golden.sample import assessment, bare, document, view

VALIDATOR = jsonschema_rs.Draft202012Validator(schema())


def test_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(schema())


@pytest.mark.parametrize(
    "record",
    [document(), assessment().to_json(), bare().to_json()],
    ids=["frozen", "fresh", "bare"],
)
def test_assessment_is_valid(record: dict[str, Any]) -> None:
    VALIDATOR.validate(record)


def test_written_bytes_are_canonical_and_valid() -> None:
    data = JsonRenderer().render(view())["assessment.json"]
    record = json.loads(data)
    VALIDATOR.validate(record)
    assert data.isascii()
    assert data.count(b"\n") == 1
    assert data == json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_codes_are_those_of_the_vocabulary() -> None:
    parts = schema()["$defs"]
    assert parts["outcome"]["enum"] == [item.value for item in Outcome]
    assert parts["cause"]["enum"] == [item.value for item in Gap]
    assert schema()["properties"]["schema"]["const"] == SCHEMA


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        part = schema()["$defs"][part["$ref"].rpartition("/")[2]]
    return part


def undescribed(value: Any, part: dict[str, Any], where: str) -> Iterator[str]:
    part = resolve(part)
    if isinstance(value, dict):
        for key, inner in value.items():
            known = part.get("properties", {}).get(key) or part.get("additionalProperties")
            if isinstance(known, dict):
                yield from undescribed(inner, known, f"{where}.{key}")
            else:
                yield f"{where}.{key}"
    elif isinstance(value, list):
        for inner in value:
            yield from undescribed(inner, part["items"], f"{where}[]")


def test_every_key_written_is_described() -> None:
    assert set(undescribed(assessment().to_json(), schema(), "")) == set()


def properties(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
        for inner in part.values():
            yield from properties(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from properties(inner)


def test_every_property_has_a_description() -> None:
    bare_ones = [name for name, part in properties(schema()) if not resolve(part).get("description")]
    assert bare_ones == []


def broken(path: list[Any], value: Any) -> dict[str, Any]:
    record = copy.deepcopy(document())
    place: Any = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return record


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["schema"], "cnmm/assessment/2"),
        (["headline", "proven"], 6),
        (["headline", "proven"], -1),
        (["headline", "score"], 3),
        (["findings", 0, "outcome"], "passed"),
        (["findings", 0, "subject"], "person:somebody"),
        (["findings", 0, "evidence"], ["sha256:" + "0" * 64] * 21),
        (["findings", 0, "tests", 0, "answer"], True),
        (["findings", 0, "tests", 0, "value"], 1),
        (["findings", 1, "gaps", 0, "cause"], "forbidden"),
        (["evidence", 0, "captured_at"], "2026-11-21T08:00:00+01:00"),
        (["evidence", 0, "excerpt"], "x" * 601),
        (["sections", 0, "coverage"], 1.5),
        (["next_evidence", 0, "narrows", "org"], [1, 2, 3]),
        (["conclusions_digest"], "sha256:abc"),
    ],
)
def test_what_is_not_an_assessment_is_refused(path: list[Any], value: Any) -> None:
    assert not VALIDATOR.is_valid(broken(path, value))


@pytest.mark.parametrize("key", sorted(document()))
def test_missing_key_is_refused(key: str) -> None:
    record = document()
    del record[key]
    assert not VALIDATOR.is_valid(record)
