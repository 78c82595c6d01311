"""What a scan would change in this repository, as annotations: what is proven against it first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import lines_input

from cnmm_reports.contribution import Line, largest_change
from cnmm_reports.firstpage import org_findings
from cnmm_reports.inert import line
from cnmm_reports.view import ReportView

_TEXT = 600
_LINES = re.compile(r"L(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line beside the code, or on the run's page where it has no file in this repository."""

    title: str
    message: str
    file: str = ""
    line: int = 0


def worst_first(view: ReportView, lines: tuple[Line, ...], own: bool) -> list[Annotation]:
    """Return unmet rows, key rows and low levels first, then what falls short here, by what it holds back."""
    return [*_unmet(view, own), *_short(lines, own)]


def _unmet(view: ReportView, own: bool) -> Iterator[Annotation]:
    evidence = {item["id"]: item for item in view.assessment["evidence"]}
    against = [
        (text.role != "key", text.level, name, finding)
        for name, finding in org_findings(view).items()
        if finding["outcome"] == "unmet" and (text := view.texts.get(name)) and text.weight and text.level
    ]
    for _, level, name, finding in sorted(against, key=lambda one: one[:3]):
        cited = [evidence[item] for item in finding["evidence"] if item in evidence]
        text = view.texts[name]
        message = line(f"{text.statement} {finding['why']}. {text.next_step}", _TEXT)
        place: Mapping[str, Any] = next((item for item in cited if item.get("path")), {})
        yield Annotation(f"not met: {name} (level {level})", message, *(_place(place) if own else ("", 0)))


def _short(lines: tuple[Line, ...], own: bool) -> Iterator[Annotation]:
    left = list(lines)
    while (change := largest_change(left)) is not None:
        left.remove(change.line)
        row = change.first.row
        said = line(f"{change.line.title}: {change.line.reading}. {change.advice}", _TEXT)
        place = change.line.place.to_json() if change.line.place is not None else {}
        yield Annotation(f"open: {row.id} (level {row.level})", said, *(_place(place) if own else ("", 0)))


def _place(item: Mapping[str, Any]) -> tuple[str, int]:
    """Return the file as the workspace has it, and its first line."""
    path = item.get("path", "")
    if not path or ".." in path.split("/"):
        return "", 0
    folders = [target for target in lines_input("TARGETS") if Path(target).is_dir()]
    found = _LINES.match(item.get("lines", ""))
    return str(Path(folders[0] if folders else ".") / path), int(found[1]) if found else 0
