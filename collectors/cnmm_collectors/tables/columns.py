"""Which columns of a file are read, and as what: by its mapping, a preset or the words of its header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors.tables import presets
from cnmm_collectors.tables.dialect import Score
from cnmm_collectors.tables.headers import Layout, Recognised, recognise, score


@dataclass(frozen=True, slots=True)
class Hints:
    """What the operator says of a file: columns by field, order of dates, delimiter, encoding."""

    columns: Mapping[str, str] = field(default_factory=dict)
    date_order: str = ""
    delimiter: str = ""
    encoding: str = ""
    state_of: date | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read: `places` from 0 in the file, in the order of `fields`."""

    recognised: Recognised
    fields: tuple[str, ...]
    places: tuple[int, ...]
    notes: tuple[str, ...]


def ranking(kind: str, layouts: Sequence[Layout], hints: Hints) -> Score:
    """Return what says how surely a row is the header of such a file; 0 for no header."""

    def rank(row: Sequence[str]) -> float:
        if hints.columns:
            there = {cell.strip().casefold() for cell in row}
            return float(all(name.strip().casefold() in there for name in hints.columns.values()))
        return score(layouts, row) or presets.matches(kind, row)

    return rank


def columns_of(
    name: str, kind: str, layouts: Sequence[Layout], header: Sequence[str], hints: Hints
) -> Columns:
    """Return which columns of a header are read; raises TableFault where that is not certain."""
    given, preset = dict(hints.columns), ""
    if not given:
        preset, given = presets.preset(name, kind, header)
    recognised = recognise(name, layouts, header, given)
    fields = tuple(field for field, _ in recognised.columns)
    places = tuple(column for _, column in recognised.columns)
    return Columns(recognised, fields, places, (f"preset {preset}",) if preset else ())
