"""Metrics: parsed by the reference parser of both text formats, the same numbers, no forged sample."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from cnmm_reports.openmetrics import MAX_TEAMS, OpenMetricsRenderer, label_value
from cnmm_reports.view import ReportView, build_view
from golden import official
from golden.hostile import TEXTS, crowd, hostile, invisible
from golden.sample import CATALOGUE, bare, document, view

FORMATS = ["prometheus_client.openmetrics.parser", "prometheus_client.parser"]

STATES = ("requested", "received", "skipped", "failed")


def written(shown: ReportView) -> bytes:
    return OpenMetricsRenderer().render(shown)["metrics.prom"]


def samples(data: bytes, module: str = FORMATS[0]) -> list[tuple[Any, ...]]:
    """Return (type, name, sorted labels, value, time) of each sample, as the parser understands the text."""
    families = official.module(module).text_string_to_metric_families(data.decode())
    return [
        (family.type, sample.name, sorted(sample.labels.items()), sample.value, sample.timestamp)
        for family in families
        for sample in family.samples
    ]


def values(shown: ReportView, name: str) -> dict[tuple[str, ...], float]:
    found = {}
    for kind, sample, labels, value, when in samples(written(shown)):
        assert (kind, when) == ("gauge", None)
        if sample == name:
            key = tuple(text for label, text in labels if label != "organisation")
            assert key not in found
            found[key] = value
    return found


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize("shown", [view(), build_view(bare().to_json(), CATALOGUE), crowd(20)])
def test_reference_parsers_accept_it(shown: ReportView, module: str) -> None:
    data = written(shown)
    assert data.endswith(b"\n# EOF\n")
    sampled = [line for line in data.decode().splitlines() if not line.startswith("#")]
    assert len(samples(data, module)) == len(sampled) == len({line.rpartition(" ")[0] for line in sampled})


@pytest.mark.parametrize(
    "broken",
    [written(view())[:-6], b'cnmm_x{a="b} 1\n# EOF\n', written(view()).replace(b" gauge", b" level")],
    ids=["no end", "open label", "no such type"],
)
def test_reference_parser_can_refuse(broken: bytes) -> None:
    with pytest.raises(ValueError):
        samples(broken)


def test_numbers_are_those_of_the_assessment() -> None:
    record = document()
    assert values(view(), "cnmm_headline_proven_level") == {(): record["headline"]["proven"]}
    assert values(view(), "cnmm_headline_possible_level") == {(): record["headline"]["possible"]}
    rated = [item for item in record["sections"] if item["proven"] is not None and item["id"] != "ai"]
    for name, key in (
        ("proven_level", "proven"),
        ("possible_level", "possible"),
        ("coverage_ratio", "coverage"),
    ):
        assert values(view(), f"cnmm_section_{name}") == {(item["id"],): item[key] for item in rated}
    assert sum(values(view(), "cnmm_findings").values()) == len(record["findings"])
    assert values(view(), "cnmm_findings")["unknown", "organisation"] == 9
    assert values(view(), "cnmm_ledger_items")["git", "failed", "repository"] == 4
    assert values(view(), "cnmm_collection_complete") == {(): 1}
    assert values(build_view(bare().to_json(), CATALOGUE), "cnmm_collection_complete") == {(): 0}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_time_is_the_audit_date_in_every_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        (when,) = values(view(), "cnmm_audit_timestamp_seconds").values()
    time.tzset()
    assert datetime.fromtimestamp(when, UTC).isoformat() == "2026-11-22T00:00:00+00:00"


def test_what_has_no_level_has_no_sample() -> None:
    shown = {key[0] for key in values(view(), "cnmm_section_proven_level")}
    assert shown == {"org", "teams", "upskilling", "security", "culture"}


def test_sources_that_read_the_same_are_added_up() -> None:
    asked = values(hostile("same"), "cnmm_ledger_items")
    assert asked == {("same", key, "same"): document()["ledger"][key] for key in STATES}


def test_many_teams_are_counted_not_listed() -> None:
    data = written(crowd(MAX_TEAMS + 70))
    assert len(data) < 2_000_000
    assert b'cnmm_teams_left_out{organisation="acme"} 70\n' in data
    listed = values(crowd(MAX_TEAMS + 70), "cnmm_team_proven_level")
    assert len({team for _, team in listed}) == MAX_TEAMS


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_label_forges_nothing(name: str) -> None:
    data = written(hostile(TEXTS[name]))
    assert len(data) < 100_000
    assert not invisible(data.decode())
    honest = [item[1] for item in samples(written(view()))]
    assert [item[1] for item in samples(data)] in (honest, merged(honest))
    assert {item[3] for item in samples(data) if item[1] == "cnmm_headline_proven_level"} == {0}


def merged(names: list[str]) -> list[str]:
    """The sample's two ledger rows differ by unit alone, which is hostile text too: they become one."""
    left = 4
    kept = []
    for name in names:
        if name == "cnmm_ledger_items" and left:
            left -= 1
            continue
        kept.append(name)
    return kept


def test_labels_differ_where_texts_differ() -> None:
    texts = ["a", "a ", "a\n", "a\x00", "a⟨U+0000⟩", "x" * 500, "x" * 501, "\ud800", "⟨U+D800⟩"]
    assert len({label_value(text) for text in texts}) == len(texts)
    assert label_value('a\\b"c') == 'a\\\\b\\"c'
