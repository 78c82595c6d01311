"""The baseline: earlier measures sealed beside the facts, so that trends follow from the bundle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter

from cnmm_collectors.signals import fraction_from_json, split_key
from cnmm_collectors.subjects import Subject
from cnmm_rules.facts import BaselineFact

BASELINE = "inputs/baseline.json"
_Number = int | Annotated[str, StringConstraints(pattern=r"^-?[0-9]+/[0-9]+$", max_length=2000)]


class BaselineModel(BaseModel):
    """One measure of an earlier scan; `scan` is the digest of that scan's manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)
    as_of: date
    signal: str
    subject: str
    low: _Number
    high: _Number | None
    scan: str

    def fact(self) -> BaselineFact:
        """Return what the rules see of it; raises SignalError or SubjectError."""
        split_key(self.signal)
        high = None if self.high is None else fraction_from_json(self.high)
        return BaselineFact(
            self.as_of, self.signal, Subject.parse(self.subject), fraction_from_json(self.low), high
        )


def baseline_of(sealed: Any) -> tuple[BaselineFact, ...]:
    """Return the baseline that a bundle seals; raises ValidationError, SignalError or SubjectError."""
    models: Iterable[BaselineModel] = TypeAdapter(tuple[BaselineModel, ...]).validate_python(sealed)
    return tuple(one.fact() for one in models)
