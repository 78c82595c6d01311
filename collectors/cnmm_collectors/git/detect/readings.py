"""From hits and doubts to one honest, cited reading for each key and subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar, cast

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git.detect.survey import Doubt, Survey
from cnmm_collectors.git.model import OUT_OF_USE, Component
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject

SOURCE = "git"
_Item = TypeVar("_Item", "Hit", Doubt)
CITED = 5
_UNPRINTABLE = re.compile(r"[^\w./:+ ,()=-]")
_PLAIN_PATH = re.compile(r"[\w./+-]{1,120}")


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A place that says yes: path, true lines (0 for the whole file), and words of our own about it."""

    path: str
    first: int = 0
    last: int = 0
    says: str = ""


def plain(text: str, limit: int = 120) -> str:
    """Return a stranger's word as fit for an excerpt: no `@`, quotes, control or mark-up characters, cut."""
    return _UNPRINTABLE.sub("?", text.partition("@")[0].strip())[:limit]


def cite_hits(survey: Survey, hits: Iterable[Hit]) -> tuple[Evidence, ...]:
    """Return citations of the first few hits in path order."""
    chosen = sorted(set(hits))[:CITED]
    return tuple(survey.view.cite.file(h.path, h.first, h.last, h.says) for h in chosen)


def not_there(survey: Survey, what: str) -> Absent:
    """Return an absence proven by the listing."""
    return Absent((survey.view.cite.tree(what),))


def doubtful(survey: Survey, doubts: Sequence[Doubt], what: str) -> Unknown:
    """Return the unknown that unread or malformed files cause."""
    first = doubts[0]
    name = first.path if _PLAIN_PATH.fullmatch(first.path) else "a file"
    more = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
    return Unknown(first.gap, f"{what}: {name}{more} could not be read or understood")


def flag(survey: Survey, hits: Sequence[Hit], doubts: Sequence[Doubt], what: str) -> Reading:
    """Return true where something was hit, unknown where a file in doubt could have, else false."""
    if hits:
        return Observed(True, cite_hits(survey, hits))
    if doubts:
        return doubtful(survey, doubts, what)
    return Observed(False, (survey.view.cite.tree(what),))


def tally_count(
    survey: Survey, count: int, hits: Sequence[Hit], doubts: Sequence[Doubt], what: str
) -> Reading:
    """Return an exact count, at least that many where files are in doubt, unknown where nothing was seen."""
    if count and doubts:
        return Observed(Interval(Fraction(count), None), cite_hits(survey, hits))
    if count:
        return Observed(count, cite_hits(survey, hits))
    if doubts:
        return doubtful(survey, doubts, what)
    return Observed(0, (survey.view.cite.tree(what),))


def outside(survey: Survey, component: Component) -> Reading | None:
    """Return why a component is not, or not known to be, in the measured population; None where it is."""
    if component.lifecycle.lower() in OUT_OF_USE:
        return not_there(
            survey, "components in use: this one is declared experimental, deprecated or archived"
        )
    if component.active is None:
        return Unknown(Gap.NOT_COLLECTED, "its history is not readable, so whether it is active is not known")
    if not component.active:
        return not_there(survey, "components in use: this one had no human change in the activity window")
    return None


def outside_repository(survey: Survey) -> Reading | None:
    """Return why none of a repository's components is in the measured population; None where one is."""
    reasons = [outside(survey, component) for component in survey.view.components]
    if not reasons or None in reasons:
        return None
    return next((r for r in reasons if isinstance(r, Unknown)), reasons[0])


Judge = Callable[[Component], Reading]


def by_component(survey: Survey, key: str, judge: Judge) -> Iterator[Signal]:
    """Yield one reading for each component, judged only where it is in the population."""
    for component in survey.view.components:
        reading = outside(survey, component) or judge(component)
        yield Signal(key, component.subject, SOURCE, reading)


def component_flags(
    survey: Survey, key: str, hits: Sequence[Hit], doubts: Sequence[Doubt], what: str
) -> Iterator[Signal]:
    """Yield a true, false or unknown for each component from the hits and doubts within it."""

    def judge(component: Component) -> Reading:
        return flag(survey, within(survey, component, hits), near(survey, component, doubts), what)

    yield from by_component(survey, key, judge)


def within(survey: Survey, component: Component, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits in files of a component."""
    return _grouped(survey, hits).get(component.subject, [])


def near(survey: Survey, component: Component, doubts: Sequence[Doubt]) -> list[Doubt]:
    """Return the doubts about files of a component."""
    return _grouped(survey, doubts).get(component.subject, [])


def _grouped(survey: Survey, items: Sequence[_Item]) -> dict[Subject, list[_Item]]:
    """Return the items by component; kept with the items themselves, so that their identity stays theirs."""
    known = survey.memory.get(("grouped", id(items)))
    if known is None:
        groups: dict[Subject, list[_Item]] = {}
        for item in items:
            for component in survey.holders(item.path):
                groups.setdefault(component.subject, []).append(item)
        known = survey.memory["grouped", id(items)] = (items, groups)
    return cast(dict[Subject, list[_Item]], known[1])


def of_repository(survey: Survey, key: str, reading: Reading) -> Signal:
    """Return a reading about the repository itself."""
    return Signal(key, survey.view.repo, SOURCE, reading)
