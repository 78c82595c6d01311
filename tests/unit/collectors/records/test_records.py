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
from cnmm_collectors.subjects import Subject

DOCUMENT = b"%PDF the strategy"
DIGEST = hashlib.sha256(DOCUMENT).hexdigest()
GOOD = f"key: strategy-doc\ndate: 2026-05-01\ndigest: sha256:{DIGEST}\nowner: CTO\nreviewer: Internal audit\n"


def collect(folder: Path, kind: str) -> tuple[dict[str, Reading], list[LedgerRow]]:
    collector = RecordsCollector()
    reader = SourceReader(
        collector="records", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z"
    )
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=((kind, str(folder)),))
    chosen = collector.Settings()
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
