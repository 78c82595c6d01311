"""What an operator says of a file that does not say it itself."""

from __future__ import annotations

from collections.abc import Mapping as Of
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.tables.columns import Hints
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.places import BESIDE

_LARGEST = 1 << 20


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

    state_of: date | None = Field(
        default=None,
        description="Of a roster: the earlier day whose teams it shows, to tell what changed since",
    )

    def hints(self) -> Hints:
        """Return the same as the table reader takes it."""
        columns = {field: header for field, header in self.columns.items() if header.strip()}
        return Hints(columns, self.date_order, self.delimiter, self.encoding, self.state_of)


def hints_of(mappings: Of[str, Mapping], path: Path) -> Hints:
    """Return how a file is to be read: by the first pattern its name fits, else by the file beside it.

    Raises TableFault for a mapping file that is none.
    """
    named = next((one for pattern, one in mappings.items() if fnmatch(path.name, pattern)), None)
    if named is not None:
        return named.hints()
    beside = path.with_name(path.name + BESIDE)
    if not beside.is_file() or beside.is_symlink():
        return Mapping().hints()
    try:
        with beside.open("rb") as stream:
            document = yaml.safe_load(stream.read(_LARGEST))
        return Mapping.model_validate(document).hints()
    except (OSError, ValueError, yaml.YAMLError) as error:
        what = "a mapping holds columns, date_order, delimiter and encoding"
        raise TableFault(f"{beside.name}: {what}; make a new one with cnmm mapping {path.name}") from error
