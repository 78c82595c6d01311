"""Certificates: names and look-alikes, dated validity, titles, retakes."""

from __future__ import annotations

from datetime import date

import pytest

from cnmm_collectors.people.certificates import (
    Certificate,
    Certificates,
    code_of,
    expiry,
    golden_set,
    is_well_formed,
    title_valid,
)
from cnmm_collectors.people.credentials import holds_badges, take_badges
from cnmm_collectors.people.identity import Directory
from cnmm_collectors.tables.intake import Intake

AS_OF = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("title", "issuer", "code"),
    [
        ("CKA: Certified Kubernetes Administrator", "", "CKA"),
        ("Certified Kubernetes Application Developer (CKAD)", "", "CKAD"),
        ("Kubernetes and Cloud Native Security Associate®", "", "KCSA"),
        ("Kubernetes and Cloud Security Associate", "", "KCSA"),
        ("KCNA", "", "KCNA"),
        ("CKA-JP", "The Linux Foundation", "CKA"),
        ("CKS", "CNCF", "CKS"),
        ("PCA", "The Linux Foundation", "PCA"),
        ("Prometheus Certified Associate", "", "PCA"),
        ("Certified Cloud Native Platform Engineering Associate", "", "CNPA"),
        ("Certified Cloud Native Platform Engineer", "", "CNPE"),
        ("GCP PCA", "Google", ""),
        ("PCA", "", ""),
        ("CAPA - corrective and preventive action", "Quality Academy", ""),
        ("Certified Kubernetes Administrator (CKA) with Practice Tests", "Udemy", ""),
        ("CKA exam voucher", "The Linux Foundation", ""),
        ("CKA prep course", "The Linux Foundation", ""),
        ("Speaker: KubeCon CKA session", "The Linux Foundation", ""),
        ("CKA", "Some Training Ltd", ""),
        ("LFS258: Kubernetes Fundamentals", "The Linux Foundation", ""),
    ],
)
def test_names_are_matched_and_look_alikes_refused(title: str, issuer: str, code: str) -> None:
    assert code_of(title, issuer) == code


@pytest.mark.parametrize(
    ("code", "earned", "active"),
    [
        ("CKA", date(2024, 3, 31), True),
        ("CKA", date(2024, 4, 2), False),
        ("CKA", date(2024, 11, 22), True),
        ("CKS", date(2024, 3, 31), False),
        ("CKS", date(2025, 1, 1), True),
        ("PCA", date(2023, 11, 22), True),
        ("PCA", date(2023, 11, 21), False),
    ],
)
def test_validity_is_dated_and_not_monotonic(code: str, earned: date, active: bool) -> None:
    assert (earned <= AS_OF <= expiry(code, earned)) is active


def test_a_leap_day_ends_with_february() -> None:
    assert expiry("CKA", date(2024, 2, 29)) == date(2027, 2, 28)


def test_a_retake_counts_once_and_the_longest_stays() -> None:
    held = Certificates()
    held.add(Certificate(1, "CKA", date(2022, 1, 1), date(2025, 1, 1), False))
    held.add(Certificate(1, "CKA", date(2025, 6, 1), date(2027, 6, 1), True))
    held.add(Certificate(1, "CKA", date(2025, 6, 1), date(2027, 6, 1), False))
    assert held.active(AS_OF) == {1: frozenset({"CKA"})}
    assert held.verified(AS_OF) == (1, 1)


def test_the_golden_set_grows_on_its_dates() -> None:
    assert "CNPA" not in golden_set(date(2025, 9, 30))
    assert "CNPA" in golden_set(date(2025, 10, 1))
    assert len(golden_set(date(2026, 3, 1))) == 16


def test_the_title_stays_to_the_end_of_the_year_of_the_first_lapse() -> None:
    five = [
        Certificate(1, code, date(2024, 5, 1), date(2026, 5, 1), True)
        for code in ("KCNA", "KCSA", "CKA", "CKAD", "CKS")
    ]
    assert title_valid(five, AS_OF)
    assert not title_valid(five, date(2027, 1, 1))
    assert not title_valid(five[:4], AS_OF)
    never_together = [*five[:4], Certificate(1, "CKS", date(2026, 6, 1), date(2028, 6, 1), True)]
    assert not title_valid(never_together, AS_OF)


@pytest.mark.parametrize(
    ("text", "sound"),
    [("LF-abc123def4", True), ("CKA-2100-000123-0100", True), ("LF-short", False), ("", False)],
)
def test_credential_ids_are_checked_for_their_form(text: str, sound: bool) -> None:
    assert is_well_formed(text) is sound


@pytest.mark.parametrize(
    "odd",
    [
        {"badge_template": {"name": "CKA"}, "issuer": "a text"},
        {"badge_template": {}, "issuer": {"entities": ["a text", {"entity": "a text"}]}},
        {"badge": {"name": "CKA"}, "issuedOn": "2026-01-01", "recipient": "a text"},
        {"credentialSubject": {"achievement": {}, "identifier": "a text"}},
    ],
)
def test_badges_of_an_odd_shape_are_left_out_one_by_one(odd: dict[str, object]) -> None:
    good = {"badge": {"name": "CKA: Certified Kubernetes Administrator", "issuer": {"name": "CNCF"}},
            "issuedOn": "2026-01-01", "recipient": {"identity": "a@corp.example", "hashed": False}}  # fmt: skip
    document = {"data": [odd, good], "metadata": "a text"}
    intake, certificates = Intake("badges.json", "certifications"), Certificates()
    assert holds_badges(document)
    take_badges(document, intake, certificates, Directory(), AS_OF, False)
    assert (intake.rows, intake.accepted) == (2, 1)
