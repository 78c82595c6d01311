"""The sample again, every free text of it replaced by one that means harm."""

from __future__ import annotations

import copy
import unicodedata
from dataclasses import replace
from typing import Any

from cnmm_reports.view import ReportView, build_view
from golden.sample import CATALOGUE, HOSTILE, document

LONG = "=cmd|' /C calc'!A0 " + "long line " * 100_000
TEXTS = {
    "everything": HOSTILE,
    "formula": "=HYPERLINK(\"https://evil.example\",\"x\")",
    "plus": "+1+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "full width": "＝1+1",
    "hidden formula": "\t\r\n =1+1",
    "link": "[x](javascript:alert(1)) {0} {{ insert: param, x }} ![i](https://evil.example/i.png)",
    "markup": "</title></svg><script>alert(1)</script><img src=x onerror=alert(1)> &amp; ]]> <!-- -->",
    "quotes": '"} 1\ncnmm_headline_proven_level{organisation="acme"} 5\n# EOF\n\\',
    "surrogates": "\ud800 \udcff \udfff",
    "bidi": "\u202egnp.exe\u202c\u2066x\u2069 \u2028\u2029",
    "terminal": "\x1b[31mred\x1b]0;title\x07 \x00\x7f\x9b",
    "not characters": "\ufffe\uffff\U0010ffff \ue000",
    "blank": " \t\n ",
    "long": LONG,
}  # fmt: skip
_FREE = {
    "why", "detail", "needs", "conflict", "adjudicated", "reason", "owner", "approver", "title", "threshold", "says",
    "source", "unit", "locator", "query", "collector", "path", "native_id", "excerpt", "organisation", "version",
}  # fmt: skip


def hostile(text: str) -> ReportView:
    """Return the sample's view with the text in every free-text field of assessment and catalogue."""
    record: dict[str, Any] = _replaced(copy.deepcopy(document()), text)
    record["catalogue"]["deviations"] = [text, text]
    record["catalogue"]["not_applicable"] = {"ai.L1.cards": text}
    for team in record["teams"]:
        team["id"] += text
    for finding in record["findings"]:
        if finding["subject"].startswith("team:"):
            finding["subject"] += text
    view = build_view(record, CATALOGUE)
    words = {"statement": text, "meaning": text, "reason": text, "next_step": text, "prompts": (text,)}
    texts = {key: replace(row, test=((0, text),), **words) for key, row in view.texts.items()}
    return replace(view, texts=texts, artefacts={"assessment.json": "sha256:" + "0" * 64})


def _replaced(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {
            key: text if key in _FREE and isinstance(item, str) else _replaced(item, text)
            for key, item in value.items()
        }
    return [_replaced(item, text) for item in value] if isinstance(value, list) else value


def invisible(text: str) -> set[str]:
    """Return the characters of a text that cannot be seen, line ends aside."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {sign for sign in text if unicodedata.category(sign) in hidden and sign != "\n"}


def crowd(teams: int) -> ReportView:
    """Return the sample's view with each finding of its first team repeated for that many teams."""
    record = document()
    own = [item for item in record["findings"] if item["subject"].startswith("org:")]
    first = [item for item in record["findings"] if item["subject"] == record["teams"][0]["id"]]
    names = [f"team:acme/{number:05d}" for number in range(teams)]
    record["findings"] = own + [{**item, "subject": name} for name in names for item in first]
    record["teams"] = [{**record["teams"][0], "id": name} for name in names]
    return build_view(record, CATALOGUE)
