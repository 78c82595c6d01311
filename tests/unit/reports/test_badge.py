"""Badge: well-formed, says in words what its colour says, and nothing in it is live."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from cnmm_reports.badge import BadgeRenderer, badge_message
from cnmm_reports.view import ReportView, build_view
from golden.hostile import TEXTS, hostile, invisible
from golden.sample import CATALOGUE, bare, document, view

SVG = "{http://www.w3.org/2000/svg}"
ENDPOINT = {
    "schemaVersion": int, "label": str, "message": str, "color": str, "labelColor": str, "isError": bool,
    "namedLogo": str, "logoSvg": str, "logoColor": str, "logoSize": str, "style": str, "cacheSeconds": int,
}  # fmt: skip
"""The documented keys of the endpoint badge."""


def at(proven: int, possible: int, **parts: Any) -> ReportView:
    return build_view(
        {**document(), "headline": {"proven": proven, "possible": possible, "sections": []}, **parts},
        CATALOGUE,
    )


def drawn(shown: ReportView) -> ElementTree.Element:
    return ElementTree.fromstring(BadgeRenderer().render(shown)["badge.svg"])  # noqa: S314 - our own file


def endpoint(shown: ReportView) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(BadgeRenderer().render(shown)["badge.json"])
    return loaded


@pytest.mark.parametrize(
    ("proven", "possible", "words"),
    [(1, 3, "1–3"), (3, 3, "3"), (5, 5, "5"), (0, 4, "none yet, up to 4"), (0, 0, "none")],
)
def test_message_is_the_interval_and_never_a_bare_zero(proven: int, possible: int, words: str) -> None:
    assert badge_message(proven, possible) == words
    shown = at(proven, possible)
    assert [element.text for element in drawn(shown).iter(f"{SVG}text")] == ["People", words]
    assert (endpoint(shown)["label"], endpoint(shown)["message"]) == ("People", words)


def test_endpoint_is_what_badge_services_document() -> None:
    for shown in (view(), build_view(bare().to_json(), CATALOGUE)):
        found = endpoint(shown)
        assert found["schemaVersion"] == 1
        assert found["label"] and found["message"]
        assert {key: type(item) for key, item in found.items()}.items() <= ENDPOINT.items()


def test_picture_has_a_name_for_those_who_do_not_see_it() -> None:
    root = drawn(view())
    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title is not None and root.get("aria-label") == title.text
    assert title.text == (
        "People dimension of acme: No level shown yet; up to level 2 not ruled out; as of 2026-11-22"
    )
    interrupted = drawn(at(1, 2, complete=False)).find(f"{SVG}title")
    assert interrupted is not None and str(interrupted.text).endswith("; the collection was interrupted")


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    line = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


@pytest.mark.parametrize("proven", range(6))
def test_colours_differ_and_have_contrast(proven: int) -> None:
    fills = [str(element.get("fill")) for element in drawn(at(proven, 5)).iter(f"{SVG}rect")]
    for fill in (fill if len(fill) == 7 else "#" + "".join(sign * 2 for sign in fill[1:]) for fill in fills):
        assert 1.05 / (luminance(fill) + 0.05) >= 4.5
    others = {endpoint(at(level, 5))["color"] for level in range(6)}
    assert len(others) == 6


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_name_is_text(name: str) -> None:
    files = BadgeRenderer().render(hostile(TEXTS[name]))
    assert all(len(data) < 4_000 for data in files.values())
    root = drawn(hostile(TEXTS[name]))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "rect", "g", "text"}
    assert all(
        not key.startswith("on") and "href" not in key for element in root.iter() for key in element.attrib
    )
    assert not invisible(files["badge.svg"].decode())
    assert files["badge.json"] == BadgeRenderer().render(view())["badge.json"]
