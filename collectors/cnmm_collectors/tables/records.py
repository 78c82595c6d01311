"""JSON, JSON lines and Parquet as numbered rows of text; nested records are flattened by dotted name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.examine import Examined
from cnmm_collectors.tables.faults import Code, Reject, TableFault

MAX_JSON = 64 * 1024**2
_LISTS = ("data", "items", "records", "results", "rows", "value", "people", "employees", "badges")


def load_json(path: Path, facts: Examined) -> Any:
    """Return the document of a JSON file of at most 64 MiB; raises TableFault."""
    if facts.size > MAX_JSON:
        raise TableFault(
            f"{path.name}: more than {MAX_JSON // 1024**2} MiB; export JSON lines", Gap.UNSUPPORTED
        )
    try:
        return json.loads(path.read_bytes()[facts.bom :].decode(facts.encoding))
    except (ValueError, RecursionError) as error:
        raise TableFault(f"{path.name}: not well-formed JSON") from error


def records_of(document: Any) -> list[Any]:
    """Return the list of records that a document is, or holds under a usual name."""
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping):
        for name in _LISTS:
            if isinstance(document.get(name), list):
                return list(document[name])
        return [document]
    return []


def read_lines(path: Path, facts: Examined, rejects: list[Reject]) -> Iterator[tuple[int, Any]]:
    """Yield (line, record) of a JSON-lines file; a line that is none is quarantined."""
    with path.open(encoding=facts.encoding, errors="replace", newline="\n") as stream:
        if facts.bom:
            stream.seek(facts.bom)
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                rejects.append(Reject(number, number, Code.SHAPE))


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (dotted name, text) of the plain values of a record, three levels deep."""
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if depth < 3:
                yield from flatten(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            if all(isinstance(item, str) for item in value):
                yield name, ";".join(value)
        elif value is not None:
            yield name, "true" if value is True else "false" if value is False else str(value)


def tabulate(
    records: Iterator[tuple[int, Any]], rejects: list[Reject]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return columns and numbered rows of flat records; what is no record is quarantined."""
    columns: dict[str, int] = {}
    flat: list[tuple[int, dict[str, str]]] = []
    for number, record in records:
        if not isinstance(record, Mapping):
            rejects.append(Reject(number, number, Code.SHAPE))
            continue
        found = dict(flatten(record))
        for name in found:
            columns.setdefault(name, len(columns))
        flat.append((number, found))
    names = list(columns)
    return names, [(number, [found.get(name, "") for name in names]) for number, found in flat]
