"""What people declare beside the evidence: attestations, waivers and adjudications, from YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, model_validator

from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_rules.facts import Adjudication, Claim, Waiver
from cnmm_scanner.located import read_yaml
from cnmm_scanner.settings import validate

_Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Row = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[A-Za-z0-9-]+)+$", max_length=120)]


class _About(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    criterion: _Row
    subject: str

    @model_validator(mode="after")
    def _spelled(self) -> Self:
        try:
            Subject.parse(self.subject)
        except SubjectError as error:
            raise ValueError(str(error)) from None
        return self


class AttestationModel(_About):
    """A role's dated and expiring statement about a row; without a proven artefact it is a claim."""

    role: _Text
    dated: date
    expires: date

    def fact(self) -> Claim:
        """Return what the rules see of it."""
        about = Subject.parse(self.subject)
        return Claim(self.criterion, about, self.role, self.dated, self.expires)


class WaiverModel(_About):
    """Accepted risk; whoever approves it is not whoever owns it."""

    reason: _Text
    owner: _Text
    approver: _Text
    expires: date

    @model_validator(mode="after")
    def _second_pair_of_eyes(self) -> Self:
        if self.owner.strip().casefold() == self.approver.strip().casefold():
            raise ValueError("approver and owner are the same")
        return self

    def fact(self) -> Waiver:
        """Return what the rules see of it."""
        about = Subject.parse(self.subject)
        return Waiver(self.criterion, about, self.reason, self.owner, self.approver, self.expires)


class AdjudicationModel(_About):
    """An auditor's decision on a contested or claimed row."""

    decision: Literal["accept", "reject"]
    reason: _Text
    dated: date
    auditor: Annotated[str, StringConstraints(max_length=200)] = ""
    """The role that decides; who hands the evidence in does not."""

    def fact(self) -> Adjudication:
        """Return what the rules see of it."""
        about = Subject.parse(self.subject)
        return Adjudication(self.criterion, about, self.decision, self.reason, self.dated)


class AttestationFile(BaseModel):
    """The file that `attestations:` names."""

    model_config = ConfigDict(extra="forbid")
    attestations: tuple[AttestationModel, ...]


class WaiverFile(BaseModel):
    """The file that `waivers:` names."""

    model_config = ConfigDict(extra="forbid")
    waivers: tuple[WaiverModel, ...]


class AdjudicationFile(BaseModel):
    """The file that `adjudications:` names."""

    model_config = ConfigDict(extra="forbid")
    adjudications: tuple[AdjudicationModel, ...]


FILES: Mapping[str, type[BaseModel]] = {
    "attestations": AttestationFile,
    "waivers": WaiverFile,
    "adjudications": AdjudicationFile,
}


def read_statements(kind: str, path: Path | None) -> list[dict[str, Any]]:
    """Return the statements of a file, sorted, fit to be sealed; raises SettingsFault or YamlFault."""
    if path is None:
        return []
    document = read_yaml(path)
    found = getattr(validate(FILES[kind], document, document.data), kind)
    return sorted((one.model_dump(mode="json") for one in found), key=lambda one: sorted(one.items()))


def claims_of(sealed: Any) -> tuple[Claim, ...]:
    """Return the claims that a bundle seals; raises pydantic's ValidationError."""
    found = TypeAdapter(tuple[AttestationModel, ...]).validate_python(sealed)
    return tuple(one.fact() for one in found)


def waivers_of(sealed: Any) -> tuple[Waiver, ...]:
    """Return the waivers that a bundle seals; raises pydantic's ValidationError."""
    return tuple(one.fact() for one in TypeAdapter(tuple[WaiverModel, ...]).validate_python(sealed))


def adjudications_of(sealed: Any) -> tuple[Adjudication, ...]:
    """Return the adjudications that a bundle seals; raises pydantic's ValidationError."""
    found = TypeAdapter(tuple[AdjudicationModel, ...]).validate_python(sealed)
    return tuple(one.fact() for one in found)
