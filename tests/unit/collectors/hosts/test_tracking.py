"""What issues and boards say of a team: present, provably not, and not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.facts import Change, Right, Team, Unread
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.tracker import Tracking
from cnmm_collectors.hosts.tracking import (
    ACTIONS,
    DEBT,
    HOURS,
    ITERATION,
    RATE,
    TEAM_SIGNALS,
    TOUCH,
    UNPLANNED,
    Board,
    Desk,
    Item,
    Work,
    median_hours,
    support_reading,
    team_work,
)
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading

AS_OF = date(2026, 11, 20)
CITE = (
    Evidence("github", "POST https://h/graphql 200", "q", "sha256:" + "0" * 64, "2026-11-20T00:00:00Z",
             "2026-11-20T00:00:00Z", "github 1"),
)  # fmt: skip
PEOPLE = frozenset({"ann", "ben", "cat", "dan", "eve"})
REFUSED = Unread(Gap.NOT_PERMITTED, "needs issues: read")


def ago(days: float) -> datetime:
    return datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=days)


def item(repository: str = "shop", opened: float = 10, closed: float | None = None, **more: Any) -> Item:
    end = None if closed is None else ago(closed)
    base: dict[str, Any] = {
        "author": "ann", "moved_at": end or ago(opened), "labels": frozenset(), "planned": False,
        "by_change": False,
    }  # fmt: skip
    labels = frozenset(more.pop("labels", ()))
    return Item(repository, opened_at=ago(opened), closed_at=end, **{**base, **more, "labels": labels})


def team(slug: str, repository: str, members: frozenset[str] = PEOPLE, size: int = 5) -> Team:
    return Team(slug, "", {repository: Right.ADMIN}, True, size, CITE, members)


def desk(
    items: Iterable[Item] = (), boards: Iterable[Board] = (), debt: tuple[int, int] = (0, 0),
    why: Unread | None = None, changes: tuple[Change, ...] = (), **tracking: Any,
) -> Desk:  # fmt: skip
    teams = (team("web", "shop"), team("base", "infra", frozenset({"pia", "quinn"}), 2))
    owned = {"shop": ("web",), "infra": ("base",)}
    ownership = Ownership(teams, frozenset(), owned, owned, {}, True)
    belonging = Belonging({**dict.fromkeys(PEOPLE, frozenset({"web"})), "pia": frozenset({"base"})}, owned)
    work = Work(tuple(items), tuple(boards), {"shop": debt, "infra": (0, 0)}, why=why)
    return Desk(work, changes, None, Tracking(**tracking), ownership, belonging, AS_OF)


def read(key: str, at: Desk) -> Reading:
    return team_work(at.ownership.teams[0], at, CITE)[key]


def value(key: str, at: Desk) -> Any:
    found = read(key, at)
    return (
        found.value if isinstance(found, Observed) else "absent" if isinstance(found, Absent) else found.gap
    )


@pytest.mark.parametrize(
    ("at", "want"),
    [
        (desk([item(planned=True)]), True),
        (desk(boards=[Board(frozenset({"web"}), frozenset(), ago(89))]), True),
        (desk(boards=[Board(frozenset(), frozenset({"shop"}), ago(89))]), True),
        (desk(boards=[Board(frozenset({"web"}), frozenset(), ago(91))]), False),
        (desk([item(opened=120, planned=True)]), False),
        (desk([item()]), Gap.NOT_COLLECTED),
        (desk(boards=[Board(frozenset({"base"}), frozenset(), ago(1))]), Gap.NOT_COLLECTED),
        (desk(why=REFUSED), Gap.NOT_PERMITTED),
    ],
)
def test_iterations(at: Desk, want: Any) -> None:
    assert value(ITERATION, at) == want


@pytest.mark.parametrize(
    ("at", "want"),
    [
        (desk([item(labels=["debt"], closed=3, by_change=True)], debt=(4, 5)), True),
        (desk([item(labels=["debt"], closed=3)], debt=(4, 5)), False),
        (desk([item(labels=["debt"], closed=3)], debt=(0, 5)), True),
        (desk([item(labels=["debt"], closed=3, by_change=True, opened=400)], debt=(4, 5)), True),
        (desk(debt=(4, 5)), False),
        (desk(debt=(0, 5)), Gap.NOT_COLLECTED),
        (desk(), Gap.NOT_COLLECTED),
        (desk(debt=(4, 5), why=REFUSED), Gap.NOT_PERMITTED),
    ],
)
def test_debt(at: Desk, want: Any) -> None:
    assert value(DEBT, at) == want


def test_opening_an_item_of_debt_lowers_nothing() -> None:
    closed = item(labels=["debt"], closed=3, by_change=True)
    assert value(DEBT, desk([closed], debt=(1, 2))) == value(
        DEBT, desk([closed, item(labels=["debt"])], debt=(2, 3))
    )


def test_requests_are_those_of_the_team_in_the_places_that_are_named() -> None:
    items = [
        item("infra", opened=20, closed=19), item("infra", opened=10, closed=9.5), item("infra", opened=5, closed=4),
        item("infra", author="pia"), item("shop"), item("infra", opened=95, closed=94),
    ]  # fmt: skip
    at = desk(items, requests=["infra"], platform=["base"])
    assert (value(RATE, at), value(HOURS, at)) == (1, 24)
    assert value(RATE, desk(items)) is Gap.NOT_COLLECTED
    assert value(RATE, desk(items, requests=["gone"])) is Gap.NOT_VISIBLE
    assert value(RATE, desk(items, requests=["infra"], why=REFUSED)) is Gap.NOT_PERMITTED


def test_what_was_never_answered_took_long_so_far() -> None:
    at = desk([item("infra", opened=20, closed=19), item("infra", opened=10)], requests=["infra"])
    assert value(HOURS, at) == Interval(Fraction(24 + 240, 2), None)
    assert value(HOURS, desk(requests=["infra"])) == "absent"
    assert value(RATE, desk(requests=["infra"])) == 0


def test_a_small_team_has_no_numbers() -> None:
    at = desk(teams=["*"], requests=["infra"])
    small = replace(at.ownership.teams[0], size=4)
    found = team_work(small, at, CITE)
    assert {getattr(found[key], "gap", None) for key in (RATE, HOURS, UNPLANNED, ACTIONS)} == {
        Gap.NOT_VISIBLE
    }


def test_platform_interaction() -> None:
    change = Change("infra", "ben", True, ago(3), ago(2), (), True)
    assert value(TOUCH, desk()) is Gap.NOT_COLLECTED
    assert value(TOUCH, desk(platform=["gone"])) is Gap.NOT_VISIBLE
    assert value(TOUCH, desk(platform=["base"])) is False
    assert value(TOUCH, desk([item("infra")], platform=["base"])) is True
    assert value(TOUCH, desk([item("infra", opened=100)], platform=["base"])) is False
    assert value(TOUCH, desk(changes=(change,), platform=["base"])) is True
    assert value(TOUCH, desk(why=REFUSED, platform=["base"])) is Gap.NOT_PERMITTED
    assert value(TOUCH, desk(platform=["web"])) == "absent"


def test_unplanned_work() -> None:
    typed = [item(closed=1, labels=["bug"]), *[item(closed=1, labels=["feature"])] * 9]
    assert value(UNPLANNED, desk(typed, teams=["web"])) == Fraction(1, 10)
    assert value(UNPLANNED, desk([*typed, item(closed=1)], teams=["web"])) == Interval(
        Fraction(1, 11), Fraction(2, 11)
    )
    assert value(UNPLANNED, desk([*typed, *[item(closed=1)] * 4], teams=["*"])) is Gap.NOT_COLLECTED
    assert value(UNPLANNED, desk(typed)) is Gap.NOT_COLLECTED
    assert value(UNPLANNED, desk(teams=["web"])) is Gap.NOT_COLLECTED


def test_actions_of_reviews() -> None:
    items = [item(labels=["postmortem"], closed=1), item(labels=["action item"]), item(labels=["bug"])]
    assert value(ACTIONS, desk(items, teams=["web"])) == Fraction(1, 2)
    assert value(ACTIONS, desk(teams=["web"])) is Gap.NOT_COLLECTED
    assert value(ACTIONS, desk(items)) is Gap.NOT_COLLECTED


def test_a_team_that_owns_nothing_is_outside() -> None:
    at = desk()
    idle = replace(at.ownership.teams[0], slug="idle")
    assert {key: type(reading) for key, reading in team_work(idle, at, CITE).items()} == dict.fromkeys(
        TEAM_SIGNALS, Absent
    )
    open_ = replace(at, ownership=replace(at.ownership, whole=False))
    assert team_work(idle, open_, CITE) == {}


def test_support_needs_ten_who_replied() -> None:
    many = tuple(f"r{n}" for n in range(9))
    at = desk([item("infra", replies=(*many, "pia"))], requests=["infra"])
    found = support_reading(at, CITE)
    assert isinstance(found, Observed)
    assert found.value == Interval(Fraction(0), Fraction(2, 10))
    few = support_reading(desk([item("infra", replies=many)], requests=["infra"]), CITE)
    assert not isinstance(few, Observed)
    unread = support_reading(desk([item("infra")], requests=["infra"]), CITE)
    assert not isinstance(unread, Observed)


@pytest.mark.parametrize(
    ("spans", "want"),
    [
        ([(ago(1), ago(0))], 24),
        ([(ago(1), ago(0)), (ago(2), ago(0))], 36),
        ([(ago(1), None)], Interval(Fraction(24), None)),
        ([(ago(1), ago(0)), (ago(3), ago(0)), (ago(2), None)], Interval(Fraction(48), Fraction(72))),
        ([(ago(1), ago(0)), (ago(1), ago(0)), (ago(9), None)], 24),
    ],
)
def test_median(spans: Any, want: Any) -> None:
    assert median_hours(spans, AS_OF) == want
