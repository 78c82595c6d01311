"""The catalogue as Markdown: an index, one file for each section, the signals and the permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnmm_reports.catalogue_rows import PermissionEntry, RowEntry, SectionEntry, SignalEntry
from cnmm_rules.criteria import Catalogue
from cnmm_rules.wording import figure

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LEADING = re.compile(r"^([-+#>=])")


def escape(text: str) -> str:
    """Return the text on one line, shown by Markdown and HTML as it is."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return _LEADING.sub(r"\\\1", _SPECIAL.sub(r"\\\1", plain))


def index(catalogue: Catalogue, parts: Sequence[SectionEntry]) -> str:
    """Return the page that leads to every row: section by level, keys in bold."""
    return _text(_index(catalogue, parts))


def _index(catalogue: Catalogue, parts: Sequence[SectionEntry]) -> Iterator[str]:
    yield f"# {escape(catalogue.title)}"
    yield ""
    yield (
        f"Catalogue `{catalogue.id}` {catalogue.version}: {len(catalogue.criteria)} rows and "
        f"{len(catalogue.signals)} signals. Key rows are bold; a level cannot hold without its key rows."
    )
    yield ""
    yield "[Signals](signals.md) · [Permissions](permissions.md)"
    for part in parts:
        yield ""
        yield f"## [{escape(part.title)}]({part.id}.md)"
        yield ""
        yield part.about
        yield ""
        for level, rows in part.levels:
            yield f"- {_level(level)}: {', '.join(_link(entry, f'{part.id}.md') for entry in rows)}"
    for deviation in catalogue.deviations:
        yield ""
        yield f"Changed by this organisation: {escape(deviation)}"


def _level(level: int) -> str:
    return f"Level {level}" if level else "All levels"


def _link(entry: RowEntry, page: str) -> str:
    short = entry.row.id.split(".", 2)[-1]
    shown = f"**{short}**" if entry.row.role.value == "key" else short
    return f"[{shown}]({page}#{anchor(entry.row.id)})"


def anchor(name: str) -> str:
    """Return the fragment that Markdown hosts give a heading of that id."""
    return re.sub(r"[^a-z0-9 _-]", "", name.lower()).replace(" ", "-")


def section(part: SectionEntry) -> str:
    """Return the page of one section."""
    return _text(_section(part))


def _section(part: SectionEntry) -> Iterator[str]:
    yield f"# {escape(part.title)}"
    yield ""
    yield part.about
    for level, rows in part.levels:
        yield ""
        yield f"## {_level(level)}"
        for entry in rows:
            yield ""
            yield from _row(entry)


def _row(entry: RowEntry) -> Iterator[str]:
    row = entry.row
    yield f"### {row.id}"
    yield ""
    yield f"**{escape(row.statement)}**"
    yield ""
    yield (
        f"Role {row.role.value} · weight {figure(row.weight)} · {row.confidence.value} inference · "
        f"proof {row.proof.value} · model line {row.line}{_window(entry)}"
    )
    yield ""
    for asked in entry.asked:
        yield f"- {asked.title}:"
        yield from (f"{'  ' * (depth + 1)}- {escape(text)}" for depth, text in asked.lines)
    yield from _relations(entry)
    yield f"- Why: {escape(row.reason)}"
    yield from (f"  - {escape(key)}: {escape(text)}" for key, text in entry.references)
    yield f"- Means: {escape(row.meaning)}"
    yield f"- Next step: {escape(row.next_step)}"
    yield from (f"- To ask: {escape(prompt)}" for prompt in row.prompts)
    if entry.cases:
        yield f"- Cases: {'; '.join(f'{escape(case.name)} → {case.want.value}' for case in entry.cases)}"


def _window(entry: RowEntry) -> str:
    days = entry.row.window_days
    return f" · evidence at most {days} days old" if days is not None else ""


def _relations(entry: RowEntry) -> Iterator[str]:
    row = entry.row
    if row.implied_by:
        yield f"- Implied by: {', '.join(_far(name) for name in row.implied_by)}"
    if entry.implies:
        yield f"- Implies: {', '.join(_far(name) for name in entry.implies)}"
    if row.retires_at is not None:
        yield f"- No longer asked from level {row.retires_at} on"


def _far(name: str) -> str:
    return f"[{name}]({name.partition('.')[0]}.md#{anchor(name)})"


def signals(entries: Sequence[SignalEntry]) -> str:
    """Return the page of signals: one table, then each definition with its rows."""
    return _text(_signals(entries))


def _signals(entries: Sequence[SignalEntry]) -> Iterator[str]:
    yield "# Signals"
    yield ""
    yield (
        "A reading is observed, provably absent, or unknown with its cause. Sources are ranked: 1 is the "
        "strongest, equal ranks are alternatives."
    )
    yield ""
    yield "| Signal | Title | Unit | Range | Of each | Rolled up as | Absent | Data | Window | Sources |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for entry in entries:
        spec = entry.spec
        window = f"{spec.window_days} days" if spec.window_days is not None else "–"
        cells = (spec.title, spec.unit.value, entry.range, entry.subject, entry.rollup, entry.absent)
        more = (spec.disclosure.value, window, ", ".join(entry.sources))
        yield f"| [{escape(spec.id)}](#{anchor(spec.id)}) | {' | '.join(map(escape, (*cells, *more)))} |"
    for entry in entries:
        yield ""
        yield from _signal(entry)


def _signal(entry: SignalEntry) -> Iterator[str]:
    spec = entry.spec
    yield f"## {spec.id}"
    yield ""
    yield escape(spec.definition)
    yield ""
    if spec.unknown_when:
        yield f"- Unknown when: {escape(spec.unknown_when)}"
    for parameter in spec.parameters:
        values = ", ".join(parameter.values) or f"anything like {parameter.pattern}"
        yield f"- Facet {escape(parameter.name)}: {escape(values)}"
    rows = ", ".join(_far(name) for name in entry.rows) or "no row yet"
    yield f"- Asked for by: {rows}"


def permissions(entries: Sequence[PermissionEntry]) -> str:
    """Return the page of permissions: what the least access to each source can decide."""
    return _text(_permissions(entries))


def _permissions(entries: Sequence[PermissionEntry]) -> Iterator[str]:
    yield "# Permissions"
    yield ""
    yield (
        "The least permission of each source. *Decides* counts the rows that ask for nothing another source "
        "would have to answer; *helps* counts the rows it answers in part."
    )
    yield ""
    yield "| Source | Least permission | Signals | Decides | Helps |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for entry in entries:
        counts = f"{len(entry.signals)} | {len(entry.decides)} | {len(entry.helps)}"
        yield f"| {escape(entry.source)} | {escape(entry.permission)} | {counts} |"
    for entry in entries:
        yield ""
        yield f"## {escape(entry.source)}: {escape(entry.permission)}"
        yield ""
        yield f"- Signals: {', '.join(f'[{escape(key)}](signals.md#{anchor(key)})' for key in entry.signals)}"
        yield f"- Decides: {', '.join(_far(name) for name in entry.decides) or 'no row alone'}"
        yield f"- Helps with: {', '.join(_far(name) for name in entry.helps) or 'no other row'}"


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"
