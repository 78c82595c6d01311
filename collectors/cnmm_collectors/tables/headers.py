"""Recognition: which column of an export holds which field, by its name in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cnmm_collectors.shipped import shipped
from cnmm_collectors.tables.faults import TableFault

_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_MARKS = re.compile(r"[#№.*:_/\-–—?!\"']+")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return a header as it is compared: NFKC, case folded, without brackets, marks and double spaces."""
    text = unicodedata.normalize("NFKC", text).replace("\ufeff", "").casefold()
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return _SPACES.sub(" ", _MARKS.sub(" ", _BRACKETS.sub(" ", text))).strip()


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of table: the fields it may have, of which one of each group in `needs` must be there.

    `shared` names the fields of which several columns may be read together; `also` gives a field to a header
    that no synonym names, or an empty text.
    """

    name: str
    fields: frozenset[str]
    needs: tuple[frozenset[str], ...]
    shared: frozenset[str] = frozenset()
    also: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """A table's layout and the columns of its fields, by number from 0; `ignored` are headers not read."""

    layout: Layout
    columns: tuple[tuple[str, int], ...]
    ignored: tuple[str, ...]

    def column(self, field: str) -> int | None:
        """Return the number of a field's column, or None."""
        return dict(self.columns).get(field)

    def told(self, header: Sequence[str]) -> str:
        """Return the mapping in one line, header names only."""
        return ", ".join(f"{field}={header[column]!r}" for field, column in self.columns)


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return the names a field goes by, each with the fields it may mean."""
    found: dict[str, tuple[str, ...]] = {}
    for field, names in shipped(__package__, "synonyms.yaml").items():
        for name in (field.replace("_", " "), *names):
            key = normalise(str(name))
            if not key:
                continue
            if field not in found.get(key, ()):
                found[key] = (*found.get(key, ()), field)
    return found


def candidates(header: str, fields: Iterable[str]) -> tuple[str, ...]:
    """Return the fields among `fields` that a header names."""
    wanted = frozenset(fields)
    return tuple(field for field in synonyms().get(normalise(header), ()) if field in wanted)


def score(layouts: Sequence[Layout], row: Sequence[str]) -> float:
    """Return how much a row looks like a header of the layouts; 0 where a needed field is missing."""
    return max((_score(layout, row) for layout in layouts), default=0.0)


def _score(layout: Layout, row: Sequence[str]) -> float:
    hit = {field for cell in set(row) for field in _fields(layout, cell)}
    if not all(group & hit for group in layout.needs):
        return 0.0
    return float(len(hit))


def _fields(layout: Layout, header: str) -> tuple[str, ...]:
    found = candidates(header, layout.fields)
    if not found and layout.also is not None and (extra := layout.also(header)):
        return (extra,)
    return found


def recognise(
    name: str, layouts: Sequence[Layout], header: Sequence[str], given: Mapping[str, str] | None = None
) -> Recognised:
    """Return the layout and mapping of a header; raises TableFault with a mapping to fill in."""
    if given:
        return _from_mapping(name, layouts, header, given)
    ranked = sorted(layouts, key=lambda layout: -_score(layout, header))
    best = ranked[0]
    if _score(best, header) == 0:
        needs = " and ".join(" or ".join(sorted(group)) for group in best.needs)
        raise TableFault(f"{name}: no column for {needs}; {_template(name, best)}")
    if len(ranked) > 1 and _score(ranked[1], header) == _score(best, header):
        raise TableFault(f"{name}: reads as {best.name} and as {ranked[1].name}; {_template(name, best)}")
    return _columns(name, best, header)


def _columns(name: str, layout: Layout, header: Sequence[str]) -> Recognised:
    claims: dict[str, list[int]] = {}
    for number, cell in enumerate(header):
        for field in _fields(layout, cell):
            claims.setdefault(field, []).append(number)
    # A header that names two fields goes to the one nobody else claims by its exact name.
    for field, numbers in list(claims.items()):
        exact = [n for n in numbers if normalise(header[n]) == field.replace("_", " ")]
        if len(numbers) > 1 and len(exact) == 1:
            claims[field] = exact
    doubled = {field for field, numbers in claims.items() if len(numbers) > 1 and field not in layout.shared}
    if doubled:
        field = sorted(doubled)[0]
        named = " and ".join(repr(header[number]) for number in claims[field][:3])
        raise TableFault(f"{name}: {field} may be column {named}; {_template(name, layout, field)}")
    columns = tuple((field, number) for field, numbers in sorted(claims.items()) for number in numbers)
    return Recognised(layout, columns, _left(header, columns))


def _from_mapping(
    name: str, layouts: Sequence[Layout], header: Sequence[str], given: Mapping[str, str]
) -> Recognised:
    places = {normalise(cell): number for number, cell in enumerate(header)}
    columns = []
    for field, written in given.items():
        if normalise(written) not in places:
            raise TableFault(f"{name}: the mapping's column {written!r} for {field} is not in the header")
        columns.append((field, places[normalise(written)]))
    fields = {field for field, _ in columns}
    for layout in layouts:
        taken = {number for _, number in columns}
        also = [
            (extra, number)
            for number, cell in enumerate(header)
            if number not in taken and layout.also is not None and (extra := layout.also(cell))
        ]
        there = fields | {field for field, _ in also}
        if fields <= layout.fields and all(group & there for group in layout.needs):
            both = (*columns, *also)
            return Recognised(layout, tuple(sorted(both)), _left(header, both))
    raise TableFault(f"{name}: the mapping fits none of {', '.join(one.name for one in layouts)}")


def _left(header: Sequence[str], columns: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    taken = {number for _, number in columns}
    return tuple(cell for number, cell in enumerate(header) if number not in taken and cell)


def _template(name: str, layout: Layout, field: str = "") -> str:
    wanted = [field] if field else [sorted(group)[0] for group in layout.needs]
    inner = ", ".join(f"{one}: HEADER" for one in wanted)
    return f"say which in {name}.mapping.yaml beside it (cnmm mapping {name}): columns: {{{inner}}}"
