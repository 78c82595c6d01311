"""Person facts for joins: pseudonyms, groups and days, encrypted in the run and gone after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cnmm_collectors import accounts
from cnmm_collectors.people.courses import Topic
from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.history import YEAR
from cnmm_collectors.people.learning import Span
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.subjects import Subject

_POPULATIONS = ("engineers", "cloud-native", "developers", "operations", "ml")
_LEARNED = ((Topic.LAB, "training.lab"), (Topic.CLOUD_NATIVE, "training.cloud_native"))


def person_facts(exports: Exports, org: Subject) -> Iterator[PersonFact]:
    """Yield who is in which population and team, under every pseudonym, and who did a lab this year."""
    for kind in exports.missing:
        exports.registers.lost(kind)
    yield from exports.registers.facts(org)
    if not exports.rostered:
        return
    yield accounts.listed("training", org, not exports.learning.partial and "training" not in exports.missing)
    yield accounts.listed("roster", org, not exports.roster.hides and "roster" not in exports.missing)
    told = _told(exports)
    for number in exports.roster.people:
        # Whoever is known by a disputed address alone has no pseudonym left; the roster is not whole then.
        first, *others = sorted(exports.roster.directory.aliases[number]) or [""]
        if not first:
            continue
        yield PersonFact(first, "roster.member", "1", "roster", org)
        for other in others:
            yield PersonFact(first, "roster.alias", other, "roster", org)
        for members, attribute, value, source in told:
            if number in members:
                yield PersonFact(first, attribute, value, source, org)
        yield from _joined(exports, number, first, org)
        for team in exports.roster.people[number].teams & exports.groups.teams.keys():
            yield PersonFact(first, "roster.team", "-".join(team.casefold().split()), "roster", org)


def _joined(exports: Exports, number: int, first: str, org: Subject) -> Iterator[PersonFact]:
    """Yield since when a junior has been there; without a day where the roster does not say."""
    person = exports.roster.people[number]
    if person.standing != "junior":
        return
    hired, today = person.hired, exports.as_of
    if hired is None:
        yield PersonFact(first, "roster.joined", "junior", "roster", org)
    elif today - timedelta(days=YEAR) <= hired <= today:
        yield PersonFact(first, "roster.joined", f"junior {hired}", "roster", org)


def _told(exports: Exports) -> list[tuple[frozenset[int], str, str, str]]:
    """Return who a fact holds for, with its attribute, value and source."""
    populations = [(exports.groups.get(name), "roster.population", name, "roster") for name in _POPULATIONS]
    learned = [
        (exports.learning.learners(topic, Span.YEAR), attribute, "1", "training")
        for topic, attribute in _LEARNED
    ]
    return [*populations, *learned]
