"""What a sidecar, an index or an attestation file may say; roles are compared, and then forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_Digest = Annotated[str, StringConstraints(pattern=r"^(sha256:)?[0-9a-fA-F]{64}$")]


class StatementFault(Exception):
    """A file does not say what it has to; the message names the field, and quotes no value."""


class _Link(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    file: _Text = ""
    digest: _Digest | None = None


class Statement(BaseModel):
    """One record: its key or criterion, what backs it, when, and which roles stand behind it."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    key: _Text = ""
    criterion: _Text = ""
    file: _Text = ""
    digest: _Digest | None = None
    day: date = Field(validation_alias=AliasChoices("date", "dated"))
    expires: date | None = None
    owner: _Text = Field(default="", alias="owner_role")
    reviewer: _Text = Field(default="", alias="reviewer_role")
    signer: _Text = Field(default="", alias="role")
    evidence: _Link = Field(default=_Link(), validation_alias=AliasChoices("artefact", "evidence"))

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if not self.key and not self.criterion:
            raise ValueError("neither key nor criterion")
        return self

    @property
    def link(self) -> tuple[str, str]:
        """The backing file and its digest as 64 hex digits, each empty where not given."""
        digest = self.digest or self.evidence.digest or ""
        return self.file or self.evidence.file, digest.removeprefix("sha256:").lower()

    @property
    def reviewed(self) -> bool:
        """True where another role than the one that hands it in has reviewed it."""
        others = {plain(one) for one in (self.owner, self.signer) if one}
        return bool(self.reviewer) and bool(others) and plain(self.reviewer) not in others

    def is_signed(self, roles: frozenset[str]) -> bool:
        """True where the role that states it, or the one that reviewed it, is among those that signed."""
        return any(plain(one) in roles for one in (self.signer, self.reviewer) if one)


def plain(role: str) -> str:
    """Return a role as roles are compared: small letters and single blanks."""
    return re.sub(r"[\W_]+", " ", role).strip().casefold()


def load(raw: bytes) -> Any:
    """Return what a YAML file holds; raises StatementFault."""
    if len(raw) > MAX_BYTES:
        raise StatementFault("larger than 1 MiB")
    if raw.count(b"*") > 200 and raw.count(b"&") > 10:
        raise StatementFault("too many aliases")
    try:
        return yaml.load(raw, Loader=_Loader)  # noqa: S506 - a safe loader in C or Python
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise StatementFault(f"not well-formed YAML{where}") from None


def parse(raw: bytes, section: str, file: str = "") -> Iterator[Statement]:
    """Yield the statements of a YAML file: one, a list, or a list under `section`; raises StatementFault."""
    document = load(raw)
    entries = document.get(section, [document]) if isinstance(document, Mapping) else document
    if not isinstance(entries, list) or len(entries) > MAX_NODES:
        raise StatementFault("not a record, nor a list of records")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise StatementFault("an entry is no record")
        try:
            yield Statement.model_validate({"file": file, **entry} if file else dict(entry))
        except ValidationError as error:
            places = sorted({".".join(str(step) for step in one["loc"]) or "key" for one in error.errors()})
            raise StatementFault(f"missing or misspelled: {', '.join(places)}") from None
