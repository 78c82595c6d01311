"""A diagnosis as one table for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnmm_reports.inert import line
from cnmm_reports.wording import count
from cnmm_scanner.diagnosis import READABLE, Diagnosis, Look, Seen, Unnamed

WIDTH = 100
_NAMED = 6
_STYLES = {READABLE: "green", "not there": "red", "unreachable": "red"}


_TARGETS = {
    "git": "target DIRECTORY or git:URL",
    "github": "target github:ORG",
    "gitlab": "target gitlab:GROUP",
    "kubernetes": "target kube:CONTEXT",
}


def to_json(found: Diagnosis) -> dict[str, Any]:
    """Return the whole diagnosis, every row by name."""
    return {
        "git": found.git,
        "sources": [
            {
                "source": one.target if not one.local else f"sources ({one.collector})",
                "collector": one.collector,
                "credential": one.credential,
                "items": one.items,
                "calls": one.calls,
                "groups": [
                    {
                        "group": look.group,
                        "state": look.state,
                        "detail": look.detail,
                        "needs": look.needs,
                        "feeds": found.fed_by(look.signals),
                        "leaves_open": found.left_open(look),
                    }
                    for look in one.looks
                ],
            }
            for one in found.seen
        ],
        "sections": {
            section: {"rows": total, "whole": whole, "in_part": part}
            for section in found.sections
            for total, whole, part in [found.decided(section)]
        },
        "not_named": [{"source": one.name, "rows": one.rows, "needs": one.needs} for one in found.unnamed],
    }


def show(found: Diagnosis, console: Console) -> None:
    """Print the table, what the sources decide together, and the sources that nothing names."""
    if found.seen:
        console.print(_table(found, plain=not console.is_terminal))
        if any(len(found.left_open(look)) > _NAMED for one in found.seen for look in one.looks):
            console.print(Text("--json names every row."))
        console.print()
        for section in found.sections:
            total, whole, part = found.decided(section)
            said = f"{section}: {len(whole)} of {total} rows can be decided by these sources alone"
            console.print(Text(f"{said}, {part} more in part" if part else said))
    if found.unnamed:
        console.print(Text("\nNot named in targets or sources, and the rows that each would help to decide:"))
        listed = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for one in found.unnamed:
            listed.add_row(Text(line(one.name)), Text(count(one.rows, "row")), Text(_wanted(one)))
        console.print(listed)


def _wanted(one: Unnamed) -> str:
    return line(one.needs) or _TARGETS.get(one.name, "")


def _table(found: Diagnosis, plain: bool) -> Table:
    table = Table(
        box=box.ASCII2 if plain else box.ROUNDED,
        show_edge=False,
        show_lines=False,
        pad_edge=False,
        width=WIDTH if plain else None,
    )
    table.add_column("Source", min_width=14, max_width=18, overflow="fold")
    table.add_column("What it answers", ratio=4, overflow="fold")
    table.add_column("State", min_width=13, max_width=13)
    table.add_column("Missing, and what it leaves open", ratio=5, overflow="fold")
    groups = list(_grouped(found.seen))
    for number, (name, one, looks) in enumerate(groups):
        merged = list(_merged(looks))
        follows = groups[number + 1][1] if number + 1 < len(groups) else None
        together = follows is not None and one.local and follows.local
        for place, (group, look) in enumerate(merged):
            table.add_row(
                Text(line(name)) if not place else Text(""),
                _answers(found, one, group, look),
                Text(look.state, style=_STYLES.get(look.state, "yellow")),
                Text(_missing(found, look)),
                end_section=place == len(merged) - 1 and not together,
            )
    return table


def _grouped(seen: Sequence[Seen]) -> Iterator[tuple[str, Seen, list[Look]]]:
    """Yield name, sample and looks of each source: exports by kind, clones of one collector together."""
    alike: dict[tuple[str, str], list[Seen]] = {}
    for one in seen:
        key = one.collector if not one.local and not any(look.group for look in one.looks) else one.target
        if one.local:
            for look in one.looks:
                kind, _, rest = look.group.partition(": ")
                told = f"{rest}: {look.detail}" if look.state == READABLE else rest
                yield kind, one, [Look(told, look.state, look.signals, look.detail, look.needs)]
        else:
            alike.setdefault((one.collector, key), []).append(one)
    for held in alike.values():
        first = held[0]
        many = f"{first.collector}: {len(held)} targets" if len(held) > 1 else first.target
        if len(held) == 1 and sum(one.target == first.target and bool(one.looks) for one in seen) > 1:
            many = f"{first.target} ({first.collector})"
        name = f"{many} as {first.credential}" if first.credential else many
        total = Seen(first.target, first.collector, first.credential, False, (), first.answered,
                     sum(one.items for one in held), sum(one.calls for one in held))  # fmt: skip
        yield name, total, [_about(look, one, len(held)) for one in held for look in one.looks]


def _about(look: Look, one: Seen, held: int) -> Look:
    """Return a look that names its target where several are told together and it was refused."""
    if held == 1 or look.state == READABLE:
        return look
    return Look(one.target, look.state, look.signals, look.detail, look.needs)


def _merged(looks: Sequence[Look]) -> Iterator[tuple[str, Look]]:
    """Yield what is readable in one row, then what is not, alike causes together."""
    alike: dict[tuple[str, str, str], list[Look]] = {}
    for look in looks:
        key = (look.state, "", "") if look.state == READABLE else (look.state, look.detail, look.needs)
        alike.setdefault(key, []).append(look)
    lost = frozenset[str]().union(*(one.signals for one in looks if one.state != READABLE and one.group))
    for (state, detail, needs), held in sorted(alike.items(), key=lambda item: item[0][0] != READABLE):
        signals = frozenset[str]().union(*(one.signals for one in held))
        if state == READABLE and len(held) > 1:
            signals -= lost
        names = ", ".join(dict.fromkeys(one.group for one in held if one.group))
        yield names, Look(names, state, signals, detail, needs)


def _answers(found: Diagnosis, one: Seen, group: str, look: Look) -> Text:
    fed = found.fed_by(look.signals)
    parts = [line(group)] if group else []
    if look.state == READABLE and not one.local:
        parts.append(f"about {count(one.calls, 'call')}" if one.calls else f"{one.items} to read")
    if fed and look.state == READABLE:
        parts.append(f"feeds {count(len(fed), 'row')}")
    return Text("; ".join(parts))


def _missing(found: Diagnosis, look: Look) -> str:
    if look.state == READABLE:
        return ""
    parts = [line(look.detail)] if look.detail else []
    if look.needs:
        parts.append(f"needs {line(look.needs)}")
    rows = found.left_open(look)
    if rows:
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        parts.append(f"leaves {count(len(rows), 'row')} open: {', '.join(rows[:_NAMED])}{more}")
    return "; ".join(parts)
