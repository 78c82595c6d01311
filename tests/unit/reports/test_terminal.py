"""The terminal report leads with the range, never with a bare 0, and lets no escape through."""

from __future__ import annotations

import re
from dataclasses import replace

from cnmm_reports.terminal import TerminalRenderer
from cnmm_reports.view import ReportView, build_view
from golden.sample import CATALOGUE, HOSTILE, bare, view


def text_of(shown: ReportView, renderer: TerminalRenderer | None = None) -> str:
    return (renderer or TerminalRenderer()).render(shown)["terminal.txt"].decode()


def hostile() -> ReportView:
    document = bare().to_json()
    document["organisation"] = HOSTILE
    for finding in document["findings"]:
        finding["why"] = HOSTILE + "x" * 1_000_000
    for section in document["sections"]:
        section["title"] = HOSTILE[:80]
    return build_view(document, CATALOGUE)


def test_leads_with_the_interval_and_what_decided_it() -> None:
    lines = text_of(view()).splitlines()
    assert lines[1] == "No level shown yet; up to level 2 not ruled out"
    order = ["Sections", "Next evidence", "What keeps", "What rules", "Not collected", "Ledger"]
    places = [next(n for n, line in enumerate(lines) if line.startswith(word)) for word in order]
    assert places == sorted(places)


def test_nothing_read_is_not_a_zero() -> None:
    shown = text_of(build_view(bare().to_json(), CATALOGUE))
    assert "No level shown yet; up to level" in shown
    assert "given targets (nobody declares how large the organisation is)" in shown
    assert "cut short" in shown
    assert not re.search(r"[Ll]evel 0|proven 0|proven: 0", shown)


def test_ledger_and_gaps_are_said() -> None:
    shown = text_of(view())
    assert "120 requested = 111 received + 5 skipped + 4 failed" in shown
    assert "Kube: the credential is not allowed to look; 1 signal, 2 rows left open" in shown


def test_plain_without_colour_and_styled_with_it() -> None:
    assert "\x1b" not in text_of(view())
    styled = text_of(view(), TerminalRenderer(colour=True))
    assert re.sub(r"\x1b\[[\d;]*m", "", styled).split() == text_of(view()).split()


def test_hostile_text_is_inert_and_short() -> None:
    for colour in (False, True):
        shown = text_of(hostile(), TerminalRenderer(colour=colour))
        rest = re.sub(r"\x1b\[[\d;]*m", "", shown) if colour else shown
        assert all(character == "\n" or character.isprintable() for character in rest)
        assert "\x1b[31mred" not in shown
        assert len(shown) < 60_000


def test_lines_keep_to_the_width() -> None:
    for width in (40, 72, 120):
        for line in text_of(view(), TerminalRenderer(width=width)).splitlines():
            assert len(line) <= width


def test_view_is_not_changed_by_rendering() -> None:
    shown = view()
    before = replace(shown)
    text_of(shown)
    assert shown == before
