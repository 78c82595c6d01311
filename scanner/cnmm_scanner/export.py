"""The external profile: an assessment for outsiders, in which nothing says who, which repository or where.

Only what comes from closed vocabularies is taken over. Names are replaced, the same name always by the same
replacement; whatever people wrote, and all content of citations, is withheld.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.subjects import Subject, SubjectError, SubjectKind
from cnmm_rules.conclusions import conclusions_digest
from cnmm_scanner.canonical import document
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.recheck import repository_of

SCHEMA = "cnmm/export/1"
PROFILE = "external"
WITHHELD = "withheld"
_FREE_WHY = ("an auditor decided: ", "declared not applicable: ")
_FINDING = ("criterion", "outcome", "tests", "evidence_total", "implied_by", "conflict")
_OWN_WORDS = f" {PROFILE} {WITHHELD} organisation deviation component cluster namespace".encode()
_LEAST = 5
"""Parts of a name shorter than this are ordinary words."""


class ExportFault(Fault):
    """The export cannot be made without saying what it must not say, or its names file cannot be used."""


class _NamesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    names: dict[str, str]


@dataclass(slots=True)
class Names:
    """Replacements of subjects, kept between exports; the key makes digests useless to whoever guesses."""

    key: str
    given: dict[str, str] = field(default_factory=dict)

    def add(self, subjects: Iterable[str]) -> None:
        """Give every subject a replacement, in an order that says nothing about the names."""
        fresh = sorted({one for one in subjects if one not in self.given}, key=self.mark)
        for subject in fresh:
            kind = subject.partition(":")[0]
            number = sum(one.startswith(f"{kind}:") for one in self.given.values()) + 1
            self.given[subject] = f"{kind}:organisation" if kind == "org" else f"{kind}:{kind}-{number:03}"

    def of(self, subject: str) -> str:
        """Return the replacement of a subject; raises KeyError for one that was not added."""
        return self.given[subject]

    def mark(self, text: str) -> str:
        """Return 64 hex digits that only the holder of the key can compute."""
        return hmac.new(bytes.fromhex(self.key), text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def read_names(path: Path) -> Names:
    """Return the names of earlier exports, or new ones where there is no file; raises ExportFault."""
    try:
        file = _NamesFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Names(secrets.token_hex(32))
    except OSError as error:
        raise ExportFault(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError:
        raise ExportFault(f"{path}: not a names file", "give another --names") from None
    return Names(file.key, file.names)


def write_names(path: Path, names: Names) -> None:
    """Keep the names for their owner alone; raises ExportFault."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(document({"key": names.key, "names": names.given}))
        part.replace(path)
    except OSError as error:
        raise ExportFault(f"{path}: cannot be written: {error.strerror}") from error


def subjects_of(assessment: Mapping[str, Any], evidence: Iterable[Evidence]) -> Iterator[str]:
    """Yield every subject that an assessment names or that its citations are about."""
    yield str(Subject.safe(SubjectKind.ORG, assessment["organisation"]))
    yield from (finding["subject"] for finding in assessment["findings"])
    yield from (team["id"] for team in assessment["teams"])
    for item in evidence:
        if (repository := _repository(item)) is not None:
            yield repository


def _repository(item: Evidence) -> str | None:
    name = repository_of(item)[0]
    try:
        return str(Subject(SubjectKind.REPO, name)) if name else None
    except SubjectError:
        return None


def export(assessment: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return the external form of an assessment; adds the names it meets."""
    cited = {item["id"]: Evidence.from_json(item) for item in assessment["evidence"]}
    names.add(subjects_of(assessment, cited.values()))
    evidence = {key: _evidence(item, names) for key, item in cited.items()}
    ids = {key: item.id for key, item in evidence.items()}
    taken = ("schema", "engine", "as_of", "period", "complete", "headline", "shares", "sections")
    told: dict[str, Any] = {name: assessment[name] for name in taken}
    if "without_adjudications" in assessment:
        told["without_adjudications"] = assessment["without_adjudications"]
    told["organisation"] = "organisation"
    told["catalogue"] = _catalogue(assessment["catalogue"])
    told["scope"] = {
        name: value
        for name, value in assessment["scope"].items()
        if isinstance(value, int) or value in ("enumeration", "scope", "given targets")
    }
    teams = [{"id": names.of(team["id"]), "sections": team["sections"]} for team in assessment["teams"]]
    told["teams"] = sorted(teams, key=lambda team: team["id"])
    findings = [_finding(one, names, ids) for one in assessment["findings"]]
    told["findings"] = sorted(findings, key=_place)
    told["evidence"] = sorted((item.to_json() for item in evidence.values()), key=lambda item: item["id"])
    told["ledger"] = {name: value for name, value in assessment["ledger"].items() if name != "losses"}
    told["next_evidence"] = assessment["next_evidence"]
    told["conclusions_digest"] = conclusions_digest(told)
    return told


def _place(finding: Mapping[str, Any]) -> tuple[bool, str, str]:
    return not finding["subject"].startswith("org:"), finding["subject"], finding["criterion"]


def _catalogue(catalogue: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: catalogue[name] for name in ("id", "version", "title", "criteria")}
    deviations = [f"deviation {number}: {WITHHELD}" for number, _ in enumerate(catalogue["deviations"], 1)]
    return {
        **kept,
        "deviations": deviations,
        "not_applicable": dict.fromkeys(catalogue["not_applicable"], WITHHELD),
    }


def _finding(finding: Mapping[str, Any], names: Names, ids: Mapping[str, str]) -> dict[str, Any]:
    told = {name: finding[name] for name in _FINDING if name in finding}
    told["subject"] = names.of(finding["subject"])
    told["why"] = _why(finding["why"])
    for name in ("evidence", "counter_evidence"):
        told[name] = sorted(ids[key] for key in finding[name] if key in ids)
    gaps = [{name: value for name, value in gap.items() if name != "detail"} for gap in finding["gaps"]]
    told["gaps"] = gaps
    if "adjudicated" in finding:
        told["adjudicated"] = WITHHELD
    if "statement" in finding:
        told["statement"] = {**finding["statement"], "role": WITHHELD}
    if "waiver" in finding:
        waiver = finding["waiver"]
        told["waiver"] = {
            **dict.fromkeys(("reason", "owner", "approver"), WITHHELD),
            "expires": waiver["expires"],
        }
    return told


def _why(why: str) -> str:
    for start in _FREE_WHY:
        if why.startswith(start):
            return f"{start}{WITHHELD}"
    return why


def _evidence(item: Evidence, names: Names) -> Evidence:
    """Return a citation that says when something was read, by what and in which replaced repository."""
    mark = names.mark(item.id)
    repository = _repository(item)
    about = "" if repository is None else f"{names.of(repository).partition(':')[2]}/"
    return Evidence(
        source=item.source,
        locator=f"external:{about}{mark[:16]}",
        query=WITHHELD,
        digest=f"sha256:{mark}",
        captured_at=item.captured_at,
        confirmed_at=item.confirmed_at,
        collector=item.collector,
    )


def describe(assessment: Mapping[str, Any], told: Mapping[str, Any], manifest: str) -> dict[str, Any]:
    """Return what an export says of itself; raises ExportFault where it is not what the bundle concludes."""
    if told["conclusions_digest"] != assessment["conclusions_digest"]:
        raise ExportFault(
            "the export does not hold the sealed conclusions",
            "run `cnmm verify`; a bundle of an older version is assessed again first: `cnmm assess`",
        )
    return {
        "schema": SCHEMA,
        "profile": PROFILE,
        "bundle": manifest,
        "conclusions_digest": told["conclusions_digest"],
    }


def require_silence(files: Mapping[str, bytes], names: Names, vocabulary: bytes) -> None:
    """Raise ExportFault where a whole name is left in any file, or a part of one in the assessment.

    Parts that are words of the rules are allowed, and a report's own words are not looked at for parts: a
    renderer sees nothing but the assessment and the rules.
    """
    words = vocabulary.lower() + _OWN_WORDS
    whole = {subject.partition(":")[2].lower().encode("utf-8", "surrogatepass") for subject in names.given}
    parts = {part for name in whole for part in name.split(b"/") if len(part) >= _LEAST and part not in words}
    for file, data in files.items():
        low = data.lower()
        wanted = {name for name in whole if b"/" in name} | (parts if file == ASSESSMENT else set())
        for name in sorted(wanted):
            if name in low:
                marked = hashlib.sha256(name).hexdigest()[:12]
                raise ExportFault(f"{file} would hold a name (SHA-256 {marked}…)", "nothing was written")
