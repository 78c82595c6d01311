"""Repositories that were generated from a shared template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from cnmm_collectors.git.detect.readings import Hit, flag, not_there, of_repository
from cnmm_collectors.git.detect.survey import Survey
from cnmm_collectors.signals import Gap, Reading, Signal, Unknown

KEYS = ("git.template_derived_repo_ratio",)
WHAT = "traces of a shared template"
NEW_DAYS = 365
_ANSWERS = re.compile(
    r"(\.copier-answers[\w.-]*\.ya?ml|\.cruft\.json|\.cookiecutter\.json|copier-answers[\w.-]*\.ya?ml)"
)
_SOURCE = re.compile(r"^\s*\"?(_src_path|template)\"?\s*:\s*\"?\S", re.MULTILINE)
_SCAFFOLDED = re.compile(
    r"^\s+backstage\.io/(source-template|created-from-template|template-origin)\s*:\s*\S", re.MULTILINE
)


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield whether a repository of the last twelve months came from a template."""
    yield of_repository(survey, KEYS[0], _derived(survey))


def _derived(survey: Survey) -> Reading:
    if not survey.view.entries:
        return not_there(survey, "repositories with content: this one is empty")
    began = _began(survey)
    if began is None:
        return Unknown(Gap.NOT_COLLECTED, "when the repository began is not known: its history is not whole")
    if began < survey.view.as_of - timedelta(days=NEW_DAYS):
        return not_there(survey, "repositories begun in the last 365 days: this one is older")
    doubts = survey.doubts(lambda path: bool(_ANSWERS.fullmatch(path)) or path.startswith("catalog-info."))
    return flag(survey, list(_traces(survey)), doubts, WHAT)


def _began(survey: Survey) -> date | None:
    """Return the day of the first commit, or a day by which there were some already that is old enough."""
    if "" in survey.dates:
        begun = survey.first_change("")
        known = survey.last_change("")
    else:
        days = [survey.first_change(entry.path) for entry in survey.view.entries]
        known = min((day for day in days if day is not None), default=None)
        begun = None if None in days else known
    if known is not None and known < survey.view.as_of - timedelta(days=NEW_DAYS):
        return known
    return begun


def _traces(survey: Survey) -> Iterator[Hit]:
    for path in survey.readable:
        if _ANSWERS.fullmatch(path.rpartition("/")[2]):
            pattern = _SOURCE
        elif path.rpartition("/")[2].startswith("catalog-info."):
            pattern = _SCAFFOLDED
        else:
            continue
        match = pattern.search(survey.text(path))
        if match:
            line = survey.text(path).count("\n", 0, match.end()) + 1
            yield Hit(path, line, line, "made from a template")
