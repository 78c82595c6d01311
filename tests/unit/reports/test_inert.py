"""Text from outside can be looked at without harm, and nothing of it disappears unsaid."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cnmm_reports.inert import inert, is_link, line


@given(st.text(st.characters(), max_size=200))
def test_nothing_invisible_is_left(text: str) -> None:
    for character in inert(text):
        assert character in "\n\t" or unicodedata.category(character)[0] != "C"


@given(st.text(st.characters(whitelist_categories=("L", "N", "P", "S")), max_size=200))
def test_visible_text_is_unchanged(text: str) -> None:
    assert inert(text) == text


def test_controls_and_bidi_are_spelled_out() -> None:
    assert inert("\x1b[31m\u202eexe") == "⟨U+001B⟩[31m⟨U+202E⟩exe"
    assert inert("\ud800\x7f\u2028") == "⟨U+D800⟩⟨U+007F⟩⟨U+2028⟩"


def test_long_text_says_how_much_is_left_out() -> None:
    assert inert("x" * 1_000_000, 10) == "xxxxxxxxxx… (999990 more characters)"


def test_line_has_no_line_end() -> None:
    assert line("a\r\n  b\tc") == "a⟨U+000D⟩ b c"


def test_only_plain_web_addresses_become_links() -> None:
    assert is_link("https://host/o/r/blob/abc/docs/x.md#L3-L9")
    assert is_link("http://host/")
    for locator in (
        "javascript:alert(1)", "https://host/\"onmouseover=alert(1)", "https://host/a b", "//host/x",
        "https://host/\u202etxt", "https://hóst/", "https://host/\nx", "GET /apis status 200",
        "https://host/" + "a" * 3000, "data:text/html,x", "HTTPS", "https://",
    ):  # fmt: skip
        assert not is_link(locator), locator
