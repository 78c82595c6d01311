"""SARIF: valid for the official schema, honest about what is open, within what hosts take, inert."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_reports.inert import line
from cnmm_reports.places import place_of
from cnmm_reports.sarif import MAX_BYTES, SarifRenderer
from cnmm_reports.sarif.results import MAX_LOCATIONS, MAX_RESULTS, WHOLE, message
from cnmm_reports.view import ReportView, build_view
from golden import official
from golden.hostile import TEXTS, crowd, hostile, invisible
from golden.sample import CATALOGUE, bare, document, view


def log(shown: ReportView) -> dict[str, Any]:
    data = SarifRenderer().render(shown)["findings.sarif"]
    assert len(data) <= MAX_BYTES
    loaded: dict[str, Any] = json.loads(data)
    return loaded


def run(shown: ReportView) -> dict[str, Any]:
    loaded: dict[str, Any] = log(shown)["runs"][0]
    return loaded


def by_row(shown: ReportView) -> dict[str, dict[str, Any]]:
    return {
        item["ruleId"]: item for item in run(shown)["results"] if item["properties"]["subject"] == "org:acme"
    }


def changed(**parts: Any) -> ReportView:
    return build_view({**document(), **parts}, CATALOGUE)


def quiet(cause: str = "not_collected", **parts: Any) -> ReportView:
    record = document()
    for finding in record["findings"]:
        for gap in finding["gaps"]:
            gap["cause"] = cause
    record["ledger"] = {**record["ledger"], "failed": 0}
    return build_view({**record, **parts}, CATALOGUE)


def test_official_schema_accepts_it() -> None:
    for shown in (view(), build_view(bare().to_json(), CATALOGUE), crowd(40)):
        assert official.errors(official.SARIF, log(shown)) == []


def test_official_schema_can_refuse() -> None:
    broken = log(view())
    broken["runs"][0]["results"][0]["kind"] = "undetermined"
    assert official.errors(official.SARIF, broken)


def test_kind_and_level_say_the_outcome() -> None:
    kinds = {"met": "pass", "unmet": "fail", "not_applicable": "notApplicable"}
    levels = {"key": "error", "rated": "warning"}
    results = run(view())["results"]
    assert {item["kind"] for item in results} == {"pass", "fail", "review", "notApplicable", "informational"}
    for item in results:
        outcome, role = item["properties"]["outcome"], item["properties"]["role"]
        symptom = role == "marker" and outcome in ("met", "unmet")
        assert item["kind"] == ("informational" if symptom else kinds.get(outcome, "review"))
        assert item["level"] == (levels.get(role, "note") if item["kind"] == "fail" else "none")


def test_every_place_has_a_line_and_a_cited_file_says_that_it_is_meant_whole() -> None:
    whole = document()
    for item in whole["evidence"]:
        item.pop("lines", None)
    for shown, said in ((view(), None), (build_view(whole, CATALOGUE), {"text": WHOLE})):
        places = [place for item in run(shown)["results"] for place in item["locations"]]
        assert all(place["physicalLocation"]["region"]["startLine"] >= 1 for place in places)
        assert said is None or all(place["message"] == said for place in places)


@pytest.mark.parametrize("outcome", ["unknown", "contested", "claimed", "something newer"])
def test_what_is_undetermined_is_never_a_pass(outcome: str) -> None:
    record = document()
    for finding in record["findings"]:
        finding["outcome"] = outcome
    assert {item["kind"] for item in run(build_view(record, CATALOGUE))["results"]} == {"review"}


def test_only_what_has_a_place_is_a_result() -> None:
    record = document()
    placed = {item["id"] for item in record["evidence"] if item.get("path") and item.get("commit")}
    wanted = [
        (finding["criterion"], finding["subject"])
        for finding in record["findings"]
        if placed & {*finding["evidence"], *finding["counter_evidence"]}
    ]
    found = run(view())
    assert [(item["ruleId"], item["properties"]["subject"]) for item in found["results"]] == wanted
    assert all(item["locations"] for item in found["results"])
    assert found["properties"]["findingsWithoutLocation"] == len(record["findings"]) - len(wanted) > 0


def test_every_reference_resolves() -> None:
    found = run(view())
    rules = found["tool"]["driver"]["rules"]
    causes = found["tool"]["driver"]["notifications"]
    for item in found["results"]:
        assert rules[item["ruleIndex"]]["id"] == item["ruleId"]
        for where in (*item["locations"], *item.get("relatedLocations", ())):
            assert where["physicalLocation"]["artifactLocation"]["uriBaseId"] in found["originalUriBaseIds"]
    for note in found["invocations"][0]["toolExecutionNotifications"]:
        if "descriptor" in note:
            assert causes[note["descriptor"]["index"]]["id"] == note["descriptor"]["id"]


def test_places_follow_links_of_both_kinds_of_host() -> None:
    base = {"path": "a b/ü#.md", "commit": "c0ffee", "lines": "L3-L9"}
    hub = place_of({**base, "locator": "https://host/o/r/blob/c0ffee/a%20b/x#L3-L9"})
    lab = place_of({**base, "locator": "https://host/o/r/-/blob/c0ffee/a%20b/x#L3-9", "lines": ""})
    plain = place_of({**base, "locator": "git:r@c0ffee:a b/x"})
    assert hub is not None and lab is not None and plain is not None
    assert (hub.repository, hub.base) == ("https://host/o/r", "https://host/o/r/blob/c0ffee/")
    assert (lab.repository, lab.base) == ("https://host/o/r", "https://host/o/r/-/blob/c0ffee/")
    assert (plain.repository, plain.base) == ("git:r", "")
    assert (hub.uri, hub.lines, lab.lines) == ("a%20b/%C3%BC%23.md", (3, 9), None)


@pytest.mark.parametrize("path", ["../../etc/passwd", "a/../../b", "", "x" * 5_000])
def test_path_that_leaves_the_repository_is_no_place(path: str) -> None:
    assert place_of({"path": path, "commit": "c0ffee", "locator": "git:r@c0ffee"}) is None


def test_one_repository_is_the_source_root() -> None:
    record = document()
    record["evidence"] = record["evidence"][:1]
    key = record["evidence"][0]["id"]
    for finding in record["findings"]:
        finding["evidence"], finding["counter_evidence"] = [key], []
    found = run(build_view(record, CATALOGUE))
    assert list(found["originalUriBaseIds"]) == ["%SRCROOT%"]


def test_fingerprints_outlive_the_outcome_and_tell_findings_apart() -> None:
    def prints(shown: ReportView) -> list[str]:
        return [item["partialFingerprints"]["cnmmFinding/v1"] for item in run(shown)["results"]]

    record = document()
    for finding in record["findings"]:
        finding["outcome"], finding["why"] = "unknown", "other words"
    assert prints(view()) == prints(build_view(record, CATALOGUE))
    assert len(set(prints(view()))) == len(prints(view()))


def test_waiver_is_a_suppression_that_changes_no_kind() -> None:
    item = by_row(view())["org.L2.informal-group"]
    assert item["kind"] == "fail"
    (suppression,) = item["suppressions"]
    assert suppression["kind"] == "external"
    assert suppression["properties"]["expires"] == "2027-03-31"
    assert suppression["properties"]["countsAsMet"] is False
    assert sum("suppressions" in other for other in run(view())["results"]) == 1


@pytest.mark.parametrize(
    ("shown", "successful"),
    [
        (view(), False),
        (quiet(), True),
        (quiet(complete=False), False),
        (quiet("not_permitted"), False),
        (quiet("rate_limited"), False),
        (changed(findings=[]), False),
    ],
    ids=["refused", "nobody asked", "interrupted", "not permitted", "rate limited", "ledger failed"],
)
def test_partial_collection_is_no_successful_execution(shown: ReportView, successful: bool) -> None:
    assert run(shown)["invocations"][0]["executionSuccessful"] is successful


def test_every_gap_is_a_notification() -> None:
    said = " ".join(
        note["message"]["text"] for note in run(view())["invocations"][0]["toolExecutionNotifications"]
    )
    for finding in document()["findings"]:
        for gap in finding["gaps"]:
            assert f"{gap['signal']}: " in said.replace("{{", "{").replace("}}", "}")


def test_limits_of_hosts_are_kept_and_said() -> None:
    found = run(crowd(2_000))
    assert len(found["results"]) <= MAX_RESULTS
    assert found["properties"]["resultsLeftOut"] > 0
    assert "left out" in found["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert len({item["ruleId"] for item in found["results"]}) == len(found["tool"]["driver"]["rules"])
    assert all(len(rule["properties"]["tags"]) <= 10 for rule in found["tool"]["driver"]["rules"])
    own = [item for item in found["results"] if item["properties"]["subject"] == "org:acme"]
    assert len(own) == len(by_row(view()))


def test_locations_of_a_result_are_limited() -> None:
    record = document()
    template = record["evidence"][0]
    many = [
        {**template, "id": f"sha256:{n:064x}", "path": f"p/{n}", "commit": "c0ffee"} for n in range(1_500)
    ]
    record["evidence"] = many
    record["findings"] = [{**record["findings"][0], "evidence": [item["id"] for item in many]}]
    (item,) = run(build_view(record, CATALOGUE))["results"]
    assert len(item["locations"]) == MAX_LOCATIONS


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_inert(name: str) -> None:
    data = SarifRenderer().render(hostile(TEXTS[name]))["findings.sarif"]
    assert data.isascii()
    assert len(data) < 2_000_000
    record = json.loads(data)
    assert official.errors(official.SARIF, record) == []
    assert not invisible("".join(texts(record)).replace("\t", " "))
    for text in messages(record):
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", text)
        assert not re.search(r"(?<!\{)\{(?:\{\{)*\d", text)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def messages(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for item in value.values() for text in messages(item)]
    return [text for item in value for text in messages(item)] if isinstance(value, list) else []


@given(st.text(max_size=60) | st.text("[](){}\\0a ", max_size=20))
def test_message_reads_as_it_was(text: str) -> None:
    shown = message(text)["text"].replace("{{", "{").replace("}}", "}")
    assert re.sub(r"\\([\\\[\]])", r"\1", shown) == (line(text, 1_000) or "–")
