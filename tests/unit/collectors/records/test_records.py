"""A document proves its row only if it was fetched, is unchanged, reviewed by another role, and in date."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from cnmm_collectors.plugin import LedgerRow, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.records import RecordsCollector
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown
from cnmm_collectors.signatures import STATEMENT_TYPE
from cnmm_collectors.subjects import Subject
from cnmm_scanner.signature import load_signer, make_keys

DOCUMENT = b"%PDF the strategy"
DIGEST = hashlib.sha256(DOCUMENT).hexdigest()
GOOD = f"key: strategy-doc\ndate: 2026-05-01\ndigest: sha256:{DIGEST}\nowner: CTO\nreviewer: Internal audit\n"


def collect(folder: Path, kind: str, **settings: object) -> tuple[dict[str, Reading], list[LedgerRow]]:
    collector = RecordsCollector()
    reader = SourceReader(
        collector="records", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z"
    )
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=((kind, str(folder)),))
    chosen = collector.Settings.model_validate(settings)
    found = [
        one
        for item in collector.plan(target, chosen, reader)  # type: ignore[arg-type]
        if isinstance(item, WorkItem)
        for one in collector.collect(item, chosen, reader)  # type: ignore[arg-type]
    ]
    return (
        {one.key: one.reading for one in found if isinstance(one, Signal)},
        [one for one in found if isinstance(one, LedgerRow)],
    )


def artefact(folder: Path, sidecar: str) -> tuple[Reading, LedgerRow]:
    (folder / "strategy.pdf").write_bytes(DOCUMENT)
    (folder / "strategy.pdf.yaml").write_text(sidecar)
    readings, rows = collect(folder, "artefacts")
    return readings["artefact.record{key=strategy-doc}"], rows[0]


def test_a_reviewed_unchanged_document_is_proven(tmp_path: Path) -> None:
    reading, row = artefact(tmp_path, GOOD)
    assert isinstance(reading, Observed)
    assert reading.value == "proven 2026-05-01"
    assert {item.native_id for item in reading.evidence} >= {f"sha256:{DIGEST}"}
    assert not any(item.excerpt for item in reading.evidence)
    assert (row.requested, row.received) == (1, 1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("reviewer: Internal audit\n", "", "no reviewer"),
        ("reviewer: Internal audit", "reviewer: cto", "no reviewer"),
        ("owner: CTO", "signer: Internal-Audit", "no reviewer"),
        (f"digest: sha256:{DIGEST}\n", "", "no digest"),
    ],
)
def test_less_than_that_is_a_claim(tmp_path: Path, old: str, new: str, told: str) -> None:
    reading, row = artefact(tmp_path, GOOD.replace(old, new))
    assert isinstance(reading, Observed)
    assert reading.value == "claimed 2026-05-01"
    assert told in row.detail


@pytest.mark.parametrize(
    ("old", "new", "gap", "told"),
    [
        (DIGEST, "0" * 64, Gap.MALFORMED, "digest does not fit"),
        ("2026-05-01", "2027-05-01", Gap.MALFORMED, "after the audit date"),
        ("owner: CTO", "expires: 2026-10-31\nowner: CTO", Gap.STALE, "expired"),
        ("owner: CTO", "file: ../strategy.pdf\nowner: CTO", Gap.NOT_VISIBLE, "beside its statement"),
        ("owner: CTO", "file: gone.pdf\nowner: CTO", Gap.NOT_VISIBLE, "cannot be read"),
    ],
)
def test_what_does_not_hold_is_unknown_and_listed(
    tmp_path: Path, old: str, new: str, gap: Gap, told: str
) -> None:
    reading, row = artefact(tmp_path, GOOD.replace(old, new))
    assert isinstance(reading, Unknown)
    assert reading.gap is gap
    assert told in reading.detail
    assert told in row.detail
    assert row.skipped == 1


def test_orphans_and_broken_files_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("attestations:\n- {key: nonsense, role: CTO, date: 2026-05-01}\n")
    (tmp_path / "b.yaml").write_text("key: [x\n")
    (tmp_path / "c.yaml").write_text("key: exec-sponsor\nrole: CTO\n")
    readings, rows = collect(tmp_path, "attestations")
    assert all(isinstance(one, Unknown) for one in readings.values())
    assert {row.about: (row.skipped, row.failed) for row in rows} == {
        "a.yaml": (1, 0), "b.yaml": (0, 1), "c.yaml": (0, 1),
    }  # fmt: skip
    assert "orphaned" in rows[0].detail
    assert "date" in rows[2].detail


def test_a_statement_without_a_document_is_a_claim(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "attestations:\n- {key: exec-sponsor, claim: yes, role: CTO, date: 2026-05-01,"
        " expires: 2027-04-01, reviewer: Audit}\n"
    )
    readings, _ = collect(tmp_path, "attestations")
    reading = readings["attest.record{key=exec-sponsor}"]
    assert isinstance(reading, Observed)
    assert reading.value == "claimed 2026-05-01"


SIGNED = (
    "criterion: overview.L3.in-business-strategy\nkey: strategy-doc\nsubject: org:acme\nstatement: we mean it\n"
    f"role: CTO\ndate: 2026-05-01\nexpires: 2027-05-01\nartefact: {{file: strategy.pdf, digest: sha256:{DIGEST}}}\n"
)


def attested(
    folder: Path, *, signs: str = "cto", trusts: str = "keys/cto.pub", text: str = SIGNED
) -> tuple[str, str]:
    """Write a statement, signed by a key, with another or the same trusted; return its state and the ledger."""
    place = folder / "attestations"
    for one in (place, folder / "keys"):
        one.mkdir(exist_ok=True)
    for name in ("cto", "other"):
        if not (folder / "keys" / name).exists():
            make_keys(folder / "keys" / name)
    (place / "strategy.pdf").write_bytes(DOCUMENT)
    (place / "s.yaml").write_text(SIGNED)
    if signs:
        signer = load_signer(folder / "keys" / signs)
        (place / "s.yaml.sig").write_bytes(signer.sign(SIGNED.encode(), STATEMENT_TYPE))
    (place / "s.yaml").write_text(text)
    trust = {"Cto": folder / trusts} if trusts else {}
    readings, rows = collect(place, "attestations", trust=trust)
    reading = readings["attest.record{key=strategy-doc}"]
    said = reading.value if isinstance(reading, Observed) else reading.detail
    return str(said), " ".join(row.detail for row in rows)


def test_a_statement_signed_by_a_trusted_role_with_its_document_is_proof(tmp_path: Path) -> None:
    assert attested(tmp_path) == ("proven 2026-05-01", "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"signs": ""}, "not signed"),
        ({"signs": "other"}, "not signed"),
        ({"trusts": ""}, "not signed"),
        ({"trusts": "keys/other.pub"}, "not signed"),
        ({"text": SIGNED.replace("we mean it", "we mean more")}, "not signed"),
        ({"text": SIGNED.replace("2026-05-01", "2026-10-01")}, "not signed"),
    ],
)
def test_whatever_the_trusted_role_did_not_sign_is_a_claim(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    state, detail = attested(tmp_path, **changes)  # type: ignore[arg-type]
    assert state.startswith("claimed ")
    assert told in detail


def test_a_reviewer_that_is_only_named_proves_no_statement(tmp_path: Path) -> None:
    text = SIGNED + "reviewer: Internal audit\n"
    state, _ = attested(tmp_path, signs="", text=text)
    assert state == "claimed 2026-05-01"


def test_a_statement_for_more_than_a_year_is_a_claim(tmp_path: Path) -> None:
    text = SIGNED.replace("2027-05-01", "2029-05-01")
    state, detail = attested(tmp_path, text=text)
    assert state == "claimed 2026-05-01"
    assert "more than a year" in detail


def test_a_key_that_lies_among_the_records_is_not_trusted(tmp_path: Path) -> None:
    attested(tmp_path)
    key = tmp_path / "attestations" / "cto.pub"
    key.write_bytes((tmp_path / "keys" / "cto.pub").read_bytes())
    state, detail = attested(tmp_path, trusts="attestations/cto.pub")
    assert state == "claimed 2026-05-01"
    assert "lies among the records" in detail


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b'{"payload": 1}', b"\xff\xfe", b"[" * 5000])
def test_a_signature_that_is_none_makes_no_proof_and_no_noise(tmp_path: Path, raw: bytes) -> None:
    attested(tmp_path)
    (tmp_path / "attestations" / "s.yaml.sig").write_bytes(raw)
    assert attested(tmp_path, signs="")[0] == "claimed 2026-05-01"


def test_a_document_may_be_asked_for_with_a_signature(tmp_path: Path) -> None:
    place = tmp_path / "artefacts"
    place.mkdir()
    make_keys(tmp_path / "audit")
    (place / "strategy.pdf").write_bytes(DOCUMENT)
    (place / "strategy.pdf.yaml").write_text(GOOD)
    chosen = {"trust": {"Internal Audit": tmp_path / "audit.pub"}, "signed_artefacts": True}
    key = "artefact.record{key=strategy-doc}"
    unsigned = collect(place, "artefacts", **chosen)[0][key]
    assert isinstance(unsigned, Observed)
    assert unsigned.value == "claimed 2026-05-01"
    signature = load_signer(tmp_path / "audit").sign(GOOD.encode(), STATEMENT_TYPE)
    (place / "strategy.pdf.yaml.sig").write_bytes(signature)
    signed = collect(place, "artefacts", **chosen)[0][key]
    assert isinstance(signed, Observed)
    assert signed.value == "proven 2026-05-01"
