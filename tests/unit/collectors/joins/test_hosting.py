"""What hosts and the roster show together: how soon juniors merge a change, and whether teams work upstream."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from cnmm_collectors import accounts
from cnmm_collectors.joins.newcomers import NewcomersJoin
from cnmm_collectors.joins.upstream import UpstreamJoin
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Interval, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG = Subject.parse("org:acme")
AS_OF = date(2026, 11, 22)
SINCE = AS_OF - timedelta(days=90)
CONTEXT: dict[str, Any] = {
    "organisation": ORG, "as_of": AS_OF, "now": "2026-11-22T06:00:00Z", "k": 5, "complete": True,
}  # fmt: skip


def told(join: Any, facts: Sequence[PersonFact], **context: Any) -> Reading:
    (signal,) = join.join(facts, {**CONTEXT, **context})
    return signal.reading


def whole(*, host: str = "whole", roster: str = "whole", changes: str = "whole") -> list[PersonFact]:
    return [
        PersonFact("", accounts.LISTED, host, "host", ORG),
        PersonFact("", accounts.LISTED, roster, "roster", ORG),
        PersonFact("", accounts.CHANGES, f"{changes} {SINCE}", "host", ORG),
    ]


def joiners(*days: tuple[int, int | None], account: bool = True) -> list[PersonFact]:
    """Return juniors who started so many days ago and merged so many days after, or have not yet."""
    facts = []
    for n, (ago, took) in enumerate(days):
        start = AS_OF - timedelta(days=ago)
        facts += [
            PersonFact(f"p{n}", "roster.member", "1", "roster", ORG),
            PersonFact(f"p{n}", "roster.alias", f"login{n}", "roster", ORG),
            PersonFact(f"p{n}", "roster.joined", f"junior {start}", "roster", ORG),
        ]
        if account:
            facts.append(PersonFact(f"login{n}", accounts.HOLDER, "person", "host", ORG))
        if took is not None:
            day = (start + timedelta(days=took)).isoformat()
            facts.append(PersonFact(f"login{n}", accounts.MERGED, day, "host", ORG))
    return facts


QUICK = [(60, 3), (50, 5), (40, 8), (30, 9), (20, 12)]


def ends(reading: Reading) -> tuple[int, int | None]:
    assert isinstance(reading, Observed)
    assert isinstance(reading.value, Interval)
    return int(reading.value.low), None if reading.value.high is None else int(reading.value.high)


def test_the_median_is_told_in_weeks_and_a_person_further_out_at_both_ends() -> None:
    # 3 5 8 9 12: the median is 8, its neighbours 5 and 9, outward in weeks 0 and 14.
    assert ends(told(NewcomersJoin(), [*whole(), *joiners(*QUICK)])) == (0, 14)
    slow = [(80, 30), (75, 36), (70, 40), (65, 45), (60, 50)]
    assert ends(told(NewcomersJoin(), [*whole(), *joiners(*slow)])) == (35, 49)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # A host whose changes or accounts were not read whole may hold earlier merges.
        ([*whole(changes="partial"), *joiners(*[(80, 50)] * 5)], (0, 56)),
        ([*whole(host="partial"), *joiners(*[(80, 50)] * 5)], (0, 56)),
        ([*whole(), *joiners(*[(80, 50)] * 5, account=False)], (0, 56)),
        # An account that the roster does not know may be a joiner's second one, with the earlier merge.
        *(
            ([*whole(), *joiners(*[(80, 50)] * 5), PersonFact("else", told_as, value, "host", ORG)], (0, 56))
            for told_as, value in ((accounts.HOLDER, "person"), (accounts.MERGED, SINCE.isoformat()))
        ),
        (
            [*whole(), *joiners(*[(80, 50)] * 5), PersonFact("bot", accounts.HOLDER, "robot", "host", ORG)],
            (49, 56),
        ),
        # Who started before the window may have merged before it too.
        ([*whole(), *joiners(*[(120, 50)] * 5)], (0, 56)),
        # Nobody has merged anything yet: at least as long as they are there.
        ([*whole(), *joiners(*[(80, None)] * 5)], (77, None)),
        ([*whole(), *joiners(*[(80, None)] * 5, account=False)], (0, None)),
    ],
)
def test_what_was_not_seen_leaves_its_end_open(facts: list[PersonFact], expected: tuple[int, Any]) -> None:
    assert ends(told(NewcomersJoin(), facts)) == expected


@pytest.mark.parametrize(
    "facts",
    [
        [*whole(), *joiners(*QUICK[:4])],
        [*whole(roster="partial"), *joiners(*QUICK)],
        [*whole(), *joiners(*QUICK), PersonFact("p9", "roster.joined", "junior", "roster", ORG)],
    ],
)
def test_few_joiners_or_a_roster_that_may_miss_one_are_unknown(facts: list[PersonFact]) -> None:
    assert isinstance(told(NewcomersJoin(), facts), Unknown)


def test_a_merge_less_never_narrows_the_median() -> None:
    facts = [*whole(), *joiners(*QUICK, (10, 2), (15, 14))]
    low, high = ends(told(NewcomersJoin(), facts))
    for left_out in [one for one in facts if one.attribute in (accounts.MERGED, accounts.HOLDER)]:
        fewer = [
            PersonFact("", accounts.CHANGES, f"partial {SINCE}", "host", ORG)
            if one.attribute == accounts.CHANGES else one
            for one in facts if one != left_out
        ]  # fmt: skip
        less_low, less_high = ends(told(NewcomersJoin(), fewer))
        assert less_low <= low
        assert less_high is None or (high is not None and less_high >= high)


def upstream(people: int, teams: int, known: bool = True) -> list[PersonFact]:
    facts = []
    for n in range(people):
        facts.append(PersonFact(f"login{n}", accounts.UPSTREAM, "1", "host", ORG))
        if known:
            facts += [
                PersonFact(f"p{n}", "roster.alias", f"login{n}", "roster", ORG),
                PersonFact(f"p{n}", "roster.team", f"t{n % teams}", "roster", ORG),
            ]
    return facts


def test_five_people_of_two_teams_show_it_and_nothing_shows_the_contrary() -> None:
    reading = told(UpstreamJoin(), upstream(5, 2))
    assert isinstance(reading, Observed)
    assert reading.value is True
    silent = {repr(told(UpstreamJoin(), facts)) for facts in (
        upstream(4, 2), upstream(1, 1), upstream(9, 1), upstream(9, 2, known=False), [],
    )}  # fmt: skip
    assert len(silent) == 1
    assert "Unknown" in silent.pop()
    assert isinstance(told(UpstreamJoin(), upstream(6, 2), k=7), Unknown)
