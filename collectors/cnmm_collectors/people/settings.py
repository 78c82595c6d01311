"""What an operator can set for the people collector."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.people.survey import Survey
from cnmm_collectors.tables.table import Hints


class Mapping(BaseModel):
    """How one file is to be read, where it does not say so itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = Field(default_factory=dict, description="Field to header")
    date_order: Literal["", "dmy", "mdy"] = Field(
        default="", description="Whether the day or the month is first"
    )
    delimiter: str = Field(default="", max_length=1, description="What separates fields")
    encoding: Literal["", "utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp437", "mac-roman"] = Field(
        default="", description="How text is encoded"
    )

    def hints(self) -> Hints:
        """Return the same as the table reader takes it."""
        return Hints(dict(self.columns), self.date_order, self.delimiter, self.encoding)


class SurveyEntry(BaseModel):
    """What a survey file does not say of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invited: int = Field(default=0, ge=0, description="How many people were asked")
    scale: Literal[0, 5, 7] = Field(default=0, description="The largest answer of the scale")


class Settings(BaseModel):
    """The `people:` part of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mappings: dict[str, Mapping] = Field(
        default_factory=dict, description="File name pattern to how it is read"
    )
    surveys: dict[str, SurveyEntry] = Field(
        default_factory=dict, description="File name pattern to what it asked"
    )

    def hints(self, name: str) -> Hints:
        """Return how a file is to be read."""
        found = next((one for pattern, one in self.mappings.items() if fnmatch(name, pattern)), Mapping())
        return found.hints()

    def survey(self, name: str) -> Survey:
        """Return what is declared of a survey file."""
        found = next((one for pattern, one in self.surveys.items() if fnmatch(name, pattern)), SurveyEntry())
        return Survey(found.invited, found.scale)
