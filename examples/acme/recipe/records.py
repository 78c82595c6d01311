"""Documents, statements and waivers of acme: what proves, what only claims, and what no longer counts."""

from __future__ import annotations

import hashlib

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import CryptoSigner

from cnmm_collectors.signatures import STATEMENT_TYPE, SUFFIX
from cnmm_scanner.signature import Signer

OWNER, REVIEWER, SPONSOR = "Head of platform", "Internal audit", "Chief executive"
_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"the invented sponsor of acme").digest())
"""Invented with everything else: only the public half and signatures are ever written."""
DOCUMENTS = {
    "agile": (
        "2026-06-01",
        "Sprint reviews of the first half year",
        "Twelve rounds, each with what was delivered.",
    ),
    "benefit-report": (
        "2026-07-15",
        "What cloud native has brought",
        "Lead time fell from nine days to three.",
    ),
    "mvp-plan": ("2026-02-02", "Plan for the first product", "Payments goes first, in production by May."),
    "org-change-plan": (
        "2026-04-10",
        "Barriers and who removes them",
        "Handovers; owner: head of engineering.",
    ),
    "poc-roster": ("2026-01-12", "Who builds the first product", "Two stream teams and the platform team."),
    "strategy-doc": ("2026-01-05", "Business strategy 2026", "New products run cloud native by 2027."),
    "training-budget": ("2026-01-20", "Learning budget 2026", "Granted for every engineer: four days."),
}
"""Documents that prove: by record, day, title, a line of text."""


def files() -> dict[str, bytes]:
    """Return documents, sidecars, statements, signatures and the trusted key, by path."""
    return {**_artefacts(), **_statements(), "keys/sponsor.pub": _public(), "waivers.yaml": _dump(WAIVERS)}


def _artefacts() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for key, (day, title, text) in DOCUMENTS.items():
        found |= _artefact(key, day, f"# {title}\n\n{text}\n".encode())
    # Changed after it was reviewed: its digest no longer fits.
    found |= _artefact("metrics-review", "2026-08-01", b"# Figures of July\n")
    found["artefacts/metrics-review.md"] += b"\nOne figure was corrected afterwards.\n"
    # Owner and reviewer are one role: a claim.
    found |= _artefact("funding", "2026-03-01", b"# Money for the platform\n", reviewer=OWNER)
    return found


def _artefact(key: str, day: str, document: bytes, reviewer: str = REVIEWER) -> dict[str, bytes]:
    told = {
        "key": key,
        "date": day,
        "digest": f"sha256:{_digest(document)}",
        "owner": OWNER,
        "reviewer": reviewer,
    }
    return {f"artefacts/{key}.md": document, f"artefacts/{key}.md.yaml": _dump(told)}


def _statements() -> dict[str, bytes]:
    note = b"# Minutes of 14 January 2026\n\nThe chief executive takes the sponsorship.\n"
    sponsor = _statement(
        "overview.L2.leaders-take-ownership", "exec-sponsor", "The chief executive sponsors it.", SPONSOR,
        "2026-01-14", "2027-01-13", {"file": "documents/minutes.md", "digest": f"sha256:{_digest(note)}"},
    )  # fmt: skip
    name = "attestations/overview.L2.leaders-take-ownership.yaml"
    return {
        "attestations/documents/minutes.md": note,
        name: sponsor,
        f"{name}{SUFFIX}": Signer(CryptoSigner(_KEY)).sign(sponsor, STATEMENT_TYPE),
        # Nobody signed it and nothing backs it: a claim.
        "attestations/security.L3.physical-access.yaml": _statement(
            "security.L3.physical-access", "physical-access-review", "Doors were reviewed.", OWNER,
            "2026-05-05", "2027-05-04",
        ),
        # Ran out in June.
        "attestations/security.L2.accountability-shared.yaml": _statement(
            "security.L2.accountability-shared", "security-raci", "Who is accountable is written.", OWNER,
            "2025-07-01", "2026-06-30",
        ),
        # About a row that no longer exists.
        "attestations/org.L2.retired-row.yaml": _statement(
            "org.L2.retired-row", "", "This was asked last year.", OWNER, "2026-02-01", "2027-01-31"
        ),
    }  # fmt: skip


def _statement(
    criterion: str,
    key: str,
    text: str,
    role: str,
    day: str,
    expires: str,
    artefact: dict[str, str] | None = None,
) -> bytes:
    told: dict[str, object] = {"criterion": criterion, "subject": "org:acme", "statement": text, "role": role}
    told |= {"date": day, "expires": expires}
    return _dump(told | ({"key": key} if key else {}) | ({"artefact": artefact} if artefact else {}))


WAIVERS = {
    "waivers": [
        {
            "criterion": "security.L2.vulnerability-scanning", "subject": "org:acme", "owner": OWNER,
            "reason": "the scanner is being replaced; the new one covers every image by the end of the year",
            "approver": "Chief information security officer", "expires": "2027-01-31",
        }
    ]
}  # fmt: skip


def _dump(told: object) -> bytes:
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True).encode()


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _public() -> bytes:
    return _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
