"""The page is one file that asks nothing of anybody, stays under its size, and shows every text as text."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from cnmm_reports.html import HtmlRenderer
from cnmm_reports.view import ReportView, build_view
from golden import official
from golden.sample import CATALOGUE, HOSTILE, bare, document, view

MAX = 5_000_000


class Page(HTMLParser):
    """Collects what a browser would see of the markup."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, list[str]] = {"script": [], "style": []}
        self.words: list[str] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.blocks:
            self._open = tag
            self.blocks[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.blocks[self._open][-1] += data
        else:
            self.words.append(data)


def page_of(shown: ReportView) -> str:
    data = HtmlRenderer().render(shown)["report.html"]
    assert len(data) < MAX
    return data.decode()


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(page_of(view()))


def data_of(page: Page) -> dict[str, Any]:
    head, evidence, details = (json.loads(block) for block in page.blocks["script"][:3])
    return {**head, "evidence": evidence, "details": details}


def test_policy_admits_only_our_own_blocks(page: Page) -> None:
    metas = [attrs for tag, attrs in page.tags if tag == "meta"]
    (policy,) = [str(attrs["content"]) for attrs in metas if "Policy" in str(attrs.get("http-equiv"))]
    assert policy.startswith("default-src 'none'; ")
    for word in ("unsafe", "*", "http", "data:"):
        assert word not in policy
    for kind, block in (("script", page.blocks["script"][3]), ("style", page.blocks["style"][0])):
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_page_asks_for_nothing(page: Page) -> None:
    assert len(page.blocks["script"]) == 4
    for tag, attrs in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "video", "audio"}
        assert not [name for name in attrs if name.startswith("on") or name in {"style", "src"}]
        assert str(attrs.get("href", "#")).startswith("#")
    style = page.blocks["style"][0]
    assert not re.search(r"@import|url\((?!#hatch)", style)


def test_a_strict_parser_finds_no_fault_in_the_markup() -> None:
    strict = official.module("justhtml")
    for shown in (view(), build_view(bare().to_json(), CATALOGUE)):
        strict.JustHTML(page_of(shown), strict=True)
    with pytest.raises(strict.StrictModeError):
        strict.JustHTML(page_of(view()).replace("</h2>", "</h3>", 1), strict=True)


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    words = "".join(page.words)
    assert "</script><script>window.hacked=1</script>" in words
    assert '<img src=x onerror="window.hacked=2">' in words
    assert "⟨U+202E⟩gnp.exe" in words
    raw = page_of(view())
    assert all(character in "\n\u00a0" or character.isprintable() for character in raw)
    assert not any("<" in block for block in page.blocks["script"][:3])


def test_first_page_carries_what_a_leader_needs(page: Page) -> None:
    words = " ".join("".join(page.words).split())
    for said in (
        "No level shown yet; up to level 2 not ruled out.",
        "Scope: a complete listing by the owner",
        "not CNCF's",
        "What keeps the next level from being proven",
        "Next pieces of evidence",
        "Declared not applicable",
    ):
        assert said in words


def test_nobody_declares_the_population() -> None:
    words = "".join(Page(page_of(build_view(bare().to_json(), CATALOGUE))).words)
    assert "Scope: given targets" in words
    assert "cut short" in words


def test_every_row_is_there_and_judged_as_the_assessment_says(page: Page) -> None:
    rows = {str(attrs["id"]): attrs for tag, attrs in page.tags if attrs.get("class") == "row"}
    assert set(rows) == {row.id for row in CATALOGUE.criteria}
    for finding in document()["findings"]:
        if finding["subject"] == "org:acme":
            assert rows[finding["criterion"]]["data-outcome"] == finding["outcome"]


def test_charts_have_title_and_description(page: Page) -> None:
    names = {attrs.get("id") for tag, attrs in page.tags if tag in {"title", "desc"}}
    charts = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(charts) == 9
    for attrs in charts:
        assert set(str(attrs["aria-labelledby"]).split()) <= names


def test_ids_are_unique(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_links_in_the_data_are_web_addresses_only(page: Page) -> None:
    block = data_of(page)
    linked = [item[1] for item in block["evidence"] if item[2]]
    assert len(linked) == 30
    assert all(locator.startswith("https://git.example/acme/") for locator in linked)
    assert block["totals"]["evidence"] == len(document()["evidence"])


def team_letters(block: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for (team, _), (letters, _) in zip(block["teams"], block["details"], strict=True):
        for name, letter in zip(block["rows"], letters, strict=True):
            if letter != ".":
                yield f"team:{team}", name, block["words"][letter][1]


def test_every_team_finding_is_in_the_data(page: Page) -> None:
    from cnmm_reports.wording import outcome_word

    expected = {
        (finding["subject"], finding["criterion"], outcome_word(finding["outcome"]))
        for finding in document()["findings"]
        if finding["subject"].startswith("team:")
    }
    assert set(team_letters(data_of(page))) == expected


def crowd(teams: int, cited: int, why: str = "") -> ReportView:
    """Return the sample with many teams and many long citations."""
    record = copy.deepcopy(document())
    pattern = record["evidence"][0]
    record["evidence"] = [
        {
            **pattern,
            "id": f"sha256:{n:064x}",
            "locator": f"{pattern['locator']}-{n}",
            "excerpt": "<person> " * 60,
        }
        for n in range(cited)
    ]
    ids = [item["id"] for item in record["evidence"]]
    for number, finding in enumerate(record["findings"]):
        finding["evidence"] = [ids[(number * 20 + n) % cited] for n in range(20)]
        finding["evidence_total"] = 5_000
        finding["why"] = why or finding["why"]
    own = [finding for finding in record["findings"] if finding["subject"] == "org:acme"]
    one = [finding for finding in record["findings"] if finding["subject"] == "team:acme/platform"]
    sections = record["teams"][0]["sections"]
    names = [f"team:acme/team-{n:04d}" for n in range(teams)]
    record["teams"] = [{"id": name, "sections": sections} for name in names]
    record["findings"] = own
    for number, name in enumerate(names):
        cites = [ids[(number * 10 + n) % cited] for n in range(20)]
        record["findings"] += [{**finding, "subject": name, "evidence": cites} for finding in one]
    return build_view(record, CATALOGUE)


def test_large_organisation_stays_under_the_size_and_says_what_is_left_out() -> None:
    block = data_of(Page(page_of(crowd(2_000, 20_000))))
    assert len(block["teams"]) == 2_000
    assert 0 < len(block["evidence"]) < block["totals"]["evidence"] == 20_000
    assert 0 < block["totals"]["team_details"] < block["totals"]["team_findings"]
    assert all(len(own[0]) > 0 for own in block["cited"].values())


def test_million_character_line_is_cut_with_its_length() -> None:
    text = page_of(crowd(3, 100, HOSTILE + "x" * 1_000_000))
    assert "more characters)" in text
    assert len(text) < 600_000
