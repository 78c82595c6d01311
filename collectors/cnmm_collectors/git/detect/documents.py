"""Runbooks, designs, contributing guides, roadmaps, team interfaces and model cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from cnmm_collectors.git.detect.layers import layers_of
from cnmm_collectors.git.detect.prose import content_count, front_matter, is_prose, read_prose
from cnmm_collectors.git.detect.readings import (
    Hit,
    by_component,
    cite_hits,
    flag,
    near,
    not_there,
    of_repository,
    within,
)
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.model import Component
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

KEYS = ("docs.runbook_ratio", "docs.design_ratio", "docs.contributing_ratio", "docs.roadmap_date")
TEAM_KEY = "docs.team_api_ratio"
RUNBOOK_LAYERS = ("platform", "infra", "app", "security")
DESIGN_LAYERS = ("platform", "infra", "app")
LEAST_LINES = 3
TEAM_API_DAYS = 365
_RUNBOOK = re.compile(
    r"(^|/)(run-?books?|play-?books?|incident[-_]response|on-?call)/[^/]+$"
    r"|(^|/)[^/]*(run-?book|play-?book|troubleshooting|on-?call|incident[-_]response)[^/]*$"
    r"|(^|/)operations\.\w+$",
    re.IGNORECASE,
)
_DESIGN = re.compile(
    r"(^|/)(design|designs|architecture|adrs?|decisions|decision[-_]records?|architecture[-_]decisions?"
    r"|architectural[-_]decisions?|rfcs?)/[^/]+$"
    r"|(^|/)[^/]*(architecture|design[-_]?doc|technical[-_]design)[^/]*$"
    r"|(^|/)design\.\w+$",
    re.IGNORECASE,
)
_CONTRIBUTING = re.compile(r"(?<![^/])contributing(\.\w+)?$", re.IGNORECASE)
_ROADMAP = re.compile(r"(^|/)[^/]*roadmap[^/]*$|(^|/)roadmaps?/[^/]+$", re.IGNORECASE)
_CARD = re.compile(
    r"(^|/)([^/]*model[-_]?card[^/]*|model[-_]cards?/[^/]+|[^/]*validation[-_]report[^/]*)$", re.IGNORECASE
)
_TEAM_API = re.compile(r"(^|/)[^/]*(team[-_]?api|working[-_]agreement)[^/]*$", re.IGNORECASE)
_TEAM_FOLDER = re.compile(r"(?:^|/)teams?/([A-Za-z][\w-]{0,60})/", re.IGNORECASE)
_TEAM_TITLE = re.compile(r"team[- ]?api\s*[:\-–—]\s*(.+)|(.+?)\s*[:\-–—]?\s*team[- ]?api", re.IGNORECASE)
_TEAM_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}")
_SKIPPED = re.compile(
    r"(^|/)(index|readme|template|_template|0000[-_].*)\.\w+$|[-_.]template\.", re.IGNORECASE
)
_LINK = re.compile(r"\]\(([^)\s]{1,500})\)|(https?://[^\s)>\"']{1,500})")
_LINKED_RUNBOOK = re.compile(r"run-?books?|play-?books?", re.IGNORECASE)


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield every signal about these documents but model cards."""
    runbooks = _documents(survey, _RUNBOOK) + _runbook_links(survey)
    yield from _by_layer(
        survey, KEYS[0], RUNBOOK_LAYERS, runbooks, _could(_RUNBOOK), "an operational runbook"
    )
    yield from _by_layer(
        survey, KEYS[1], DESIGN_LAYERS, _documents(survey, _DESIGN), _could(_DESIGN), "a design document"
    )
    guides = [
        hit
        for hit in _documents(survey, _CONTRIBUTING, least=1)
        if _CONTRIBUTING.fullmatch(hit.path.rpartition("/")[2])
    ]
    top = [
        hit
        for hit in guides
        if hit.path.count("/") == 0 or hit.path.split("/")[0] in (".github", ".gitlab", "docs")
    ]
    doubts = survey.doubts(_could(_CONTRIBUTING))
    yield from by_component(
        survey,
        KEYS[2],
        lambda c: flag(survey, within(survey, c, guides) or top, doubts, "a contributing guide"),
    )
    yield of_repository(survey, KEYS[3], _roadmap(survey))
    yield from _team_interfaces(survey)


_WORDS = re.compile(
    r"run-?book|play-?book|incident|on-?call|troubleshoot|operations|design|architect|adrs?/|decision|rfcs?/"
    r"|contributing|roadmap|model|validation|team|working"
)
"""What any path that this module would judge has in it, to be asked before the patterns that decide."""


def could_decide(path: str) -> bool:
    """True for a document that this module would judge."""
    low = path.lower()
    if low.rpartition("/")[2].startswith("readme"):
        return True
    if not _WORDS.search(low):
        return False
    return any(p.search(path) for p in (_RUNBOOK, _DESIGN, _CONTRIBUTING, _ROADMAP, _CARD, _TEAM_API))


def _could(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda path: is_prose(path) and pattern.search(path) is not None


def _documents(survey: Survey, pattern: re.Pattern[str], least: int = LEAST_LINES) -> list[Hit]:
    return [
        Hit(path, says="document")
        for path in survey.readable
        if is_prose(path)
        and pattern.search(path)
        and not _SKIPPED.search(path)
        and content_count(survey.lines(path)) >= least
    ]


def _runbook_links(survey: Survey) -> list[Hit]:
    found: list[Hit] = []
    for path in survey.readable:
        if not path.rpartition("/")[2].lower().startswith("readme"):
            continue
        for line in read_prose(survey.lines(path)):
            targets = [match[1] or match[2] for match in _LINK.finditer(line.text)]
            if any(_LINKED_RUNBOOK.search(t) and t.startswith("http") for t in targets):
                found.append(Hit(path, line.number, line.number, "link to a runbook"))
    return found


def _by_layer(
    survey: Survey,
    key: str,
    facets: tuple[str, ...],
    hits: list[Hit],
    could: Callable[[str], bool],
    what: str,
) -> Iterator[Signal]:
    doubts = survey.doubts(could)
    known = _layers(survey)
    for layer in facets:

        def judge(component: Component, layer: str = layer) -> Reading:
            if layer not in known[component.subject]:
                return not_there(survey, f"components of the {layer} layer: this one is none")
            return flag(survey, within(survey, component, hits), near(survey, component, doubts), what)

        yield from by_component(survey, f"{key}{{layer={layer}}}", judge)


@remembered
def _layers(survey: Survey) -> dict[Subject, frozenset[str]]:
    return layers_of(survey.view)


def _roadmap(survey: Survey) -> Reading:
    hits = [hit for hit in _documents(survey, _ROADMAP) if _about_platform(survey, hit.path)]
    doubts = survey.doubts(_could(_ROADMAP))
    return newest_change(survey, hits, doubts, "a roadmap of the platform")


def _about_platform(survey: Survey, path: str) -> bool:
    if "platform" in path.lower() or "platform" in survey.view.repo.name.lower():
        return True
    return any("platform" in line.text.lower() for line in read_prose(survey.lines(path)) if line.level)


def newest_change(survey: Survey, hits: list[Hit], doubts: tuple[Doubt, ...], what: str) -> Reading:
    """Return the day of the last real change of the newest of these files, as YYYY-MM-DD."""
    if not hits and doubts:
        return Unknown(doubts[0].gap, f"{what}: a file could not be read")
    if not hits:
        return not_there(survey, what)
    days = [(day, hit) for hit in hits if (day := survey.last_change(hit.path)) is not None]
    if len(days) < len(hits):
        return Unknown(
            Gap.NOT_COLLECTED, f"{what}: when it changed is not known, its history is not readable"
        )
    day, hit = max(days)
    return Observed(day.isoformat(), cite_hits(survey, [hit]))


@remembered
def card_hits(survey: Survey) -> list[Hit]:
    """Return model cards and validation reports with content."""
    return _documents(survey, _CARD)


@remembered
def card_doubts(survey: Survey) -> tuple[Doubt, ...]:
    """Return the files in doubt that could be model cards."""
    return survey.doubts(_could(_CARD))


def _team_interfaces(survey: Survey) -> Iterator[Signal]:
    found: dict[str, list[Hit]] = {}
    for hit in _documents(survey, _TEAM_API):
        found.setdefault(_team_of(survey, hit.path), []).append(hit)
    owner = survey.view.repo.name.rpartition("/")[0]
    for team, hits in sorted(found.items()):
        yield Signal(TEAM_KEY, Subject.safe(SubjectKind.TEAM, owner, team), "git", _fresh(survey, hits))


def _team_of(survey: Survey, path: str) -> str:
    lines = survey.lines(path)
    fields = front_matter(lines)
    titles = [line.text for line in read_prose(lines) if line.level == 1][:1]
    match = _TEAM_TITLE.fullmatch(titles[0].strip()) if titles else None
    folder = _TEAM_FOLDER.search(path)
    choices = [
        fields.get("team", ("", 0))[0],
        folder[1] if folder else "",
        (match[1] or match[2]) if match else "",
        survey.view.repo.name.rpartition("/")[2],
    ]
    slugs = (re.sub(r"[\s_]+", "-", choice.strip().lower()).removeprefix("team-") for choice in choices)
    return next((slug for slug in slugs if _TEAM_NAME.fullmatch(slug)), "team")


def _fresh(survey: Survey, hits: list[Hit]) -> Reading:
    day = newest_change(survey, hits, (), "a description of how to work with the team")
    if not isinstance(day, Observed):
        return day
    fresh = str(day.value) >= (survey.view.as_of - timedelta(days=TEAM_API_DAYS)).isoformat()
    return Observed(fresh, day.evidence)
