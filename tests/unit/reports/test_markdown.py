"""The job summary stays under its limit by dropping kinds of detail, and no text becomes markup."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cnmm_reports.markdown import MAX_BYTES, MarkdownRenderer, escape
from cnmm_reports.view import ReportView, build_view
from golden.sample import CATALOGUE, HOSTILE, document, view

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def written(shown: ReportView) -> str:
    data = MarkdownRenderer().render(shown)["summary.md"]
    assert len(data) <= MAX_BYTES < 1024 * 1024
    return data.decode()


def tokens(text: str) -> list[Token]:
    flat: list[Token] = []
    for token in PARSER.parse(text):
        flat.extend([token, *(token.children or [])])
    return flat


def test_hostile_text_stays_text() -> None:
    found = tokens(written(view()))
    assert not [token for token in found if token.type in {"html_inline", "html_block", "image"}]
    targets = {str(token.attrGet("href")) for token in found if token.type == "link_open"}
    assert targets
    assert all(target.startswith("https://git.example/acme/app-") for target in targets)


@given(st.text(max_size=60) | st.text("\\`*_[]()<>&#+-.!|~$@:/=^1 \n\twhtps", max_size=40))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    from cnmm_reports.inert import line

    found = tokens(f"lead {escape(text)}")
    inner = [token for token in found if token.type not in {"paragraph_open", "paragraph_close", "inline"}]
    assert {token.type for token in inner} <= {"text", "text_special"}
    assert "".join(token.content for token in inner) == f"lead {line(text, 400)}".rstrip()


@given(st.text("-+#>=*_1.) |`~\\", max_size=20))
def test_escaped_text_starts_no_block(text: str) -> None:
    kinds = {token.type for token in tokens(escape(text))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


def test_addresses_and_mentions_do_not_link_themselves() -> None:
    assert "://" not in escape("see https://evil.example")
    assert "www." not in escape("see WWW.evil.example").lower()
    assert "@" not in escape("@everyone mail a@b.example")


def large(rows: int, teams: int, why: str) -> ReportView:
    record = copy.deepcopy(document())
    first = record["findings"][0]
    own = [{**first, "criterion": f"org.L1.row-{n:05d}", "why": why} for n in range(rows)]
    record["findings"] = own + [finding for finding in record["findings"] if finding is not first]
    team = record["teams"][0]
    record["teams"] = [{**team, "id": f"team:acme/{n:06d}"} for n in range(teams)]
    return build_view(record, CATALOGUE)


def test_detail_is_dropped_in_kinds_and_named() -> None:
    assert "Left out to fit" not in written(view())
    rows = written(large(3_000, 0, HOSTILE + "y" * 1_000_000))
    assert "Left out to fit: rows, evidence." in rows
    assert "## Rows" not in rows
    assert "## Next evidence" in rows
    teams = written(large(10, 20_000, "short"))
    assert "Left out to fit: teams, rows, evidence." in teams
    assert teams.startswith("# acme: No level shown yet")
