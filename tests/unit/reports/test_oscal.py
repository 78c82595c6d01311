"""OSCAL: valid for the official schemas, every reference resolved, a finding only where there is proof."""

from __future__ import annotations

import copy
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cnmm_reports import oscal
from cnmm_reports.inert import line
from cnmm_reports.oscal import OscalRenderer
from cnmm_reports.oscal.terms import identify, markup, token
from cnmm_reports.view import ReportView, build_view
from golden import official
from golden.hostile import TEXTS, crowd, hostile, invisible
from golden.sample import CATALOGUE, bare, document, view

RESULTS, PLAN = "oscal-assessment-results.json", "oscal-assessment-plan.json"
MARKUP = {"title", "description", "statement", "prose", "remarks"}
SATISFIED = {"met": "satisfied", "unmet": "not-satisfied"}


def written(shown: ReportView) -> tuple[dict[str, Any], dict[str, Any]]:
    files = OscalRenderer().render(shown)
    return json.loads(files[RESULTS]), json.loads(files[PLAN])


def result(shown: ReportView) -> dict[str, Any]:
    (only,) = written(shown)[0]["assessment-results"]["results"]
    assert isinstance(only, dict)
    return only


def value(item: dict[str, Any], name: str, kind: str = "") -> str:
    (found,) = [
        prop["value"] for prop in item["props"] if prop["name"] == name and prop.get("class", "") == kind
    ]
    return str(found)


def walk(part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for key, inner in part.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from walk(inner)


def dangling(results: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """Return every reference of the results, or of the plan, that names nothing either of them defines."""
    defined = {inner for key, inner in (*walk(results), *walk(plan)) if key == "uuid"}
    objectives = {inner for key, inner in walk(plan) if key == "id"}
    planned = plan["assessment-plan"]["local-definitions"]["objectives-and-methods"]
    controls = {item["control-id"] for item in planned}
    wrong = []
    for body in (results, plan):
        own = [inner for key, inner in walk(body) if key == "uuid"]
        wrong += [f"uuid {one} twice" for one, times in Counter(own).items() if times > 1]
        for key, inner in walk(body):
            if key.endswith("-uuid") and inner not in defined:
                wrong.append(f"{key} {inner}")
            if key == "href" and inner.startswith("#") and inner[1:] not in own:
                wrong.append(f"href {inner}")
            if key in {"target-id", "objective-id"} and inner not in objectives:
                wrong.append(f"{key} {inner}")
            if key == "control-id" and inner not in controls:
                wrong.append(f"{key} {inner}")
    if results["assessment-results"]["import-ap"]["href"] != PLAN:
        wrong.append("import-ap")
    return wrong


@pytest.mark.parametrize("shown", [view(), build_view(bare().to_json(), CATALOGUE), crowd(40)])
def test_official_schemas_accept_both(shown: ReportView) -> None:
    results, plan = written(shown)
    assert official.errors(official.OSCAL_RESULTS, results) == []
    assert official.errors(official.OSCAL_PLAN, plan) == []
    assert dangling(results, plan) == []


def test_official_schemas_can_refuse() -> None:
    results, plan = written(view())
    results["assessment-results"]["results"][0]["observations"][0]["collected"] = "2026-11-21T08:00:00"
    del plan["assessment-plan"]["import-ssp"]
    assert official.errors(official.OSCAL_RESULTS, results)
    assert official.errors(official.OSCAL_PLAN, plan)


@pytest.mark.parametrize(
    "key",
    [
        "observation-uuid", "risk-uuid", "actor-uuid", "subject-uuid", "component-uuid", "activity-uuid",
        "target-id", "objective-id", "control-id", "href",
    ],
)  # fmt: skip
def test_a_reference_to_nothing_is_found(key: str) -> None:
    results, plan = copy.deepcopy(written(view()))
    where = [*holders(results, key), *holders(plan, key)]
    assert where
    where[-1][key] = f"#{uuid.uuid4()}" if key == "href" else str(uuid.uuid4())
    assert dangling(results, plan)


def holders(part: Any, key: str) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if key in part and (key != "href" or part[key].startswith("#")):
            yield part
        for inner in part.values():
            yield from holders(inner, key)
    elif isinstance(part, list):
        for inner in part:
            yield from holders(inner, key)


def test_every_finding_is_observed_and_only_proof_is_a_finding() -> None:
    shown = result(view())
    findings = document()["findings"]
    seen = [(item["title"], value(item, "subject"), value(item, "outcome")) for item in shown["observations"]]
    assert seen == [(item["criterion"], item["subject"], item["outcome"]) for item in findings]
    outcomes = {item["uuid"]: value(item, "outcome") for item in shown["observations"]}
    for item in shown["findings"]:
        (related,) = item["related-observations"]
        assert item["target"]["status"]["state"] == SATISFIED[outcomes[related["observation-uuid"]]]
    proven = [item for item in findings if item["outcome"] in SATISFIED]
    assert len(shown["findings"]) == len(proven) < len(findings)


@pytest.mark.parametrize("outcome", ["unknown", "contested", "claimed", "not_applicable", "something newer"])
def test_what_is_undetermined_has_no_finding(outcome: str) -> None:
    record = document()
    for finding in record["findings"]:
        finding["outcome"] = outcome
    shown = result(build_view(record, CATALOGUE))
    assert "findings" not in shown
    assert {value(item, "outcome") for item in shown["observations"]} == {outcome}


def test_methods_follow_the_kind_of_proof() -> None:
    seen = {item["title"]: item["methods"] for item in result(view())["observations"]}
    assert seen["org.L1.first-delivery"] == ["TEST"]
    assert seen["org.L5.adopt-and-discard"] == ["EXAMINE"]
    assert seen["culture.L2.trust"] == ["INTERVIEW"]
    claimed = [item["criterion"] for item in document()["findings"] if item["outcome"] == "claimed"]
    assert claimed
    assert all(seen[name] == ["INTERVIEW"] for name in claimed)


def test_citations_lead_to_hashed_resources() -> None:
    results, _ = written(view())
    resources = {item["uuid"]: item for item in results["assessment-results"]["back-matter"]["resources"]}
    evidence = {item["id"]: item for item in document()["evidence"]}
    for finding, item in zip(document()["findings"], result(view())["observations"], strict=True):
        cited = [resources[entry["href"][1:]] for entry in item.get("relevant-evidence", ())]
        assert [value(one, "citation") for one in cited] == [
            *finding["evidence"],
            *finding["counter_evidence"],
        ]
        if cited:
            assert item["collected"] == max(value(one, "captured-at") for one in cited)
    for item in resources.values():
        hashes = [one for link in item["rlinks"] for one in link.get("hashes", ())]
        payload = evidence[value(item, "citation")]["digest"]
        assert hashes == [{"algorithm": "SHA-256", "value": payload.removeprefix("sha256:")}]
        assert all(link["href"].startswith(("https://git.example/", "urn:cnmm:")) for link in item["rlinks"])


def test_waiver_is_a_risk_and_changes_no_verdict() -> None:
    shown = result(view())
    (risk,) = shown["risks"]
    assert risk["deadline"] == "2027-03-31T00:00:00Z"
    assert risk["status"] == "deviation-approved"
    (waived,) = [item for item in shown["findings"] if "related-risks" in item]
    assert waived["related-risks"] == [{"risk-uuid": risk["uuid"]}]
    assert waived["target"]["status"]["state"] == "not-satisfied"


def test_levels_intervals_and_coverage_are_properties() -> None:
    shown = result(view())
    assert value(shown, "headline-proven-level") == "0"
    assert value(shown, "headline-possible-level") == "2"
    assert (value(shown, "proven-level", "org"), value(shown, "possible-level", "org")) == ("2", "5")
    assert value(shown, "coverage", "org") == "0.7"
    assert value(shown, "proven-level", "certs") == "not inferred"
    assert value(shown, "proven-level", "ai") == "not applicable"
    team = written(view())[0]["assessment-results"]["metadata"]["parties"][1]
    assert (team["name"], value(team, "possible-level", "security")) == ("team:acme/checkout", "0")


def test_results_stay_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(OscalRenderer().render(crowd(40))[RESULTS])
    monkeypatch.setattr(oscal, "MAX_BYTES", whole // 2)
    data = OscalRenderer().render(crowd(40))[RESULTS]
    assert whole // 6 < len(data) <= whole // 2
    (shown,) = json.loads(data)["assessment-results"]["results"]
    left = int(value(shown, "findings-left-out"))
    assert (left % 15, left + len(shown["observations"])) == (0, 22 + 40 * 15)
    assert official.errors(official.OSCAL_RESULTS, json.loads(data)) == []


def test_identifiers_come_from_the_content() -> None:
    assert identify("a", "b") == str(
        uuid.uuid5(uuid.UUID("8d6f1c3a-b5e2-4b0f-9c7a-4e21d3f0a695"), '["a","b"]')
    )
    assert identify("a", "b") != identify("ab")
    other = build_view({**document(), "as_of": "2026-11-23"}, CATALOGUE)
    names = ("assessment-results", "assessment-plan")
    for name, first, second in zip(names, written(view()), written(other), strict=True):
        assert first[name]["uuid"] != second[name]["uuid"]


def test_large_assessment_leaves_out_whole_teams_and_says_so() -> None:
    shown = result(crowd(1_000))
    assert len(shown["observations"]) <= 10_000
    left = int(value(shown, "findings-left-out"))
    assert left + len(shown["observations"]) == 22 + 1_000 * 15
    assert left % 15 == 0


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_inert(name: str) -> None:
    files = OscalRenderer().render(hostile(TEXTS[name]))
    results, plan = json.loads(files[RESULTS]), json.loads(files[PLAN])
    assert all(data.isascii() and len(data) < 3_000_000 for data in files.values())
    assert official.errors(official.OSCAL_RESULTS, results) == []
    assert official.errors(official.OSCAL_PLAN, plan) == []
    assert dangling(results, plan) == []
    for key, text in (*walk(results), *walk(plan)):
        if isinstance(text, str):
            assert not invisible(text)
        if key in MARKUP:
            assert plain(text) is not None, text


def plain(text: str) -> str | None:
    """Return what marked-up text reads as, None where anything of it is markup."""
    words = ""
    for token_ in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        for inner in token_.children or [token_]:
            if inner.type not in {"paragraph_open", "paragraph_close", "text", "text_special"}:
                return None
            words += inner.content
    return words


@given(st.text(max_size=60) | st.text("\\`*_{}[]()<>#+-.!|~^&;=1 \n", max_size=30))
def test_marked_up_text_reads_as_it_was(text: str) -> None:
    assert plain(markup(text)) == (line(text, 1_000) or "–")


@given(st.text(max_size=40))
def test_token_is_a_token(text: str) -> None:
    made = token(text)
    assert made[0].isalpha() or made[0] == "_"
    assert all(sign.isalnum() or sign in ".-_" for sign in made)
