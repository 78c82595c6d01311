"""What an operator can set for the people collector."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.people.survey import Survey
from cnmm_collectors.tables.columns import Hints
from cnmm_collectors.tables.mapping import Mapping, hints_of

Counted = Literal["training", "certifications", "openings", "vendors", "services", "directory"]
"""The kinds of exports whose rows are counted where they come from; a roster has its `headcount`."""
COUNTED: tuple[str, ...] = get_args(Counted)


class SurveyEntry(BaseModel):
    """What a survey file does not say of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invited: int = Field(default=0, ge=0, description="How many people were asked")
    answered: int = Field(
        default=0, ge=0, description="How many answered; without it nobody can tell that answers are missing"
    )
    scale: Literal[0, 5, 7] = Field(default=0, description="The largest answer of the scale")


class Settings(BaseModel):
    """The `people:` part of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: bool = Field(
        default=False,
        description="Keep facts of unchanged exports for a day, encrypted, so that they are not read again",
    )
    mappings: dict[str, Mapping] = Field(
        default_factory=dict, description="File name pattern to how it is read"
    )
    surveys: dict[str, SurveyEntry] = Field(
        default_factory=dict, description="File name pattern to what it asked"
    )

    headcount: int = Field(
        default=0,
        ge=0,
        description="How many people belong now; where rosters list fewer, the rest counts as unread, "
        "and without it anybody may be missing",
    )
    rows: dict[Counted, int] = Field(
        default_factory=dict,
        description="How many records the exports of a kind hold in all; where they hold fewer, the rest "
        "counts as unread, and without it any may be missing",
    )

    def hints(self, path: Path) -> Hints:
        """Return how a file is to be read; raises TableFault."""
        return hints_of(self.mappings, path)

    def survey(self, name: str) -> Survey:
        """Return what is declared of a survey file."""
        found = next((one for pattern, one in self.surveys.items() if fnmatch(name, pattern)), SurveyEntry())
        return Survey(found.invited, found.scale, found.answered)
