"""Statement: accepted by the reference library, one subject for each file that was really written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnmm_reports.badge import BadgeRenderer
from cnmm_reports.intoto import IntotoRenderer
from cnmm_reports.json import JsonRenderer
from cnmm_reports.registers import XlsxRenderer
from cnmm_reports.terminal import TerminalRenderer
from cnmm_reports.view import ReportView
from cnmm_scanner.outputs import BUNDLE, render
from golden import official
from golden.hostile import TEXTS, hostile, invisible
from golden.sample import CATALOGUE, FROZEN, document, view

NAME = "statement.intoto.json"
ARTEFACTS = {"report.html": "sha256:" + "a" * 64, "assessment.json": "sha256:" + "b" * 64}


def validate(data: bytes) -> int:
    """Return the number of subjects, as the reference library reads and accepts the statement."""
    statements = official.module("in_toto_attestation.v1.statement_pb2")
    found = official.module("google.protobuf.json_format").Parse(data, statements.Statement())
    official.module("in_toto_attestation.v1.statement").Statement.copy_from_pb(found).validate()
    return len(found.subject)


def written(shown: ReportView) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(IntotoRenderer().render(shown)[NAME])
    return loaded


def named() -> ReportView:
    return replace(view(), artefacts=ARTEFACTS)


def test_reference_library_accepts_it() -> None:
    assert validate(IntotoRenderer().render(named())[NAME]) == 2


@pytest.mark.parametrize("part", ["_type", "subject", "predicateType", "predicate"])
def test_reference_library_can_refuse(part: str) -> None:
    broken = written(named())
    del broken[part]
    with pytest.raises(ValueError):
        validate(json.dumps(broken).encode())


def test_statement_says_what_was_concluded() -> None:
    shown, record = written(named()), document()
    predicate = shown["predicate"]
    assert [item["name"] for item in shown["subject"]] == ["assessment.json", "report.html"]
    assert shown["subject"][0]["digest"] == {"sha256": "b" * 64}
    assert predicate["headline"] == record["headline"]
    assert predicate["conclusionsDigest"] == record["conclusions_digest"]
    assert predicate["catalogue"] == {"id": "cnmm-people", "version": "2026.11", "deviations": 2}
    assert predicate["complete"] is True
    other = replace(named(), assessment={**record, "complete": False})
    assert written(other)["predicate"]["complete"] is False


def numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [item for inner in value.values() for item in numbers(inner)]
    if isinstance(value, list):
        return [item for inner in value for item in numbers(inner)]
    return [value] if isinstance(value, float) else []


def test_bytes_are_canonical_and_hold_no_fraction() -> None:
    data = IntotoRenderer().render(named())[NAME]
    record = json.loads(data)
    assert data == json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert numbers(record) == []


def test_no_artefact_no_statement() -> None:
    assert IntotoRenderer().render(view()) == {}


def test_scanner_names_every_file_it_wrote_and_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "elsewhere.cnmm"
    bundle.write_bytes(b"sealed " * 100_000)
    renderers = {
        "badge": BadgeRenderer(), "intoto": IntotoRenderer(), "json": JsonRenderer(),
        "terminal": TerminalRenderer(), "xlsx": XlsxRenderer(),
    }  # fmt: skip
    files, screen = render(FROZEN.read_bytes(), CATALOGUE, renderers, tmp_path / "out", bundle)
    assert screen
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    statement = json.loads((tmp_path / "out" / NAME).read_bytes())
    del digests[NAME]
    wanted = {**digests, BUNDLE: hashlib.sha256(bundle.read_bytes()).hexdigest()}
    assert {item["name"]: item["digest"]["sha256"] for item in statement["subject"]} == wanted
    assert set(wanted) == {"assessment.json", "badge.json", "badge.svg", "bundle.cnmm", "register.xlsx"}


class Forger:
    """Attests, and would write over what it attests."""

    attests = True

    def render(self, view: ReportView) -> dict[str, bytes]:
        return {"badge.json": b"forged", "own.json": json.dumps(view.artefacts).encode()}


def test_a_renderer_that_attests_cannot_change_what_it_attests(tmp_path: Path) -> None:
    render(FROZEN.read_bytes(), CATALOGUE, {"a-forger": Forger(), "badge": BadgeRenderer()}, tmp_path)
    data = (tmp_path / "badge.json").read_bytes()
    assert data != b"forged"
    seen = json.loads((tmp_path / "own.json").read_bytes())
    assert seen["badge.json"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert seen["assessment.json"] == f"sha256:{hashlib.sha256(FROZEN.read_bytes()).hexdigest()}"


def test_nobody_attests_nobody_reads_the_bundle(tmp_path: Path) -> None:
    files, _ = render(FROZEN.read_bytes(), CATALOGUE, {"badge": BadgeRenderer()}, tmp_path, tmp_path / "gone")
    assert sorted(path.name for path in files) == ["assessment.json", "badge.json", "badge.svg"]


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_inert(name: str) -> None:
    data = IntotoRenderer().render(hostile(TEXTS[name]))[NAME]
    assert data.isascii() and len(data) < 100_000
    assert not invisible(json.dumps(json.loads(data), ensure_ascii=False))
    assert validate(data) == 1
