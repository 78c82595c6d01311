"""The catalogue page: every row and signal is there, links lead somewhere, and nothing in it can run."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from functools import cache

import pytest

from cnmm_collectors import registry
from cnmm_reports.catalogue_markdown import anchor
from cnmm_reports.catalogue_page import INDEX, PAGE, render
from cnmm_reports.catalogue_rows import asked_signals, permissions
from cnmm_rules import siblings
from cnmm_rules.assessment import Outcome
from cnmm_rules.catalogue import files
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import Catalogue, Role
from golden import official

HOSTILE = "</script><script>x()</script><img src=x onerror=y()> | `code` [z](javascript:z()) \u202eevil"


@cache
def catalogue() -> Catalogue:
    return load(files(), registry.load())


@cache
def cases() -> dict[str, list[siblings.CaseResult]]:
    found: dict[str, list[siblings.CaseResult]] = {}
    for result in siblings.run(files(), catalogue()):
        found.setdefault(result.criterion, []).append(result)
    return found


@cache
def rendered() -> dict[str, str]:
    return {name: data.decode() for name, data in render(catalogue(), cases()).items()}


def page() -> str:
    return rendered()[PAGE]


def test_every_row_stands_once_with_all_that_the_catalogue_says_of_it() -> None:
    for row in catalogue().criteria:
        assert page().count(f'<details class="row" id="{row.id}"') == 1
        body = page().partition(f'id="{row.id}"')[2].partition("</details>")[0]
        for text in (row.statement, row.reason, row.meaning, row.next_step, *row.prompts):
            assert html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;") in body, text
        assert f'data-level="{row.level}"' in body
        assert body.count("least population") == (row.organisation is not None) + (row.team is not None)
        for case in cases().get(row.id, ()):
            assert (
                f"{html.escape(case.name)}: {case.want.value.replace('_', ' ')}".replace("&#x27;", "&#39;")
                in body
            )


def test_a_strict_parser_finds_no_fault_in_the_markup() -> None:
    official.module("justhtml").JustHTML(page(), strict=True)


def test_every_link_of_the_page_leads_to_an_element_and_ids_are_unique() -> None:
    ids = re.findall(r'\sid="([^"]+)"', page())
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="([^"]+)"', page())) <= {f"#{name}" for name in ids}


def test_every_link_of_the_markdown_leads_to_a_heading() -> None:
    texts = {name: text for name, text in rendered().items() if name.endswith(".md")}
    heads = {
        name: {anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.M)}
        for name, text in texts.items()
    }
    links = 0
    for name, text in texts.items():
        for target, _, place in re.findall(r"\]\(([a-z]*(?:\.md)?)(#([^)]+))?\)", text):
            links += 1
            assert not place or place in heads[target or name], (name, target, place)
            assert not target or target in texts
    assert links > 1000


def test_the_policy_admits_the_pages_own_script_and_style_and_nothing_else() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page())
    assert policy is not None
    for tag in ("script", "style"):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page(), re.S)
        assert len(found) == 1
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in html.unescape(policy[1])
    assert "default-src 'none'" in html.unescape(policy[1])
    assert not re.search(r"\s(style|on[a-z]+)=", page())
    assert not re.search(r"(src|href)=\"(?!#)", page())


def test_text_of_a_foreign_catalogue_stays_text() -> None:
    first = catalogue().criteria[0]
    row = replace(first, statement=HOSTILE, reason=HOSTILE, prompts=(HOSTILE,))
    foreign = replace(catalogue(), criteria=(row,), title=HOSTILE, deviations=(HOSTILE,))
    made = {name: data.decode() for name, data in render(foreign, {}).items()}
    assert made[PAGE].count("<script") == 1
    assert "<img" not in made[PAGE]
    assert "\u202e" not in made[PAGE]
    for name, text in made.items():
        if name.endswith(".md"):
            assert "<script" not in text
            assert "[z](" not in text


def test_the_same_catalogue_gives_the_same_bytes() -> None:
    assert render(catalogue(), cases()) == render(catalogue(), cases())


def test_a_case_that_fails_is_shown_as_such() -> None:
    row = catalogue().criteria[0]
    bad = siblings.CaseResult(row.id, "half", "x", Outcome.MET, Outcome.UNKNOWN, "")
    assert "but was unknown" in render(catalogue(), {row.id: [bad]})[PAGE].decode()
    assert "but was" not in page()


def test_key_rows_are_bold_in_the_index() -> None:
    bold = len(re.findall(r"\[\*\*", rendered()[INDEX]))
    assert bold == sum(row.role is Role.KEY for row in catalogue().criteria)


def test_a_source_decides_only_rows_whose_every_signal_it_answers_best() -> None:
    rows = {row.id: row for row in catalogue().criteria}
    signals = catalogue().signals
    decided = 0
    for entry in permissions(catalogue()):
        for name in entry.decides:
            decided += 1
            for key in asked_signals(rows[name]):
                ranks = {source.name: source.rank for source in signals[key].sources}
                assert ranks.get(entry.source) == min(ranks.values()), (entry.source, name, key)
        for name in entry.helps:
            assert set(entry.signals) & set(asked_signals(rows[name]))
    assert decided > 10


@pytest.mark.parametrize("name", ["signals.md", PAGE])
def test_every_signal_is_explained(name: str) -> None:
    for key, spec in catalogue().signals.items():
        assert key.replace("_", r"\_") in rendered()[name] or key in rendered()[name]
        for source in spec.sources:
            assert f"{source.rank}. {source.name}" in rendered()[name]
