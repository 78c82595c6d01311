"""Statements, waivers and decisions as people write them, and what a scan makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from cnmm_collectors.subjects import Subject
from cnmm_scanner.claims import read_claims
from cnmm_scanner.cli import cnmm, run
from cnmm_scanner.statements import AdjudicationFile, WaiverFile

ROW, MACHINE = "culture.L3.benefits-shown", "org.L1.effort-started"
SETTINGS = """\
organisation: acme
as_of: 2026-11-22
sources: {attestations: attestations}
collectors: {records: {trust: {Head of platform: keys/head.pub}}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and the key of a role; commands run in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cnmm.yaml").write_text(SETTINGS)
    (tmp_path / "keys").mkdir()
    assert run(["keys", "new", "keys/head"]) == 0
    (tmp_path / "benefits.md").write_text("# Lead time\n")
    return tmp_path


def call(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(cnmm, list(arguments), input=answers, standalone_mode=False)


def attest(*more: str, row: str = ROW) -> int:
    given = ["--statement", "It fell by half", "--role", "Head of platform", "--date", "2026-11-01"]
    return run(["attest", row, "-c", "cnmm.yaml", *given, *more])


def judged() -> dict[str, dict[str, Any]]:
    assert run(["scan", "-c", "cnmm.yaml", "-o", "out", "--format", "json"]) == 0
    told = json.loads(Path("out/assessment.json").read_bytes())
    return {row["criterion"]: row for row in told["findings"] if row["subject"] == "org:acme"}


def test_a_signed_statement_with_its_document_proves_its_row(place: Path) -> None:
    assert attest("--artefact", "benefits.md", "--sign-key", "keys/head") == 0
    found = judged()[ROW]
    assert found["outcome"] == "met"
    assert found["evidence"]
    assert call("attest", "--list", "-c", "cnmm.yaml").output.splitlines() == [
        f"{ROW}.yaml: claims its row",
        f"{ROW}.yaml: proves its record",
    ]


@pytest.mark.parametrize(
    "more",
    [[], ["--artefact", "benefits.md"], ["--sign-key", "keys/head"]],
    ids=["bare", "unsigned", "alone"],
)
def test_anything_less_is_claimed(place: Path, more: list[str]) -> None:
    assert attest(*more) == 0
    assert judged()[ROW]["outcome"] == "claimed"


def test_a_row_that_machines_decide_is_only_ever_claimed(place: Path) -> None:
    assert attest("--artefact", "benefits.md", "--sign-key", "keys/head", row=MACHINE) == 0
    assert judged()[MACHINE]["outcome"] == "claimed"


def test_a_changed_document_proves_nothing_and_is_listed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest("--artefact", "benefits.md", "--sign-key", "keys/head") == 0
    (place / "attestations" / "documents" / "benefits.md").write_text("# Lead time, embellished\n")
    assert judged()[ROW]["outcome"] == "claimed"
    capsys.readouterr()
    assert run(["attest", "--list", "-c", "cnmm.yaml"]) == 1
    assert "does not count: the document's digest does not fit" in capsys.readouterr().out


def test_expired_and_orphaned_statements_are_listed_and_count_for_nothing(place: Path) -> None:
    assert attest("--expires", "2026-11-10") == 0
    gone = yaml.safe_load((place / f"attestations/{ROW}.yaml").read_text()) | {
        "criterion": "culture.L9.gone", "key": "nonsense", "expires": "2027-01-01",
    }  # fmt: skip
    (place / "attestations" / "orphan.yaml").write_text(yaml.safe_dump(gone))
    assert judged()[ROW]["outcome"] == "unknown"
    told = call("attest", "--list", "-c", "cnmm.yaml").output
    assert "expired on 2026-11-10" in told
    assert "culture.L9.gone: orphaned" in told
    assert "orphaned: no row asks for its key" in told
    ledger = json.loads(Path("out/assessment.json").read_bytes())["ledger"]
    claims = next(row for row in ledger["by_source"] if row["unit"] == "claim")
    assert (claims["requested"], claims["received"], claims["skipped"]) == (2, 0, 2)


def test_no_claim_is_read_from_what_is_no_statement(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("[1, {criterion: x}]")
    (tmp_path / "b.yaml").write_text("criterion: [")
    (tmp_path / "c.yaml").write_text("criterion: a.b\nrole: x\ndate: soon\nexpires: 2027-01-01\n")
    from datetime import date

    found = read_claims(
        [tmp_path, tmp_path / "none"], frozenset(), Subject.parse("org:acme"), date(2026, 1, 1)
    )
    assert found.sealed == []
    assert found.rows == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["attest", "culture.L3.benefit-shown", "--statement", "x", "--role", "y"], ROW),
        (["attest", ROW, "--statement", "x"], "--role"),
        (["attest", "org.L2.barriers-named", "--statement", "x", "--role", "y"], "--record"),
        (["attest", ROW, "--statement", "x", "--role", "y", "--record", "funding"], "benefit-report"),
        (["attest", ROW, "--statement", "x", "--role", "y", "--expires", "2039-01-01"], "a year at most"),
        (["attest", ROW, "--statement", "x", "--role", "y", "--expires", "2019-01-01"], "before it begins"),
        (["attest", ROW, "--statement", "x", "--role", "y", "--reviewer", "Y"], "the same"),
        (["attest", ROW, "--statement", "x", "--role", "y", "--subject", "acme"], "--subject"),
        (["artefact", "benefits.md", "--criterion", ROW, "--owner", "CTO", "--reviewer", "cto"], "same role"),
        (
            ["artefact", "benefits.md", "--criterion", MACHINE, "--owner", "CTO", "--reviewer", "x"],
            "no document",
        ),
        (["waive", ROW, "--reason", "x", "--owner", "CTO", "--approver", " cto"], "same role"),
        (["waive", "no.L1.row", "--reason", "x", "--owner", "a", "--approver", "b"], "no row"),
    ],
)
def test_what_does_not_hold_is_one_clear_line(
    place: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run([*arguments, "-c", "cnmm.yaml"]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1
    assert not list(place.glob("attestations/*"))


def test_nothing_is_replaced_unasked(place: Path) -> None:
    assert attest() == 0
    assert attest() == 2
    assert attest("--renew") == 0


def test_a_renewed_statement_loses_a_signature_that_no_longer_fits(place: Path) -> None:
    assert attest("--sign-key", "keys/head") == 0
    assert attest("--renew") == 0
    assert not (place / f"attestations/{ROW}.yaml.sig").exists()


def test_waivers_and_decisions_are_files_that_the_settings_can_name(place: Path) -> None:
    row = "security.L2.vulnerability-scanning"
    more = ["-c", "cnmm.yaml"]
    assert (
        run(["waive", row, "--reason", "replaced in May", "--owner", "CTO", "--approver", "CISO", *more]) == 0
    )
    assert run(["waive", ROW, "--reason", "later", "--owner", "CTO", "--approver", "CISO", *more]) == 0
    assert run(["waive", ROW, "--reason", "again", "--owner", "CTO", "--approver", "CISO", *more]) == 2
    assert run(["adjudicate", ROW, "--accept", "--reason", "seen", "--auditor", "External audit", *more]) == 0
    kept = WaiverFile.model_validate(yaml.safe_load((place / "waivers.yaml").read_text()))
    assert [one.criterion for one in kept.waivers] == [row, ROW]
    decided = AdjudicationFile.model_validate(yaml.safe_load((place / "adjudications.yaml").read_text()))
    assert decided.adjudications[0].auditor == "External audit"


def test_an_accepted_claim_is_met_only_with_something_to_cite(place: Path) -> None:
    assert attest("--artefact", "benefits.md") == 0
    assert (
        run(["adjudicate", ROW, "--accept", "--reason", "read it", "--auditor", "Audit", "-c", "cnmm.yaml"])
        == 0
    )
    with (place / "cnmm.yaml").open("a") as settings:
        settings.write("adjudications: adjudications.yaml\n")
    found = judged()[ROW]
    assert found["outcome"] == "met"
    assert found["adjudicated"] == "read it"
    assert found["statement"]["role"]
    assert found["statement"]["dated"] <= "2026-11-22" <= found["statement"]["expires"]


def test_comments_are_not_lost(place: Path) -> None:
    (place / "waivers.yaml").write_text("# ours\nwaivers: []\n")
    assert run(["waive", ROW, "--reason", "x", "--owner", "a", "--approver", "b", "-c", "cnmm.yaml"]) == 2
    assert (place / "waivers.yaml").read_text().startswith("# ours")


def test_an_interview_asks_writes_skips_and_goes_on_where_it_stopped(place: Path) -> None:
    said = call(
        "attest", "--interview", "-c", "cnmm.yaml", "--section", "culture", "--sign-key", "keys/head",
        answers="It fell by half\nHead of platform\nbenefits.md\n\n\nq\n",
    )  # fmt: skip
    assert said.exception is None, said.output
    assert "an auditor will ask" in said.output
    assert "1 statements written" in said.output
    assert [path.name for path in sorted((place / "attestations").glob("*.yaml"))] == [f"{ROW}.yaml"]
    again = call("attest", "--interview", "-c", "cnmm.yaml", "--section", "culture", answers="q\n")
    assert ROW not in again.output


def test_an_artefact_is_proof_beside_its_sidecar(place: Path) -> None:
    (place / "artefacts").mkdir()
    (place / "benefits.md").rename(place / "artefacts/benefits.md")
    given = ["--owner", "Head of platform", "--reviewer", "Internal audit", "--date", "2026-10-01"]
    assert run(["artefact", "artefacts/benefits.md", "--criterion", ROW, *given]) == 0
    with (place / "cnmm.yaml").open("a") as settings:
        settings.write("")
    (place / "cnmm.yaml").write_text(
        SETTINGS.replace("{attestations: attestations}", "{artefacts: artefacts}")
    )
    assert judged()[ROW]["outcome"] == "met"
