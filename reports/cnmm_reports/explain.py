"""A criterion or a signal explained: what it asks, why so, what was seen, what would change it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnmm_collectors.signals import SignalSpec, Source, split_key
from cnmm_reports import sightings
from cnmm_reports.inert import line
from cnmm_reports.sightings import Document, Findings
from cnmm_reports.wording import UNCOUNTED, cause_words, number
from cnmm_rules import wording
from cnmm_rules.criteria import Applies, Catalogue, Criterion, Role, Test, keys_of, leaves, tests_of

_ROLES = {
    Role.KEY: "key row: its level cannot hold without it",
    Role.RATED: "rated row",
    Role.SUPPORT: "supporting row, counts half",
    Role.MARKER: "marker: a symptom that weighs nothing",
    Role.DERIVED: "derived from other rows, weighs nothing",
    Role.INFO: "for information, weighs nothing",
}


class UnknownName(LookupError):
    """Neither a criterion nor a signal has that name; the message names the nearest ones."""


def explain(catalogue: Catalogue, name: str, assessment: Document | None = None) -> str:
    """Return the explanation of a criterion id or signal key as plain lines; raises UnknownName."""
    row = next((row for row in catalogue.criteria if row.id == name), None)
    if row is not None:
        return _text(_criterion(row, catalogue, assessment))
    spec = catalogue.signals.get(name.partition("{")[0])
    if spec is None:
        raise UnknownName(_nearest(catalogue, name))
    return _text(_signal(spec, catalogue, assessment))


def _text(lines: Iterable[str]) -> str:
    """Join lines that may hold words of a foreign catalogue or bundle: each stays one line and inert."""
    texts = ((len(text) - len(text.lstrip(" ")), text) for text in lines)
    return "".join(f"{' ' * indent}{line(text)}\n" for indent, text in texts)


def _nearest(catalogue: Catalogue, name: str) -> str:
    known = [row.id for row in catalogue.criteria] + list(catalogue.signals)
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    return f"no criterion and no signal is called {line(name, 80)!r}{hint}"


def _criterion(row: Criterion, catalogue: Catalogue, document: Document | None) -> Iterator[str]:
    section = catalogue.section(row.section)
    level = f"level {row.level}" if row.level else "no level"
    yield row.id
    yield f"  {row.statement}"
    yield f"  {section.title}, {level}; {_ROLES[row.role]}; weight {number(float(row.weight))}"
    yield f"  {row.confidence.value} inference, proven by {row.proof.value}; line {row.line} of the model"
    yield from _title("What it asks", _asks(row, catalogue))
    yield from _title("Why that threshold", _why(row, catalogue))
    yield from _title("What it means", [row.meaning])
    if document is not None:
        findings = [item for item in document["findings"] if item["criterion"] == row.id]
        yield from _title("What was seen", sightings.of_row(findings, document, row))
        yield from _title("What would change it", _changes(row, findings, document))
    else:
        yield from _title("What it takes", _takes(row, catalogue))


def _title(title: str, body: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {text}" for text in body)


def _indented(test: Test, catalogue: Catalogue, depth: int = 1) -> Iterator[str]:
    for level, text in wording.lines(test, catalogue.signals, depth):
        yield "  " * level + text


def _asks(row: Criterion, catalogue: Catalogue) -> Iterator[str]:
    if row.applicable is not None:
        yield "It applies only where:"
        yield from _indented(row.applicable, catalogue)
    for who, applies in (("organisation", row.organisation), ("team", row.team)):
        if applies is not None and applies.test is not None:
            least = f", over at least {applies.min_population} read" if applies.min_population > 1 else ""
            yield f"Of the {who}{least}:"
            yield from _indented(applies.test, catalogue)
    if row.corroboration is not None:
        yield "And from a second source, because the inference is weak:"
        yield from _indented(row.corroboration, catalogue)
    for counter in row.counter:
        yield "Against it, read before it is met:"
        yield from _indented(counter, catalogue)
    if row.window_days is not None:
        yield f"Evidence older than {row.window_days} days does not count."
    if row.implied_by:
        yield f"Met too where one of these is: {', '.join(row.implied_by)}."
    if row.retires_at is not None:
        yield f"No longer asked from level {row.retires_at} on."


def _why(row: Criterion, catalogue: Catalogue) -> Iterator[str]:
    yield row.reason
    yield from (f"[{key}] {catalogue.references.get(key, key)}" for key in row.sources)


def _takes(row: Criterion, catalogue: Catalogue) -> Iterator[str]:
    for key in dict.fromkeys(split_key(key)[0] for test in tests_of(row) for key in keys_of(test)):
        for source in _best(catalogue.signals[key]):
            yield f"{key} from {source.name}: {source.permission}"
    yield f"Cheapest next step: {row.next_step}"


def _best(spec: SignalSpec) -> Iterator[Source]:
    best = min(source.rank for source in spec.sources)
    return (source for source in spec.sources if source.rank == best)


def _changes(row: Criterion, findings: Findings, document: Document) -> Iterator[str]:
    shown = sightings.in_full(findings)
    for finding in shown:
        if len(shown) > 1:
            yield f"For {finding['subject']}:"
        yield from _change(row, finding)
    if any(finding["outcome"] not in ("met", "not_applicable") for finding in findings):
        yield f"Cheapest next step: {row.next_step}"
    openers = [item["needs"] for item in document["next_evidence"] if _reads(row, item["signals"])]
    if openers:
        yield f"Among the sources that would narrow most: {openers[0]}"


def _reads(row: Criterion, signals: Iterable[str]) -> bool:
    asked = {key for test in tests_of(row) for key in keys_of(test)}
    return any(signal in asked for signal in signals)


def _change(row: Criterion, finding: Mapping[str, Any]) -> Iterator[str]:
    outcome = finding["outcome"]
    begun = {test["signal"] for test in finding["tests"] if test["seen"]}
    gaps = sorted(
        {
            (gap["signal"], gap["cause"], gap["needs"])
            for gap in finding["gaps"]
            if gap.get("detail") != UNCOUNTED or gap["signal"] not in begun
        }
    )
    for signal, cause, needs in gaps:
        yield f"Reading {signal} ({cause_words(cause)}): {needs or 'nothing more can be named'}"
    if any(gap.get("detail") == UNCOUNTED for gap in finding["gaps"] if gap["signal"] in begun):
        yield "Saying how many there are: `scope:` in the settings, or a source that lists them all."
    if outcome == "unmet":
        for test in finding["tests"]:
            if test["answer"] == "false":
                yield f"{test['signal']} would have to be {test['threshold']}"
    elif outcome == "met":
        yield from _lost(row)
    elif outcome == "contested":
        yield "An auditor's decision, or the counter-evidence no longer being true."
    elif outcome == "claimed":
        yield "A proven artefact or a second independent source in place of the claim."
    elif outcome == "not_applicable":
        yield "The row returns once what it is about exists here."


def _lost(row: Criterion) -> Iterator[str]:
    if row.counter:
        yield "It would be contested once a counter-test is true."
    if row.window_days is not None:
        yield f"It would be unknown again once the evidence is older than {row.window_days} days."
    yield "It would be not met once the whole range misses the threshold."


def _signal(spec: SignalSpec, catalogue: Catalogue, document: Document | None) -> Iterator[str]:
    one, _ = wording.NOUNS[spec.subject]
    yield f"{spec.id}: {spec.title}"
    yield f"  {spec.definition}"
    high = "unbounded" if spec.high is None else number(float(spec.high))
    yield f"  one reading for a {one}, {spec.unit.value}, {number(float(spec.low))} to {high}"
    yield f"  rolled up as: {wording.measure(spec.rollup, spec.subject)}"
    yield f"  proven absence: {'leaves the ratio' if spec.absent.value == 'ineligible' else 'counts as zero'}"
    if spec.unknown_when:
        yield f"  unknown when: {spec.unknown_when}"
    yield from _title("Who can answer it, strongest first", _sources(spec))
    yield from _title("Rows that ask for it", _asked_by(spec, catalogue))
    if document is not None:
        yield from _title("What was seen", sightings.of_signal(spec, document))


def _sources(spec: SignalSpec) -> Iterator[str]:
    for source in sorted(spec.sources, key=lambda source: (source.rank, source.name)):
        yield f"{source.rank}. {source.name} ({source.basis.value}): {source.permission}"


def _asked_by(spec: SignalSpec, catalogue: Catalogue) -> Iterator[str]:
    for row in catalogue.criteria:
        for test, role in _roles(row):
            for leaf in leaves(test):
                if any(split_key(key)[0] == spec.id for key in keys_of(leaf)):
                    yield f"{row.id} ({role}): {wording.phrase(leaf)}"


def _roles(row: Criterion) -> Iterator[tuple[Test | None, str]]:
    def own(applies: Applies | None) -> Test | None:
        return None if applies is None else applies.test

    yield own(row.organisation), "organisation"
    if own(row.team) != own(row.organisation):
        yield own(row.team), "team"
    yield row.applicable, "whether it applies"
    yield row.corroboration, "second source"
    yield from ((counter, "against it") for counter in row.counter)
