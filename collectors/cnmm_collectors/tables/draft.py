"""A mapping file to fill in: what an export's columns are read as, and which are left to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from cnmm_collectors.signals import Gap
from cnmm_collectors.tables import presets
from cnmm_collectors.tables.dialect import HEAD_ROWS, sniff
from cnmm_collectors.tables.engine import EngineRefusal, parquet_columns
from cnmm_collectors.tables.examine import examine
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.headers import Layout, candidates, score
from cnmm_collectors.tables.places import BESIDE
from cnmm_collectors.tables.records import load_json, read_lines, records_of, tabulate
from cnmm_collectors.tables.workbook import read_workbook


def draft(path: Path, kind: str, layouts: Sequence[Layout]) -> str:
    """Return the mapping of an export as YAML: known columns filled in, doubtful ones with their choices.

    Names of columns alone are in it, never a cell. Raises TableFault.
    """
    header = header_of(path, kind, layouts)
    preset, chosen = presets.preset(path.name, kind, header)
    layout = max(layouts, key=lambda one: score((one,), header) or _likeness(one, header))
    lines = [
        f"# How {path.name} is read as {kind}. Fill in what is empty, take away what is not to be read,",
        f"# and keep it beside the export as {path.name}{BESIDE}.",
        *([f"# It looks like an export of {preset}, which needs no mapping."] if preset else []),
        f"# Read as {layout.name}: one column of each of these is needed.",
        *(f"#   {' or '.join(sorted(group))}" for group in layout.needs),
        "columns:",
        *_columns(layout, header, chosen),
        "# date_order: dmy   # or mdy, where dates can be read both ways",
    ]
    return "\n".join(lines) + "\n"


def header_of(path: Path, kind: str, layouts: Sequence[Layout]) -> list[str]:
    """Return the names of an export's columns: the known header, else the widest of the first rows."""
    facts = examine(path)

    def rank(row: Sequence[str]) -> float:
        named = [cell for cell in row if cell.strip()]
        likely = len(named) / 1000 if len(named) > 1 else 0.0
        return score(layouts, row) or presets.matches(kind, row) or likely

    if facts.kind == "text":
        return list(sniff(path, facts, rank).header)
    if facts.kind == "workbook":
        return read_workbook(path, rank).header
    if facts.kind == "parquet":
        try:
            return parquet_columns(path.absolute())
        except EngineRefusal as error:
            raise TableFault(f"{path.name}: cannot be read as Parquet") from error
    if facts.kind == "lines":
        rows = read_lines(path, facts, [])
        return tabulate((row for row, _ in zip(rows, range(HEAD_ROWS), strict=False)), [])[0]
    if facts.kind == "json":
        return tabulate(iter(enumerate(records_of(load_json(path, facts))[:HEAD_ROWS], 1)), [])[0]
    raise TableFault(f"{path.name}: a {facts.kind} file has no columns to map", Gap.UNSUPPORTED)


def _likeness(layout: Layout, header: Sequence[str]) -> float:
    """Return how many of a layout's fields a header names, below any whole match."""
    return len({field for cell in header for field in candidates(cell, layout.fields)}) / 1000


def _columns(layout: Layout, header: Sequence[str], chosen: dict[str, str]) -> Iterator[str]:
    """Yield a line for each field of the layout, those that are needed or named first."""
    needed = frozenset().union(*layout.needs)
    taken: set[str] = set(chosen.values())
    empty: list[str] = []
    for field in sorted(layout.fields, key=lambda one: (one not in needed, one)):
        named = [cell for cell in header if field in candidates(cell, layout.fields)]
        if field in chosen:
            yield f"  {field}: {_quoted(chosen[field])}"
        elif len(named) == 1 and not chosen:
            taken.add(named[0])
            yield f"  {field}: {_quoted(named[0])}"
        elif named and not chosen:
            taken.update(named)
            yield f'  {field}: ""   # one of: {", ".join(map(_quoted, named))}'
        else:
            empty.append(field)
    for field in empty:
        yield f'  {field}: ""'
    left = [cell for cell in header if cell and cell not in taken]
    if left:
        yield "# Left alone so far: " + ", ".join(map(_quoted, left))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
