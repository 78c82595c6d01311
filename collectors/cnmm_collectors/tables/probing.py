"""How exports would be read, recognised by their headers; nothing of a row is shown or kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cnmm_collectors.plugin import Probe
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables import presets
from cnmm_collectors.tables.columns import Hints
from cnmm_collectors.tables.draft import header_of
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.headers import Layout, recognise
from cnmm_collectors.tables.places import BESIDE, expand

Look = Callable[[str, Path], tuple[str, str]]
"""From kind and file to the name of its layout and how it was recognised; raises TableFault."""


def recognised(path: Path, kind: str, layouts: Sequence[Layout], hints: Hints) -> tuple[str, str]:
    """Return the layout of an export and in one line how its header is read; raises TableFault."""
    header = header_of(path, kind, layouts)
    preset, given = ("", dict(hints.columns)) if hints.columns else presets.preset(path.name, kind, header)
    found = recognise(path.name, layouts, header, given)
    by = ""
    if hints.columns:
        beside = path.with_name(path.name + BESIDE).is_file()
        by = ", by the mapping beside it" if beside else ", by the mapping in the settings"
    elif preset:
        by = f", an export of {preset}"
    return found.layout.name, f"{found.layout.name}, {len(found.columns)} of {len(header)} columns read{by}"


def probe_exports(
    facts: Sequence[tuple[str, str]],
    answers: Mapping[str, tuple[str, ...]],
    by_layout: Mapping[str, tuple[str, ...]],
    look: Look,
) -> Iterator[Probe]:
    """Yield one answer for each file of the (kind, place) pairs whose kind is in `answers`.

    `by_layout` narrows what a kind answers to what the recognised layout does.
    """
    for kind, locator in facts:
        if kind not in answers:
            continue
        found = expand(Path(locator))
        if not found:
            name = Path(locator).name
            yield Probe(f"{kind}: {name}", answers[kind], False, "no such file", f"the file {name}",
                        Gap.NOT_VISIBLE)  # fmt: skip
        for path in found:
            group = f"{kind}: {path.name}"
            try:
                layout, told = look(kind, path)
            except TableFault as fault:
                detail = str(fault).removeprefix(f"{path.name}: ")
                yield Probe(group, answers[kind], False, detail, gap=fault.gap)
                continue
            yield Probe(group, by_layout.get(layout, answers[kind]), True, told)
