"""The marks file: what reviewers say of single findings, kept beside the sealed bundle and never in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from cnmm_scanner.faults import Fault
from cnmm_scanner.located import read_yaml
from cnmm_scanner.settings import validate

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|(?<!\S)@[A-Za-z0-9-]+")


class MarksFault(Fault):
    """The marks are of another bundle, or of a finding it does not hold; the message says where."""


def _impersonal(text: str) -> str:
    if _ADDRESS.search(text):
        raise ValueError("names a login or an e-mail address: write a role")
    return text


_Role = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_impersonal)]
_Comment = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_impersonal)]


class MarkModel(BaseModel):
    """What a role says of one finding on a day."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    criterion: str
    subject: str
    mark: Literal["accepted", "disputed", "comment"]
    role: _Role
    """Who says so, as a role and never as a person."""
    dated: date
    comment: _Comment = ""
    """Why; needed unless the mark is `accepted`."""

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.mark != "accepted" and not self.comment.strip():
            raise ValueError(f"{self.mark} without a comment")
        return self


class MarksFile(BaseModel):
    """The file that `--marks` names."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    bundle: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    """The digest of the bundle's manifest: `cnmm verify` prints it."""
    marks: tuple[MarkModel, ...]


def read_marks(path: Path, manifest_digest: str, assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the marks of a file, fit for a report; raises SettingsFault, YamlFault or MarksFault."""
    located = read_yaml(path)
    file = validate(MarksFile, located, located.data)
    if file.bundle != manifest_digest:
        raise MarksFault(f"{located.at(['bundle'])}: the marks are of another bundle")
    known = {(one["criterion"], one["subject"]) for one in assessment["findings"]}
    for number, mark in enumerate(file.marks):
        if (mark.criterion, mark.subject) not in known:
            where = located.at(["marks", number, "criterion"])
            raise MarksFault(f"{where}: the bundle holds no finding of {mark.criterion} for {mark.subject}")
    return {"bundle": file.bundle, "marks": [mark.model_dump(mode="json") for mark in file.marks]}


def beside(bundle: Path) -> Path | None:
    """Return the marks file that lies beside a bundle under its name, if there is one."""
    path = bundle.with_name(f"{bundle.name}.marks.yaml")
    return path if path.is_file() else None
