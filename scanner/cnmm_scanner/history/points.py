"""Points of a trend: one for each scan, whatever it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "cnmm/trend/1"
KEPT = ("id", "title", "proven", "possible", "coverage")

Point = dict[str, Any]


def point_of(assessment: Mapping[str, Any]) -> Point:
    """Return the point that an assessment makes for its organisation."""
    catalogue, top = assessment["catalogue"], assessment["headline"]
    return {
        **{name: assessment[name] for name in ("as_of", "complete", "engine", "conclusions_digest")},
        "catalogue": {"id": catalogue["id"], "version": catalogue["version"]},
        "headline": [top["proven"], top["possible"]],
        "sections": [{name: section[name] for name in KEPT} for section in assessment["sections"]],
    }


def join_points(points: Sequence[Point]) -> dict[str, Any]:
    """Return points in order of audit date, with every section that any of them has."""
    titles = {section["id"]: section["title"] for point in points for section in point["sections"]}
    sections = [{"id": name, "title": title} for name, title in titles.items()]
    return {"sections": sections, "points": sorted(points, key=lambda point: point["as_of"])}
