"""Person facts for joins: pseudonyms, groups and days, encrypted in the run and gone after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from cnmm_collectors import accounts
from cnmm_collectors.people.courses import Topic
from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.groups import make_groups
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
    whole = exports.failed("training") is None and "training" not in exports.missing
    yield accounts.listed("training", org, whole and not exports.learning.partial)
    yield accounts.listed("roster", org, exports.roster.unread == 0 and "roster" not in exports.missing)
    groups = make_groups(exports.roster)
    teams: dict[int, list[str]] = defaultdict(list)
    for team, members in groups.teams.items():
        for number in members:
            teams[number].append("-".join(team.casefold().split()))
    year = (exports.as_of - timedelta(days=365)).toordinal()
    for number in exports.roster.people:
        first, *others = sorted(exports.roster.directory.aliases[number])
        for attribute, value in (
            ("roster.member", "1"),
            *(("roster.alias", other) for other in others),
            *(("roster.population", name) for name in _POPULATIONS if number in groups.get(name)),
            *(("roster.team", team) for team in teams[number]),
        ):
            yield PersonFact(first, attribute, value, "roster", org)
        for topic, attribute in _LEARNED:
            if exports.learning.did(number, topic, year):
                yield PersonFact(first, attribute, "1", "training", org)
