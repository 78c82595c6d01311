"""What an operator says of a file that does not say it itself."""

from __future__ import annotations

from collections.abc import Mapping as Of
from fnmatch import fnmatch
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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


def hints_of(mappings: Of[str, Mapping], name: str) -> Hints:
    """Return how a file is to be read: by the first pattern that its name fits."""
    return next((one for pattern, one in mappings.items() if fnmatch(name, pattern)), Mapping()).hints()
