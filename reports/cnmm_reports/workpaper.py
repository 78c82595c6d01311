"""Workpapers: one finding with its test, evidence and gaps, laid out for somebody to check by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cnmm_reports.escaping import escape
from cnmm_reports.titles import signal_title
from cnmm_reports.view import CriterionText, ReportView
from cnmm_reports.wording import cause_words, count, estimate, observed, outcome_word, population

SCHEMA = "cnmm/workpaper/1"

_ABOUT = (
    ("organisation", "Organisation"),
    ("as_of", "As of"),
    ("bundle", "Bundle"),
    ("conclusions_digest", "Conclusions"),
    ("population_digest", "Population"),
)
_STEPS = (
    "Open each citation with your own access and compare it with the excerpt and the digest.",
    "Work out the range from the citations and compare it with the range that was seen.",
    "Compare the range with the threshold; look for evidence against, also where the scan did not look.",
    "Ask the prompts below of somebody who does the work.",
    "Write down the conclusion, by role and date, and put a mark into the marks file.",
)


def build_workpaper(view: ReportView, finding: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the workpaper of a finding as data; `about` says which sample and bundle it belongs to."""
    text = view.texts.get(finding["criterion"])
    known = {item["id"]: item for item in view.assessment["evidence"]}
    cited = [known[key] for key in finding["evidence"] if key in known]
    against = [known[key] for key in finding["counter_evidence"] if key in known]
    return {
        "schema": SCHEMA,
        **about,
        "finding": dict(finding),
        "titles": _titles(view, finding),
        "criterion": None if text is None else _criterion(text),
        "evidence": cited,
        "counter_evidence": against,
        "evidence_total": finding["evidence_total"],
        "procedure": list(_STEPS),
        "conclusion": {"mark": None, "role": None, "dated": None, "comment": None},
    }


def _titles(view: ReportView, finding: Mapping[str, Any]) -> dict[str, str]:
    """Return what the signals of a finding are called."""
    keys = {entry["signal"] for entry in (*finding["tests"], *finding["gaps"])}
    return {key: signal_title(view, key) for key in sorted(keys)}


def _criterion(text: CriterionText) -> dict[str, Any]:
    return {
        "id": text.id,
        "statement": text.statement,
        "role": text.role,
        "test": ["  " * depth + words for depth, words in text.test],
        "counter": ["  " * depth + words for depth, words in text.counter],
        "reason": text.reason,
        "meaning": text.meaning,
        "prompts": list(text.prompts),
    }


def write_workpaper(paper: Mapping[str, Any]) -> bytes:
    """Return a workpaper as Markdown."""
    return ("\n".join(_lines(paper)) + "\n").encode()


def _lines(paper: Mapping[str, Any]) -> Iterator[str]:
    finding, row = paper["finding"], paper["criterion"]
    yield f"# Workpaper {paper['number']}: {escape(row['statement'] if row else finding['criterion'])}"
    yield ""
    yield f"- Row: {escape(finding['criterion'])}"
    yield f"- Subject: {escape(finding['subject'])}"
    yield f"- Outcome: {outcome_word(finding['outcome'])}; {escape(finding['why'])}"
    for name, words in _ABOUT:
        yield f"- {words}: {escape(paper[name])}"
    if row is not None:
        yield from _row(row)
    yield from ("", "## What was seen", "")
    yield "| Test | Threshold | Range | Read | Answer |"
    yield "| --- | --- | --- | --- | --- |"
    for test in finding["tests"]:
        yield _test(test, paper["titles"])
    yield from _evidence("Evidence", paper["evidence"], paper["evidence_total"])
    yield from _evidence("Evidence against", paper["counter_evidence"], len(paper["counter_evidence"]))
    yield from _gaps(finding, paper["titles"])
    yield from ("", "## Procedure", "")
    for position, step in enumerate(paper["procedure"], 1):
        yield f"{position}. [ ] {step}"
    yield from ("", "## Conclusion", "", "| Mark | Role | Date | Comment |", "| --- | --- | --- | --- |")
    yield "|  |  |  |  |"


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## What is asked", "", escape(row["statement"]), "")
    yield from map(_nested, row["test"])
    if row["counter"]:
        yield from ("", "Against it counts:", "")
        yield from map(_nested, row["counter"])
    yield from ("", f"Why these numbers: {escape(row['reason'], 2_000)}")
    if row["prompts"]:
        yield from ("", "Prompts:", "")
        yield from (f"- {escape(words)}" for words in row["prompts"])


def _nested(words: str) -> str:
    """Return a line of a test as an item of a list, as deep as it is indented."""
    depth = len(words) - len(words.lstrip(" "))
    return f"{' ' * depth}- {escape(words)}"


def _test(test: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    against = "against: " if test.get("counter") else ""
    cells = (
        escape(f"{against}{_called(test['signal'], titles)}"),
        escape(test["threshold"]),
        escape(observed(test["low"], test["high"])),
        escape("; ".join(filter(None, (population(test["seen"], test["declared"]), estimate(test))))),
        test["answer"],
    )
    return f"| {' | '.join(cells)} |"


def _evidence(title: str, items: list[Mapping[str, Any]], total: int) -> Iterator[str]:
    if not items:
        return
    yield from ("", f"## {title}", "")
    for item in items:
        place = " ".join(part for part in (item.get("path", ""), item.get("lines", "")) if part)
        yield f"- [ ] {escape(item['locator'], 2_000)} {escape(place)}".rstrip()
        yield f"  - asked: {escape(item['query'], 1_000)}"
        yield f"  - digest {escape(item['digest'])}, confirmed {escape(item['confirmed_at'])}"
        if item.get("excerpt"):
            yield f"  - excerpt: {escape(item['excerpt'], 700)}"
    if total > len(items):
        yield f"- and {count(total - len(items), 'more citation')} that the assessment does not list"


def _called(signal: str, titles: Mapping[str, str]) -> str:
    title = titles.get(signal, signal)
    return title if title == signal else f"{title} ({signal})"


def _gaps(finding: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield what was not read, once for each signal, cause and detail."""
    piles: Counter[tuple[str, str, str]] = Counter()
    for gap in finding["gaps"]:
        piles[gap["signal"], gap["cause"], gap.get("detail", "")] += gap["count"]
    if piles:
        yield from ("", "## Not read", "")
    for (signal, cause, detail), number in piles.items():
        why = f"{cause_words(cause)}: {detail}" if detail else cause_words(cause)
        yield f"- {escape(_called(signal, titles))}: {escape(why)} ({number})"
