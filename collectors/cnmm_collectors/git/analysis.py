"""One repository read once: tree, wanted contents, components, history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cnmm_collectors.git import detect
from cnmm_collectors.git.blobs import Contents, read_blobs, read_code
from cnmm_collectors.git.citation import RepositoryCite
from cnmm_collectors.git.components import Division, divide
from cnmm_collectors.git.detect.survey import Survey
from cnmm_collectors.git.history import DAY, History, Parser, Window, command, commits, ignored_commits
from cnmm_collectors.git.model import Component, PathClass, RepositoryView
from cnmm_collectors.git.owners import OwnersFile
from cnmm_collectors.git.ownership import Ownership, judge_ownership, read_ownership
from cnmm_collectors.git.past import LateDates, LatePast, Past
from cnmm_collectors.git.people import People
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.git.standing import Standing
from cnmm_collectors.git.touches import Touch, Touches, divide_changes, place_paths
from cnmm_collectors.git.tree import REGULAR, read_tree
from cnmm_collectors.git.wants import IGNORED, is_read
from cnmm_collectors.plugin import GitRepository, Given, Reader
from cnmm_collectors.signals import Gap, Signal
from cnmm_collectors.subjects import Subject

SHALLOW = "shallow clone: its history is cut off, so dates and authors would mislead; fetch it whole"
GIVEN = "its files came through the host's API, which gives no history of them: clone it"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was read of one repository; `gap` and `detail` say why `history` is None.

    `survey` and `judged` are the files parsed and their signals, made as if every component were in use;
    empty where history cannot say.
    """

    view: RepositoryView
    survey: Survey
    wanted: int
    contents: Contents
    division: Division
    ownership: Ownership
    window: Window
    paths: tuple[Sequence[str], ...]
    tallies: tuple[Mapping[PathClass, int], ...]
    judged: tuple[Signal, ...] = ()
    touches: Touches = field(default_factory=lambda: Touches((), ()))
    history: History | None = None
    gap: Gap | None = None
    detail: str = ""
    given: Given | None = None


def analyse(
    repository: GitRepository, commit: str, repo: Subject, settings: Settings, reader: Reader, lifecycle: str
) -> Analysis:
    """Return everything known of the repository at a commit; raises GitFault where tree or blobs cannot be
    listed.
    """
    window = Window.until(reader.as_of, settings.window_days)
    if repository.shallow:
        return _without_history(repository, commit, repo, settings, reader, lifecycle)
    arguments, mark = command(commit)
    # Git walks the history on another core while the files are read and judged. They are judged as if every
    # component were in use, and those that are not are taken out once history says so.
    with repository.stream(*arguments) as chunks:
        analysis = _read_files(repository, commit, repo, settings, reader, window)
        ignored = ignored_commits(analysis.contents.read.get(IGNORED, b""))
        tracked = {entry.path: entry.oid for entry in analysis.view.entries}
        late = LatePast(Parser(tracked, window, People(settings.bots), ignored), commits(chunks, mark))
        survey = Survey(analysis.view, LateDates(late), frozenset(settings.security_guideline))
        judged = _judge(analysis, survey)
        past = late.finish()
    return _place(replace(analysis, survey=survey, judged=judged), past, settings, lifecycle)


def _without_history(
    repository: GitRepository, commit: str, repo: Subject, settings: Settings, reader: Reader, lifecycle: str
) -> Analysis:
    """Return what files alone say; which of them are in use is known only where a host's API told it."""
    window = Window.until(reader.as_of, settings.window_days)
    analysis = _read_files(repository, commit, repo, settings, reader, window)
    given = repository.given
    if given is None:
        return _place(analysis, Past(None, Gap.NOT_COLLECTED, SHALLOW), settings, lifecycle)
    analysis = replace(analysis, judged=_judge(analysis, analysis.survey), given=given)
    return _place(analysis, Past(None, Gap.NOT_COLLECTED, GIVEN), settings, lifecycle)


def _judge(analysis: Analysis, survey: Survey) -> tuple[Signal, ...]:
    used = Standing(analysis.view.cite, None, "")
    return (*judge_ownership(analysis.view, analysis.ownership, used), *detect.judge(survey))


def _read_files(
    repository: GitRepository, commit: str, repo: Subject, settings: Settings, reader: Reader, window: Window
) -> Analysis:
    entries = read_tree(repository, commit, settings.max_paths)
    designated = frozenset(settings.security_guideline)
    regular = [entry for entry in entries if entry.mode in REGULAR]
    names = [entry.path for entry in regular]
    wanted = [entry for entry in regular if is_read(entry.path, designated)]
    contents = read_blobs(repository, wanted, settings)
    code = frozenset(detect.wanted_code(names, contents.read))
    if code:
        sources = [entry for entry in regular if entry.path in code]
        contents += read_code(repository, sources, settings)
        wanted += sources
    groups = frozenset(settings.groups)
    ownership = read_ownership(names, contents.read, contents.unread, repository.web, groups)
    owners = ownership.owners if isinstance(ownership.owners, OwnersFile) else None
    division = divide(repo, entries, contents.read, owners)
    components = tuple(replace(component, active=True) for component in division.components)
    oids = {entry.path: entry.oid for entry in entries}
    asked = repository.given.asked if repository.given is not None else ""
    cite = RepositoryCite(
        reader, repo.name, commit, repository.web, repository.remote, oids, contents.read, asked
    )
    view = RepositoryView(
        repo, commit, repository.web, reader.as_of, entries, components, contents.read, contents.unread, cite
    )
    paths = _divide_paths(names, components)
    tallies = tuple(Counter(map(detect.path_class, inside)) for inside in paths)
    survey = Survey(view, {}, designated, settings.pipelines == "repository")
    return Analysis(view, survey, len(wanted), contents, division, ownership, window, paths, tallies)


def _divide_paths(names: Sequence[str], components: Sequence[Component]) -> tuple[list[str], ...]:
    paths: tuple[list[str], ...] = tuple([] for _ in components)
    for path, place in zip(names, place_paths(names, components), strict=True):
        if place >= 0:
            paths[place].append(path)
    return paths


def _place(analysis: Analysis, past: Past, settings: Settings, lifecycle: str) -> Analysis:
    """Divide the changes over the components, and say which components are active."""
    components = analysis.view.components
    touches = Touches(tuple([] for _ in components), tuple([] for _ in components))
    if past.history is not None:
        touches = divide_changes(past.history, components)
    start = analysis.window.end - settings.activity_days * DAY
    known = tuple(
        replace(
            component,
            lifecycle=lifecycle or component.lifecycle,
            active=not lifecycle
            and (
                _is_active(past.history, touches.commits[position], analysis.paths[position], start)
                if analysis.given is None
                else _was_worked_on(analysis.given, component, components)
            ),
        )
        for position, component in enumerate(components)
    )
    view = replace(analysis.view, components=known)
    return replace(
        analysis, view=view, touches=touches, history=past.history, gap=past.gap, detail=past.detail
    )


def _is_active(
    history: History | None, touches: Sequence[Touch], paths: Sequence[str], start: int
) -> bool | None:
    if history is None:
        return None
    if any(touch.when > start for touch in touches):
        return True
    return None if any(path in history.unclear for path in paths) else False


def _was_worked_on(given: Given, component: Component, components: Sequence[Component]) -> bool | None:
    """Return whether a person worked on a component by what the host told of its folder.

    Work in a folder may be work on a component within it; no work there is no work on any.
    """
    worked = given.worked.get(component.root)
    within = f"{component.root}/" if component.root else ""
    nested = any(one is not component and one.root.startswith(within) for one in components)
    return None if worked and nested else worked
