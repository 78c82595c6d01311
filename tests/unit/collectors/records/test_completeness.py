"""A signed list of all records turns what it leaves out into an absence; nothing less does."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.records import RecordsCollector
from cnmm_collectors.signals import Absent, Signal, seal
from cnmm_collectors.subjects import Subject
from cnmm_rules.criteria import Record, RecordKind
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.predicates import evaluate
from cnmm_scanner.attesting import write_list
from cnmm_scanner.commands.statements import complete
from cnmm_scanner.signature import load_signer, make_keys

DAY, UNTIL = date(2026, 5, 1), date(2027, 4, 1)
DOCUMENT = b"the strategy"
SIDECAR = (
    f"key: strategy-doc\ndate: 2026-05-01\ndigest: sha256:{hashlib.sha256(DOCUMENT).hexdigest()}\n"
    "owner: CTO\nreviewer: Audit\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    make_keys(tmp_path / "audit")
    (tmp_path / "artefacts").mkdir()
    (tmp_path / "artefacts" / "strategy.md").write_bytes(DOCUMENT)
    (tmp_path / "artefacts" / "strategy.md.yaml").write_text(SIDECAR)
    return tmp_path


def collect(place: Path, trusted: bool = True) -> list[Signal]:
    collector = RecordsCollector()
    reader = SourceReader(
        collector="records", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z"
    )
    folders = [(kind, str(place / kind)) for kind in ("artefacts", "attestations") if (place / kind).is_dir()]
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=tuple(folders))
    chosen: Any = collector.Settings(trust={"Head of audit": place / "audit.pub"} if trusted else {})
    return [
        one
        for item in collector.plan(target, chosen, reader)
        if isinstance(item, WorkItem)
        for one in collector.collect(item, chosen, reader)
        if isinstance(one, Signal)
    ]


def sign(place: Path, *keys: str, **changes: Any) -> None:
    given = {"role": "Head of audit", "day": DAY, "expires": UNTIL, **changes}
    signer = load_signer(place / "audit")
    write_list(place / "artefacts", keys, given["role"], given["day"], given["expires"], signer)


def said(signals: list[Signal], key: str) -> dict[str, str]:
    return {
        one.source: type(one.reading).__name__
        for one in signals
        if one.key == f"artefact.record{{key={key}}}"
    }


def truth(signals: list[Signal], name: str, kind: RecordKind) -> tuple[bool | None, bool]:
    """Return what a row's record test makes of the readings, and whether they are contested."""
    cited: dict[str, Evidence] = {item.id: item for one in signals for item in one.reading.evidence}
    facts = Facts(
        "acme", date(2026, 11, 1), (date(2025, 11, 1), date(2026, 11, 1)), [seal(one) for one in signals],
        evidence=cited,
    )  # fmt: skip
    measures = SubjectMeasures(Index(facts, registry.load()), facts.org, None, Cache(), {})
    (leaf,) = evaluate(Record(name, kind, 365), measures).leaves
    return leaf.truth, leaf.rolled.contested


def test_what_the_list_leaves_out_is_absent_and_what_it_names_is_unknown_or_there(place: Path) -> None:
    sign(place, "strategy-doc", "funding")
    found = collect(place)
    assert said(found, "strategy-doc") == {"artefact": "Observed"}
    assert said(found, "funding") == {"artefact": "Unknown"}
    assert said(found, "sla-record") == {"artefact": "Unknown", "list": "Absent"}
    funding = next(one.reading for one in found if one.key == "artefact.record{key=funding}")
    assert "on the list" in funding.detail  # type: ignore[union-attr]
    assert truth(found, "strategy-doc", RecordKind.ARTEFACT) == (True, False)
    assert truth(found, "funding", RecordKind.ARTEFACT) == (None, False)
    assert truth(found, "sla-record", RecordKind.ARTEFACT) == (False, False)


def test_without_a_list_nothing_is_absent(place: Path) -> None:
    assert truth(collect(place), "sla-record", RecordKind.ARTEFACT) == (None, False)


def test_a_row_that_takes_statements_too_is_ruled_out_only_where_both_were_looked_for(place: Path) -> None:
    sign(place, "strategy-doc")
    assert truth(collect(place), "sla-record", RecordKind.EITHER) == (None, False)
    (place / "attestations").mkdir()
    assert truth(collect(place), "sla-record", RecordKind.EITHER) == (False, False)


def test_a_document_that_the_list_leaves_out_is_contested(place: Path) -> None:
    sign(place, "funding")
    assert truth(collect(place), "strategy-doc", RecordKind.ARTEFACT) == (None, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "Head of sales"},
        {"day": date(2026, 11, 2), "expires": date(2027, 5, 1)},
        {"day": date(2026, 1, 1), "expires": date(2026, 10, 31)},
    ],
)
def test_a_list_that_does_not_hold_says_nothing(place: Path, changes: dict[str, Any]) -> None:
    sign(place, "strategy-doc", **changes)
    assert not any(isinstance(one.reading, Absent) for one in collect(place))


def test_an_unsigned_altered_or_untrusted_list_says_nothing(place: Path) -> None:
    sign(place, "strategy-doc")
    assert not any(isinstance(one.reading, Absent) for one in collect(place, trusted=False))
    path = place / "artefacts" / "complete.yaml"
    whole = path.read_bytes()
    for raw in (whole.replace(b"strategy-doc", b"funding"), b"[", b"complete: 7\n", b"\xff", whole * 2):
        path.write_bytes(raw)
        assert not any(isinstance(one.reading, Absent) for one in collect(place))
    path.write_bytes(whole)
    (place / "artefacts" / "complete.yaml.sig").unlink()
    assert not any(isinstance(one.reading, Absent) for one in collect(place))


def test_one_list_less_never_denies_more(place: Path) -> None:
    sign(place, "strategy-doc", "funding")
    (place / "attestations").mkdir()
    signer = load_signer(place / "audit")
    write_list(place / "attestations", ["sla-record"], "Head of audit", DAY, UNTIL, signer)
    both = {one.key for one in collect(place) if isinstance(one.reading, Absent)}
    for kind in ("artefacts", "attestations"):
        raw = (place / kind / "complete.yaml").read_bytes()
        (place / kind / "complete.yaml").unlink()
        assert {one.key for one in collect(place) if isinstance(one.reading, Absent)} < both
        (place / kind / "complete.yaml").write_bytes(raw)


def test_the_command_writes_a_list_that_holds(place: Path) -> None:
    told = ["strategy-doc", "-d", str(place / "artefacts"), "--role", "Head of audit", "--date", "2026-05-01"]
    done = CliRunner().invoke(
        complete,
        [*told, "--expires", "2027-04-01", "--sign-key", str(place / "audit")],
        standalone_mode=False,
    )
    assert done.exit_code == 0, done.output
    assert truth(collect(place), "sla-record", RecordKind.ARTEFACT) == (False, False)
    wrong = CliRunner().invoke(
        complete, ["strategy-dok", *told[1:], "--sign-key", str(place / "audit")], standalone_mode=False
    )
    assert "no record is called" in str(wrong.exception)
