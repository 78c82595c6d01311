"""From an analysis to everything the collector yields: memberships, signals, facts of people, ledger rows."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from cnmm_collectors import radar
from cnmm_collectors.git import detect
from cnmm_collectors.git.analysis import Analysis
from cnmm_collectors.git.authorship import Authorship, cloud_native_reading
from cnmm_collectors.git.detect.ci.signals import shared_references
from cnmm_collectors.git.detect.decisions import decisions
from cnmm_collectors.git.detect.readings import outside_repository
from cnmm_collectors.git.detect.tools import label_of, shows_all_tools, tools_in_use, tools_named
from cnmm_collectors.git.freshness import Freshness
from cnmm_collectors.git.history import History
from cnmm_collectors.git.ownership import judge_ownership
from cnmm_collectors.git.past import spans
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.git.standing import Standing
from cnmm_collectors.plugin import LedgerRow, Membership, PersonFact, Yield
from cnmm_collectors.signals import Gap, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

SKETCH = "git.boilerplate_duplicate_ratio"
JOINED = frozenset(
    {SKETCH, "git.multi_layer_author_ratio", "git.platform_practice_shown", "git.manifest_author_ratio"}
)
"""Signals that a join answers from the facts of many repositories."""


def find_all(
    analysis: Analysis, settings: Settings, specs: Iterable[SignalSpec], organisation: Subject
) -> Iterator[Yield]:
    """Yield everything about one repository, each declared signal once for each of its subjects."""
    view = analysis.view
    standing = Standing(view.cite, analysis.gap, analysis.detail)
    yield from _memberships(analysis, settings, organisation)
    seen: dict[tuple[str, Subject], Reading] = {}
    for signal in _signals(analysis, settings, standing, seen):
        seen[signal.key, signal.subject] = signal.reading
        yield _of_team(signal, organisation) if signal.subject.kind is SubjectKind.TEAM else signal
    yield from _sketches(analysis, standing)
    yield from _for_the_radar(analysis)
    subjects = {
        SubjectKind.REPO: [view.repo],
        SubjectKind.COMPONENT: [component.subject for component in view.components],
        SubjectKind.ORG: [organisation],
    }
    yield from fill(specs, subjects, frozenset(seen), None)
    if analysis.history is not None:
        yield from _people(analysis, analysis.history, settings, standing)
    yield from ledger(analysis)


def _memberships(analysis: Analysis, settings: Settings, organisation: Subject) -> Iterator[Membership]:
    view = analysis.view
    for component in view.components:
        yield Membership(component.subject, view.repo)
    for team, repositories in sorted(settings.teams.items()):
        if view.repo.name in repositories or view.repo.name.rpartition("/")[2] in repositories:
            yield Membership(view.repo, Subject.safe(SubjectKind.TEAM, organisation.name, team))


def _of_team(signal: Signal, organisation: Subject) -> Signal:
    """Return a team's signal under the organisation of the run, whoever hosts the repository."""
    team = signal.subject.name.rpartition("/")[2]
    return replace(signal, subject=Subject.safe(SubjectKind.TEAM, organisation.name, team))


def _signals(
    analysis: Analysis, settings: Settings, standing: Standing, seen: Mapping[tuple[str, Subject], Reading]
) -> Iterator[Signal]:
    view, history = analysis.view, analysis.history
    yield from _file_signals(analysis, standing)
    known = history or _no_history()
    authorship = Authorship(known, settings, standing, view.cite, analysis.window.end, len(view.entries))
    freshness = Freshness(known, settings, standing, view.cite, analysis.window.end)
    for position, component in enumerate(view.components):
        native = cloud_native_reading(seen, component.subject) or Unknown(
            Gap.NOT_COLLECTED, "files were not judged"
        )
        yield from authorship.judge(
            component, analysis.touches.commits[position], analysis.tallies[position], native
        )
        yield from freshness.judge(component, analysis.paths[position], analysis.touches.merged[position])


def _file_signals(analysis: Analysis, standing: Standing) -> Iterator[Signal]:
    """Yield what the files say, and instead of it for a component out of use that it is."""
    outside = {item.subject: standing.outside(item) for item in analysis.view.components}
    if not any(reading is None for reading in outside.values()):
        # With nothing in use, readings about the repository itself are others too.
        dates = spans(analysis.history) if analysis.history is not None else {}
        yield from detect.judge(analysis.survey.again(analysis.view, dates))
        yield from judge_ownership(analysis.view, analysis.ownership, standing)
        return
    for signal in analysis.judged:
        reading = outside.get(signal.subject)
        yield signal if reading is None else replace(signal, reading=reading)


def _no_history() -> History:
    from cnmm_collectors.git.people import People

    return History(People(()), [])


def _sketches(analysis: Analysis, standing: Standing) -> Iterator[Signal | PersonFact]:
    """Yield what a join compares plumbing by; a component that has none is answered here."""
    files = detect.plumbing(analysis.view)
    for component in analysis.view.components:
        reading = standing.outside(component)
        drawn = detect.sketch(analysis.view, component, files) if reading is None else None
        if drawn is None:
            reading = reading or standing.absent("pipeline or chart files of 8 lines or more")
            yield Signal(SKETCH, component.subject, "git", reading)
            continue
        shared = "shared" if shared_references(analysis.survey, component) else "own"
        yield PersonFact("", "boilerplate.sketch", f"{shared}:{drawn}", "git", component.subject)


def _for_the_radar(analysis: Analysis) -> Iterator[PersonFact]:
    """Yield what a join holds the moves of a technology radar against."""
    survey, repo = analysis.survey, analysis.view.repo
    start = analysis.view.as_of - timedelta(days=radar.WINDOW_DAYS)
    for one in decisions(survey):
        if one.day is not None and start <= one.day <= analysis.view.as_of and not one.draft:
            named = tools_named(survey, one.path)
            if named:
                yield radar.of_decision(repo, one.path, named)
    used = [] if outside_repository(survey) else [label_of(label) for label in tools_in_use(survey)]
    yield from radar.of_tools(repo, used, shows_all_tools(survey))


def _people(
    analysis: Analysis, history: History, settings: Settings, standing: Standing
) -> Iterator[PersonFact]:
    view = analysis.view
    authorship = Authorship(history, settings, standing, view.cite, analysis.window.end, len(view.entries))
    layers: dict[int, set[str]] = defaultdict(set)
    for touches in analysis.touches.commits:
        for person, found in authorship.facts(touches).items():
            layers[person] |= found
    aliases = history.people.pseudonyms()
    for person in sorted(layers):
        first, *others = aliases[person]
        yield PersonFact(first, "git.author", "1", "git", view.repo)
        yield from (PersonFact(first, "git.alias", other, "git", view.repo) for other in others)
        yield from (
            PersonFact(first, "git.layer", layer, "git", view.repo) for layer in sorted(layers[person])
        )


def fill(
    specs: Iterable[SignalSpec],
    subjects: Mapping[SubjectKind, Iterable[Subject]],
    seen: frozenset[tuple[str, Subject]],
    unread: Reading | None,
) -> Iterator[Signal]:
    """Yield a reading for each declared signal that nothing answered: `unread`, else which source would
    answer.
    """
    answered = {(key.partition("{")[0], subject) for key, subject in seen}
    for spec in specs:
        source = spec.sources[0].name
        if spec.id in JOINED or (unread is not None and source != "git"):
            continue
        for subject in subjects.get(spec.subject, ()):
            if (spec.id, subject) in answered:
                continue
            reading = unread or Unknown(
                Gap.NOT_COLLECTED, f"needs {spec.sources[0].permission} (source {source})"
            )
            for key in _keys(spec):
                yield Signal(key, subject, source, reading)


def _keys(spec: SignalSpec) -> Iterator[str]:
    names = [parameter.name for parameter in spec.parameters]
    for values in itertools.product(*(parameter.values for parameter in spec.parameters)):
        yield spec.key(**dict(zip(names, values, strict=True)))


def ledger(analysis: Analysis) -> Iterator[LedgerRow]:
    """Yield what was asked of the repository and what came of it."""
    view, contents, about = analysis.view, analysis.contents, str(analysis.view.repo)
    yield LedgerRow("git", "repository", about, 1, 1)
    odd = sum(entry.mode not in ("100644", "100755") for entry in view.entries)
    yield LedgerRow("git", "path", about, len(view.entries), len(view.entries) - odd, skipped=odd,
                    cause="link or submodule" if odd else "")  # fmt: skip
    faulty = sum(
        gap in (Gap.MALFORMED, Gap.NOT_COLLECTED, Gap.UNREACHABLE) for gap in contents.unread.values()
    )
    causes = "; ".join(f"{cause}: {count}" for cause, count in sorted(contents.causes.items()))
    yield LedgerRow("git", "blob", about, analysis.wanted, len(contents.read),
                    skipped=len(contents.unread) - faulty, failed=faulty, cause=causes)  # fmt: skip
    yield _commit_row(analysis, about)
    if analysis.division.left_out:
        kept = len(view.components)
        yield LedgerRow("git", "component", about, kept + analysis.division.left_out, kept,
                        skipped=analysis.division.left_out,
                        cause="beyond the cap: counted with the rest")  # fmt: skip


def _commit_row(analysis: Analysis, about: str) -> LedgerRow:
    history = analysis.history
    if history is None:
        # Whoever asks for no clone has chosen that.
        chosen = int(analysis.given is not None)
        cause = (analysis.gap or Gap.NOT_COLLECTED).value
        return LedgerRow("git", "history", about, 1, 0, chosen, 1 - chosen, cause, analysis.detail)
    cause = "impossible date (before 1972, or after the audit date)" if history.undated else ""
    detail = f"bulk edits not counted as changes: {history.bulk}; by bots within the windows: {history.bots}"
    return LedgerRow("git", "commit", about, history.commits, history.commits - history.undated,
                     skipped=history.undated, cause=cause, detail=detail)  # fmt: skip
