"""The assessment as gauges in the OpenMetrics text format, for a scrape or a textfile collector."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cnmm_reports.exposition import END
from cnmm_reports.firstpage import excused
from cnmm_reports.inert import line
from cnmm_reports.view import ReportView
from cnmm_reports.wording import OUTCOMES

MAX_TEAMS = 500
"""Teams with series of their own; more are counted in `cnmm_teams_left_out`."""
_MAX_LABEL = 120
_STATES = ("requested", "received", "skipped", "failed")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})

Labels = tuple[tuple[str, object], ...]
Sample = tuple[Labels, int | float]


class OpenMetricsRenderer:
    """Writes `metrics.prom`: gauges without sample times, at most a few thousand series."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file."""
        organisation = ("organisation", view.assessment["organisation"])
        lines = [text for family in _families(view) for text in _family(organisation, *family)]
        return {"metrics.prom": ("\n".join((*lines, END)) + "\n").encode()}


def label_value(text: object) -> str:
    """Return an escaped label value: one short inert line, different for different texts."""
    whole = str(text)
    shown = line(whole, _MAX_LABEL)
    if shown != whole:
        shown += f" {hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return shown.translate(_ESCAPES)


def _family(
    organisation: tuple[str, object], name: str, words: str, samples: Iterator[Sample]
) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if name.endswith(("_seconds", "_ratio")):
        yield f"# UNIT {name} {name.rpartition('_')[2]}"
    yield f"# HELP {name} {words}"
    for labels, value in samples:
        shown = ",".join(f'{key}="{label_value(text)}"' for key, text in (organisation, *labels))
        yield f"{name}{{{shown}}} {value}"


def _families(view: ReportView) -> Iterator[tuple[str, str, Iterator[Sample]]]:
    document = view.assessment
    top, catalogue = document["headline"], document["catalogue"]
    marks = (
        ("catalogue", catalogue["id"]),
        ("version", catalogue["version"]),
        ("engine", document["engine"]),
    )
    teams = document["teams"][:MAX_TEAMS]
    yield (
        "cnmm_headline_proven_level",
        "Highest level proven everywhere, 0 where none is.",
        _one(top["proven"]),
    )
    yield "cnmm_headline_possible_level", "Highest level that nothing rules out.", _one(top["possible"])
    yield "cnmm_section_proven_level", "Highest level proven in a section.", _levels(document, "proven")
    yield (
        "cnmm_section_possible_level",
        "Highest level not ruled out in a section.",
        _levels(document, "possible"),
    )
    yield "cnmm_section_coverage_ratio", "Share of the rated weight that is decided.", _coverage(document)
    yield "cnmm_section_sufficient", "0 where coverage is below the floor.", _sufficient(document)
    yield "cnmm_team_proven_level", "Highest level proven in a section for a team.", _teams(teams, "proven")
    yield "cnmm_team_possible_level", "Highest level not ruled out for a team.", _teams(teams, "possible")
    yield (
        "cnmm_teams_left_out",
        "Teams without series of their own.",
        _one(len(document["teams"]) - len(teams)),
    )
    yield "cnmm_findings", "Findings by outcome.", _findings(document)
    yield "cnmm_ledger_items", "Items asked of a source, by what came of them.", _ledger(document)
    yield "cnmm_catalogue_criteria", "Rows of the catalogue that judged.", _one(len(view.texts), marks)
    yield (
        "cnmm_collection_complete",
        "1 unless the collection was interrupted.",
        _one(int(document["complete"])),
    )
    yield "cnmm_audit_timestamp_seconds", "Midnight UTC of the audit date.", _one(_seconds(document["as_of"]))


def _one(value: int, labels: Labels = ()) -> Iterator[Sample]:
    yield labels, value


def _rated(sections: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (section for section in sections if section["proven"] is not None and not excused(section))


def _levels(document: Mapping[str, Any], end: str) -> Iterator[Sample]:
    for section in _rated(document["sections"]):
        yield (("section", section["id"]),), section[end]


def _coverage(document: Mapping[str, Any]) -> Iterator[Sample]:
    for section in _rated(document["sections"]):
        yield (("section", section["id"]),), section["coverage"]


def _sufficient(document: Mapping[str, Any]) -> Iterator[Sample]:
    for section in _rated(document["sections"]):
        yield (("section", section["id"]),), int(section["sufficient"])


def _teams(teams: list[Mapping[str, Any]], end: str) -> Iterator[Sample]:
    for team in teams:
        for section in _rated(team["sections"]):
            yield (("team", team["id"].partition(":")[2]), ("section", section["id"])), section[end]


def _findings(document: Mapping[str, Any]) -> Iterator[Sample]:
    seen = Counter(
        ("organisation" if item["subject"].startswith("org:") else "team", item["outcome"])
        for item in document["findings"]
    )
    for kind in ("organisation", "team"):
        for outcome in OUTCOMES:
            yield (("subject", kind), ("outcome", outcome)), seen[kind, outcome]


def _ledger(document: Mapping[str, Any]) -> Iterator[Sample]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in document["ledger"]["by_source"]:
        for state in _STATES:
            sums[row["source"], row["unit"], state] += row[state]
    for (source, unit, state), value in sums.items():
        yield (("source", source), ("unit", unit), ("state", state)), value


def _seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
