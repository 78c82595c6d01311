"""Verification: seals, signature, and the same assessment from the same evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnmm_reports.inert import inert
from cnmm_rules.assessment import ENGINE
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import digest, digest_stream
from cnmm_scanner.container import ContainerFault
from cnmm_scanner.derive import derive
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT, NewerSchema
from cnmm_scanner.signature import SignatureFault, check_signature, load_public, signers_of

_BEGIN, _END = b"PK\x03\x04", b"PK\x05\x06"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a working paper: what was checked, `pass`, `fail` or `note`, and what was seen."""

    name: str
    result: str
    detail: str
    digest: str = ""


@dataclass(slots=True)
class Verdict:
    """All checks of one bundle; `status` is the exit status, 0, 1 or 2."""

    bundle: str
    summary: str = ""
    status: int = 0
    checks: list[Check] = field(default_factory=list)

    def note(self, name: str, detail: str, sha256: str = "", result: str = "pass") -> None:
        """Add a check."""
        self.checks.append(Check(name, result, detail, sha256))

    def reject(self, name: str, reason: str, status: int) -> None:
        """Add a failed check that decides the verdict."""
        self.checks.append(Check(name, "fail", reason))
        self.status = self.status or status
        self.summary = self.summary or ("altered" if status == 1 else "not verified") + f": {reason}"


def verify(path: Path, key: Path | None = None) -> Verdict:
    """Return the verdict on a bundle; raises KeyFault or ContainerFault for files that cannot be read."""
    public = None if key is None else load_public(key)
    verdict = Verdict(path.name)
    try:
        with Bundle(path) as bundle:
            _check_seals(bundle, verdict)
            if verdict.status == 0:
                _check_signature(bundle, verdict, public)
            if verdict.status == 0:
                _check_derivation(bundle, verdict)
    except NewerSchema as fault:
        verdict.reject("schema", str(fault), 2)
    except Fault as fault:
        if not _resembles_bundle(path):
            raise
        verdict.reject("container", str(fault).removeprefix(f"{path}: "), 1)
    return verdict


def _resembles_bundle(path: Path) -> bool:
    """True where a file starts or ends as a bundle does: then what is wrong with it is an alteration."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(max(0, path.stat().st_size - 22))
            return start == _BEGIN or file.read(4) == _END
    except OSError:
        return False


def _check_seals(bundle: Bundle, verdict: Verdict) -> None:
    bundle.container.compare_rebuilt()
    with bundle.path.open("rb") as file:
        whole, size = digest_stream(file)
    verdict.note("container", f"canonical, rebuilt byte for byte, {size} bytes", whole)
    made_by = f"cnmm {bundle.manifest.tool}, engine {bundle.manifest.engine}"
    verdict.note("manifest", made_by, digest(bundle.manifest_bytes))
    for name, member in bundle.manifest.members.items():
        with bundle.container.open(name) as stream:
            seen, _ = digest_stream(stream)
        if seen != member.sha256:
            raise ContainerFault(f"member {name} is not what the manifest seals")
    verdict.note("members", f"{len(bundle.manifest.members)} members match their digests")
    verdict.note("evidence", f"{bundle.evidence().check()} citations match their ids")


def _check_signature(bundle: Bundle, verdict: Verdict, public: Any) -> None:
    try:
        if public is not None:
            check_signature(bundle.signature, bundle.manifest_bytes, public)
            verdict.note("signature", "signed by the given key", f"key {public.keyid}")
            verdict.summary = "intact, signed by the given key"
        elif bundle.signature is None:
            verdict.note("signature", "none", result="note")
            verdict.summary = "intact, signed by nobody"
        else:
            names = ", ".join(signers_of(bundle.signature))
            verdict.note("signature", "present, not checked: no key was given", f"key {names}", "note")
            verdict.summary = "intact; signature not checked, give --key"
    except SignatureFault as fault:
        verdict.summary = f"rejected: {fault}"
        verdict.reject("signature", str(fault), 1)


def _check_derivation(bundle: Bundle, verdict: Verdict) -> None:
    if ASSESSMENT not in bundle.manifest.members:
        verdict.note("derivation", "no assessment is sealed: nothing to derive again", result="note")
        return
    sealed = bundle.assessment()
    if bundle.manifest.engine != ENGINE:
        _compare_engines(bundle, sealed, verdict)
        return
    try:
        again = derive(bundle)
    except Fault as fault:
        verdict.summary = f"not re-derivable: {fault}"
        verdict.reject("derivation", str(fault), 1)
        return
    if again == sealed:
        verdict.note("derivation", "the same assessment, byte for byte", digest(sealed))
    else:
        verdict.summary = ""
        verdict.reject("derivation", f"another assessment follows: {_difference(sealed, again)}", 1)


def _compare_engines(bundle: Bundle, sealed: bytes, verdict: Verdict) -> None:
    """Compare conclusions where another engine made them: a difference is no alteration."""
    names = f"sealed by engine {bundle.manifest.engine}, derived again by engine {ENGINE}"
    try:
        again = derive(bundle)
        differ = _difference(sealed, again)
    except Fault as fault:
        differ = f"cannot be derived again: {fault}"
    same = "the conclusions are the same, the bytes are not promised to be"
    verdict.status = 2
    verdict.summary = f"intact, but {names}: {differ or same}"
    verdict.note("derivation", f"{names}: {differ or same}", result="note")


def _difference(sealed: bytes, again: bytes) -> str:
    """Return in words where two assessments differ, empty where their conclusions are the same."""
    try:
        old, new = json.loads(sealed), json.loads(again)
        if old["conclusions_digest"] == new["conclusions_digest"]:
            changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            return "" if not changed or changed == ["engine"] else f"{', '.join(changed)} differ"
        return "; ".join(_conclusions(old, new)) or "conclusions_digest differs"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "the sealed assessment is not one"


def _conclusions(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    said = []
    if old["headline"] != new["headline"]:
        said.append(f"headline was {_levels(old)}, is {_levels(new)}")
    before = {(one["criterion"], one["subject"]): one["outcome"] for one in old["findings"]}
    after = {(one["criterion"], one["subject"]): one["outcome"] for one in new["findings"]}
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if changed:
        row, subject = changed[0]
        said.append(f"{len(changed)} findings differ, the first is {row} of {subject}")
    return said


def _levels(document: dict[str, Any]) -> str:
    return f"{document['headline']['proven']}..{document['headline']['possible']}"


def as_table(verdict: Verdict) -> str:
    """Return the checks as a table fit for a working paper."""
    rows = [("check", "result", "what was seen")]
    rows += [(one.name, one.result, one.detail) for one in verdict.checks]
    rows += [(f"{one.name} digest", "", one.digest) for one in verdict.checks if one.digest]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
    return "\n".join(map(inert, [f"{verdict.bundle}: {verdict.summary}", "", *lines]))
