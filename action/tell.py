"""The job summary and the annotations of a scan, within what the runner accepts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from runner import annotate, lines_input, text_input, write_summary
from visibility import own_repository
from worst import worst_first

from cnmm_collectors.subjects import SubjectKind
from cnmm_reports.contribution import Line, contributed, contribution
from cnmm_reports.inert import inert
from cnmm_reports.view import ReportView, build_view
from cnmm_scanner.bundle import Bundle

MAX_LEAD = 40_000
"""Bytes before summary.md, which is at most 1,000,000: together below the MiB a summary may have."""
MAX_WARNINGS = 10
"""Warnings the runner takes from one step; further ones are lost without a word."""


def tell() -> int:
    """Write summary and annotations of the scan in CNMM_FOLDER."""
    folder = Path(os.environ["CNMM_FOLDER"])
    with Bundle(folder / "bundle.cnmm") as bundle:
        view = build_view(bundle.assessed(), bundle.catalogue())
        repositories = _repositories(bundle)
        alone = len(repositories) == 1
        lines = contributed(view, bundle.observations(), bundle.evidence(), bundle.signals()) if alone else ()
    lead = "".join(_lead(folder, repositories, lines))
    write_summary(_cut(lead) + (folder / "summary.md").read_text(encoding="utf-8"))
    _annotate(view, lines, {name.casefold() for name in repositories} == {own_repository().casefold()})
    return 0


def _repositories(bundle: Bundle) -> set[str]:
    return {one.subject.name for one in bundle.observations() if one.subject.kind is SubjectKind.REPO}


def _lead(folder: Path, repositories: set[str], lines: tuple[Line, ...]) -> Iterator[str]:
    for repository in repositories if len(repositories) == 1 else ():
        yield contribution(repository, lines)
        yield f"\n{_cannot()}\n\n"
    difference = folder / "diff.txt"
    if difference.is_file():
        text = inert(difference.read_text("utf-8", "replace"), MAX_LEAD // 4).replace("`", "'")
        yield f"## Compared with the base\n\n```text\n{text}\n```\n\n"


def _cannot() -> str:
    """Say what the credential at hand cannot show, and what would."""
    read = "the checkout and what the token may see of this repository" if _reads_host() else "the checkout"
    return (
        f"Read: {read}. That says nothing about other repositories, members, teams, the organisation's own "
        "settings or clusters; those rows stay open. The token of a workflow never reaches them. An App "
        "installed on the organisation does, with read access to metadata, contents, administration, members "
        "and alerts; the list of next evidence below says which row needs what."
    )


def _reads_host() -> bool:
    return any(target.startswith("github:") for target in lines_input("TARGETS"))


def _cut(lead: str) -> str:
    data = lead.encode()
    if len(data) <= MAX_LEAD:
        return lead
    kept = data[:MAX_LEAD].decode("utf-8", "ignore").rpartition("\n")[0]
    return f"{kept}\n\nThe rest of this part is in the report.\n\n"


def _annotate(view: ReportView, lines: tuple[Line, ...], own: bool) -> None:
    if text_input("ANNOTATIONS") == "false":
        return
    found = worst_first(view, lines, own)
    for one in found[:MAX_WARNINGS]:
        annotate("warning", one.title, one.message, one.file, one.line)
    if len(found) > MAX_WARNINGS:
        left = len(found) - MAX_WARNINGS
        annotate("notice", "cnmm", f"and {left} more: the job summary and the report have them all")
