"""A catalogue made ready for readers: each row, signal and permission in words, both ways linked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cnmm_collectors.signals import Absence, SignalSpec, split_key
from cnmm_rules import wording
from cnmm_rules.assessment import Outcome
from cnmm_rules.criteria import Applies, Catalogue, Criterion, Test, keys_of, tests_of

Lines = tuple[tuple[int, str], ...]
"""A test in words: (depth, line) in reading order."""


class Case(Protocol):
    """One sibling case with its result."""

    @property
    def name(self) -> str:
        """What the case is about."""
        ...

    @property
    def want(self) -> Outcome:
        """The outcome that was written down."""
        ...

    @property
    def got(self) -> Outcome:
        """The outcome that the engine gave."""
        ...


Cases = Mapping[str, Sequence[Case]]
"""Cases by criterion id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A test of a row under the words that say what it is for."""

    title: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class RowEntry:
    """One row with everything a reader may ask of it; `sources` can answer at least one of its signals."""

    row: Criterion
    level: str
    asked: tuple[Asked, ...]
    implies: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    cases: tuple[Case, ...]
    signals: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """One section with its rows by level, level 0 (all levels) first."""

    id: str
    title: str
    about: str
    levels: tuple[tuple[int, tuple[RowEntry, ...]], ...]


@dataclass(frozen=True, slots=True)
class SignalEntry:
    """One declared signal in words, with the rows that ask for it."""

    spec: SignalSpec
    range: str
    subject: str
    rollup: str
    absent: str
    sources: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PermissionEntry:
    """A source under one least permission: its signals, the rows it can decide alone, those it helps with."""

    source: str
    permission: str
    signals: tuple[str, ...]
    decides: tuple[str, ...]
    helps: tuple[str, ...]


def sections(catalogue: Catalogue, cases: Cases) -> tuple[SectionEntry, ...]:
    """Return every section in catalogue order, its rows in words."""
    implied: dict[str, list[str]] = {}
    for row in catalogue.criteria:
        for stronger in row.implied_by:
            implied.setdefault(stronger, []).append(row.id)
    made = []
    for section in catalogue.sections:
        rows = [_entry(row, catalogue, implied, cases) for row in catalogue.of_section(section.id)]
        levels = sorted({entry.row.level for entry in rows})
        by_level = tuple((n, tuple(e for e in rows if e.row.level == n)) for n in levels)
        made.append(SectionEntry(section.id, section.title, _about(catalogue, section.id), by_level))
    return tuple(made)


def _about(catalogue: Catalogue, name: str) -> str:
    section = catalogue.section(name)
    if not section.rated:
        return "Not rated: its rows are shown and no level follows from them."
    cap = f" Level {section.cap} is the highest that can be inferred." if section.cap < 5 else ""
    head = "Counts in the headline." if section.in_headline else "Rated, but not part of the headline."
    return head + cap


def _entry(row: Criterion, catalogue: Catalogue, implied: Mapping[str, list[str]], cases: Cases) -> RowEntry:
    keys = asked_signals(row)
    named = {source.name for key in keys for source in catalogue.signals[key].sources}
    return RowEntry(
        row=row,
        level=f"level {row.level}" if row.level else "all levels",
        asked=tuple(_asked(row, catalogue)),
        implies=tuple(implied.get(row.id, ())),
        references=tuple((key, catalogue.references.get(key, key)) for key in row.sources),
        cases=tuple(cases.get(row.id, ())),
        signals=keys,
        sources=tuple(sorted(named)),
    )


def asked_signals(row: Criterion) -> tuple[str, ...]:
    """Return the ids of the signals a row's tests read, without facets, in order, once each."""
    return tuple(dict.fromkeys(split_key(key)[0] for test in tests_of(row) for key in keys_of(test)))


def _asked(row: Criterion, catalogue: Catalogue) -> Iterator[Asked]:
    def said(title: str, test: Test) -> Asked:
        return Asked(title, tuple(wording.lines(test, catalogue.signals)))

    if row.applicable is not None:
        yield said("Applies only where", row.applicable)
    own = _test(row.organisation)
    for who, applies in (("Organisation", row.organisation), ("Team", row.team)):
        if applies is None:
            continue
        title = f"{who}, least population {applies.min_population}"
        if applies.test is None:
            yield Asked(title, ((0, "nothing measures this row"),))
        elif who == "Team" and applies.test == own:
            yield Asked(title, ((0, "the same test"),))
        else:
            yield said(title, applies.test)
    if row.corroboration is not None:
        yield said("Second source, without which it is only claimed", row.corroboration)
    for counter in row.counter:
        yield said("Against it, read before it is met", counter)


def _test(applies: Applies | None) -> Test | None:
    return None if applies is None else applies.test


def signals(catalogue: Catalogue) -> tuple[SignalEntry, ...]:
    """Return every declared signal by id."""
    asked: dict[str, list[str]] = {}
    for row in catalogue.criteria:
        for key in asked_signals(row):
            asked.setdefault(key, []).append(row.id)
    return tuple(_signal(catalogue.signals[key], asked.get(key, ())) for key in sorted(catalogue.signals))


def _signal(spec: SignalSpec, rows: Sequence[str]) -> SignalEntry:
    ranked = sorted(spec.sources, key=lambda source: (source.rank, source.name))
    high = "unbounded" if spec.high is None else wording.figure(spec.high)
    return SignalEntry(
        spec=spec,
        range=f"{wording.figure(spec.low)} to {high}",
        subject=wording.NOUNS[spec.subject][0],
        rollup=wording.measure(spec.rollup, spec.subject).rstrip(","),
        absent="leaves the ratio" if spec.absent is Absence.INELIGIBLE else "counts as zero",
        sources=tuple(f"{s.rank}. {s.name} ({s.basis.value})" for s in ranked),
        rows=tuple(rows),
    )


def permissions(catalogue: Catalogue) -> tuple[PermissionEntry, ...]:
    """Return every source with each least permission it needs, by source.

    A source decides a row alone where it is among the strongest of every signal the row's tests read.
    """
    asked = {row.id: asked_signals(row) for row in catalogue.criteria}
    strongest = {key: _strongest(spec) for key, spec in catalogue.signals.items()}
    needs = _needs(catalogue)
    alone = {
        source: [row for row, keys in asked.items() if keys and all(source in strongest[key] for key in keys)]
        for source in {source for source, _ in needs}
    }
    entries = []
    for (source, permission), keys in sorted(needs.items()):
        touched = [row for row, wanted in asked.items() if keys.intersection(wanted)]
        decides = tuple(row for row in touched if row in alone[source])
        helps = tuple(row for row in touched if row not in decides)
        entries.append(PermissionEntry(source, permission, tuple(sorted(keys)), decides, helps))
    return tuple(entries)


def _strongest(spec: SignalSpec) -> frozenset[str]:
    best = min(source.rank for source in spec.sources)
    return frozenset(source.name for source in spec.sources if source.rank == best)


def _needs(catalogue: Catalogue) -> dict[tuple[str, str], set[str]]:
    needs: dict[tuple[str, str], set[str]] = {}
    for spec in catalogue.signals.values():
        for source in spec.sources:
            needs.setdefault((source.name, source.permission), set()).add(spec.id)
    return needs
