"""Samples for an auditor: stratified, seeded, and drawn in a way that anybody can repeat by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.drawing import allocate, rank
from cnmm_reports.view import ReportView
from cnmm_reports.workpaper import build_workpaper, write_workpaper
from cnmm_scanner.canonical import digest, document, record
from cnmm_scanner.faults import Fault

SCHEMA = "cnmm/sample/1"
METHOD = (
    "Population: every finding of the assessment as one canonical JSON line [subject, criterion, outcome], "
    "sorted; its digest is SHA-256 over these lines. Strata: section and outcome. Allocation: in proportion "
    "to size, by largest remainder, and at least one item of every stratum where the sample is large enough "
    "for that; ties go to the larger stratum, then to the first by name. Selection: the items of a stratum "
    "in the order of SHA-256 over the seed, the population digest and their line, joined by newlines, from "
    "the lowest."
)

Stratum = tuple[str, str]
Finding = Mapping[str, Any]


class SampleFault(Fault):
    """The sample cannot be drawn; the message says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn sample: what it was drawn from, how, and the findings in the order of the strata."""

    population_digest: str
    population: int
    strata: tuple[tuple[Stratum, int, int], ...]
    """(stratum, its size, how many were drawn)"""
    findings: tuple[Finding, ...]


def draw(findings: Sequence[Finding], seed: int, size: int) -> Sample:
    """Return a sample of at most `size` findings; raises SampleFault where there is nothing to draw from."""
    if not findings:
        raise SampleFault("the assessment holds no finding to draw from")
    lines = {_line(finding): finding for finding in findings}
    whole = digest(b"".join(sorted(lines)))
    strata: dict[Stratum, list[bytes]] = {}
    for line, finding in lines.items():
        strata.setdefault(_stratum(finding), []).append(line)
    counts = allocate({name: len(members) for name, members in strata.items()}, size)
    chosen: list[Finding] = []
    for name in sorted(strata):
        ordered = sorted(strata[name], key=lambda line: rank(seed, whole, line))
        chosen.extend(lines[line] for line in ordered[: counts[name]])
    table = tuple((name, len(strata[name]), counts[name]) for name in sorted(strata))
    return Sample(whole, len(lines), table, tuple(chosen))


def _line(finding: Finding) -> bytes:
    return record([finding["subject"], finding["criterion"], finding["outcome"]])


def _stratum(finding: Finding) -> Stratum:
    return finding["criterion"].partition(".")[0], finding["outcome"]


def sample_files(view: ReportView, sample: Sample, seed: int, size: int, bundle: str) -> dict[str, bytes]:
    """Return the files of a sample: its documentation, a workpaper for each item, an empty marks file."""
    told = view.assessment
    about = {
        "organisation": told["organisation"],
        "as_of": told["as_of"],
        "bundle": bundle,
        "conclusions_digest": told["conclusions_digest"],
        "population_digest": sample.population_digest,
    }
    files: dict[str, bytes] = {}
    items = []
    for number, finding in enumerate(sample.findings, 1):
        paper = build_workpaper(view, finding, {"number": number, **about})
        name = f"workpapers/{number:03}-{finding['criterion']}"
        files[f"{name}.json"], files[f"{name}.md"] = document(paper), write_workpaper(paper)
        kept = {key: finding[key] for key in ("criterion", "subject", "outcome")}
        items.append({"number": number, **kept, "workpaper": f"{name}.md"})
    files["sample.json"] = document(
        {
            "schema": SCHEMA,
            **about,
            "seed": seed,
            "size": {"asked": size, "drawn": len(items), "population": sample.population},
            "method": METHOD,
            "strata": [
                {"section": name[0], "outcome": name[1], "population": count, "drawn": drawn}
                for name, count, drawn in sample.strata
            ],
            "items": items,
        }
    )
    files["marks.yaml"] = _marks(bundle)
    return files


def _marks(bundle: str) -> bytes:
    return (
        f"# Marks of reviewers. They are shown beside the report and change nothing in the bundle.\n"
        f"# - {{criterion: ID, subject: 'org:NAME', mark: accepted, role: lead auditor, dated: 2026-01-31}}\n"
        f"# mark: accepted, disputed or comment; the latter two need `comment:`\n"
        f"bundle: {bundle}\nmarks: []\n"
    ).encode()
