"""A folder of reviewed documents with sidecars and one of signed statements, people named in both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors import registry
from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.worlds import World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage

PARTS = ("files",)
REALITIES = ("whole", "empty folders")
FAULTS = (
    *OF_FILES,
    *(f"{fault} in document" for fault in ("missing", "unreadable", "garbage", "cut off", "huge")),
    *(f"{fault} in statement" for fault in ("missing", "garbage", "cut off")),
    "missing in folder",
    "aliases without end",
    "document elsewhere",
)
CANARIES = ("Planted Signer", "planted.signer@corp.example", "hunter2-planted-value")


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Write a proven artefact and a claimed one, and one attestation; a fault strikes the sidecar."""
    place = folder / "records"
    artefacts, statements = place / "artefacts", place / "attestations"
    for one in (artefacts, statements):
        one.mkdir(parents=True)
    if state != "empty folders":
        _write(artefacts, statements)
    if state == "missing in folder":
        for path in sorted(artefacts.iterdir()):
            path.unlink()
        artefacts.rmdir()
    elif state == "aliases without end":
        (artefacts / "charter.md.yaml").write_text(_bomb())
    elif state == "document elsewhere":
        sidecar = artefacts / "charter.md.yaml"
        sidecar.write_text(sidecar.read_text() + "file: ../../secret\n")
        (folder / "secret").write_text("hunter2-planted-value")
    elif state not in REALITIES:
        fault, _, what = state.partition(" in ")
        damage(
            {"document": artefacts / "charter.md", "statement": statements / "sponsor.yaml"}.get(
                what, artefacts / "charter.md.yaml"
            ),
            fault,
        )
    facts = (("artefacts", str(artefacts)), ("attestations", str(statements)), ("k", "5"))
    target = Target("records", "sources", subject=Subject(SubjectKind.ORG, "acme"), facts=facts)
    yield World((target,), trees=(place,), canaries=CANARIES, as_nobody=state.startswith("unreadable"))


def _keys(name: str) -> tuple[str, ...]:
    return registry.load()[name].parameters[0].values


def _write(artefacts: Path, statements: Path) -> None:
    document = (
        b"# Charter\n\nAsk Planted Signer <planted.signer@corp.example>, password: hunter2-planted-value\n"
    )
    (artefacts / "charter.md").write_bytes(document)
    first, second = _keys("artefact.record")[:2]
    (artefacts / "charter.md.yaml").write_text(
        f"key: {first}\ndate: 2026-10-01\nowner_role: Head of Platform\nreviewer_role: Head of Audit\n"
        f"digest: sha256:{hashlib.sha256(document).hexdigest()}\nnote: by Planted Signer\n"
    )
    (artefacts / "index.yaml").write_text(
        f"artefacts:\n- {{key: {second}, date: 2026-09-01, owner_role: CTO}}\n"
    )
    (statements / "sponsor.yaml").write_text(
        f"key: {_keys('attest.record')[0]}\ndate: 2026-10-10\nexpires: 2027-10-10\nrole: CTO\n"
        "reviewer_role: Head of Audit\nsigner_name: Planted Signer\n"
    )


def _bomb() -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    return "\n".join(rows) + "\n"
