"""What deployments say: by whom, how fast, how many had to be repaired."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors.hosts.alerts import fixed_by_owner
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.deployments import FAILED, LEAD, OWN, Delivery, Deployment, delivery_readings
from cnmm_collectors.hosts.facts import Alert, Change, Repository, Standing, Unread
from cnmm_collectors.signals import Absent, Gap, Interval, Observed
from unit.collectors.hosts.test_tracking import AS_OF, CITE, ago, item

TEAMS = Belonging({"ann": frozenset({"web"}), "pia": frozenset({"base"})}, {"shop": ("web",)})


def deployed(
    days: float, commit: str = "c", starter: str = "ann", human: bool = True, ok: bool = True
) -> Deployment:
    return Deployment("shop", commit, ago(days), starter, human, ok)


def merged(days: float, begun: float | None = None, author: str = "ann", **more: Any) -> Change:
    at = None if begun is None else ago(begun)
    return Change("shop", author, True, ago(days + 1), ago(days), (), True, begun_at=at, **more)


def value(key: str, deployments: Any, changes: Any = (), incidents: Any = (), **more: Any) -> Any:
    base: dict[str, Any] = {"changes_why": None, "belonging": TEAMS, "as_of": AS_OF}
    one = Delivery("shop", deployments, changes, incidents=incidents, **{**base, **more})
    found = delivery_readings(one, CITE)[key]
    return (
        found.value if isinstance(found, Observed) else "absent" if isinstance(found, Absent) else found.gap
    )


@pytest.mark.parametrize("key", [OWN, LEAD, FAILED])
def test_without_records_nothing_is_known(key: str) -> None:
    assert value(key, ()) is Gap.NOT_COLLECTED
    assert value(key, Unread(Gap.NOT_PERMITTED, "needs deployments: read")) is Gap.NOT_PERMITTED


def test_whose_deployments() -> None:
    three = [deployed(3), deployed(2, starter="pia"), deployed(1, starter="robot", human=False)]
    assert value(OWN, three) == Fraction(2, 3)
    assert value(OWN, three, belonging=Belonging(None, {"shop": ("web",)})) == Interval(
        Fraction(1, 3), Fraction(1)
    )
    assert value(OWN, three, belonging=Belonging({}, {})) is Gap.NOT_VISIBLE
    assert value(OWN, [deployed(3), deployed(2, starter="")]) == Interval(Fraction(1, 2), Fraction(1))


def test_lead_time() -> None:
    live = [deployed(8, ok=False), deployed(7), deployed(1)]
    assert value(LEAD, live, [merged(9, 9.5)]) == Fraction(60)
    assert value(LEAD, live, [merged(9, 9.5), merged(0.5, 0.5)]) == Interval(Fraction(36), None)
    assert value(LEAD, live) == "absent"
    assert value(LEAD, live, [merged(9)]) is Gap.NOT_PERMITTED
    assert value(LEAD, live, [merged(9, 9)], changes_why=Unread(Gap.RATE_LIMITED, "")) is Gap.RATE_LIMITED


def test_failures() -> None:
    calm = [deployed(9, "a"), deployed(7, "b"), deployed(5, "c"), deployed(3, "d")]
    assert value(FAILED, calm) == 0
    assert value(FAILED, calm, incidents=None) == Interval(Fraction(0), Fraction(1))
    back = [*calm, deployed(2.5, "c")]
    assert value(FAILED, back) == Fraction(1, 5)
    late = [*calm, deployed(1.5, "c")]
    assert value(FAILED, late) == 0
    assert value(FAILED, calm, incidents=[item(opened=6.5)]) == Fraction(1, 4)
    assert value(FAILED, calm, incidents=[item(opened=5.5)]) == 0
    mended = [*calm, deployed(2.5, "e")]
    assert value(FAILED, mended, [merged(2.8, 2.9, repairs=True)]) == Fraction(1, 5)
    assert value(FAILED, mended, [merged(2.8, 2.9)]) == 0
    assert value(FAILED, [deployed(3, ok=False)]) is Gap.NOT_COLLECTED


def fixed(days: float) -> Alert:
    return Alert("shop", True, ago(50), ago(days), False)


def by_owner(alerts: Any, changes: Any, why: Any = None, belonging: Belonging = TEAMS) -> Any:
    one = Repository("shop", "R", Standing.ACTIVE, "", "main", CITE)
    found = fixed_by_owner(one, alerts, why or {}, changes, belonging, AS_OF)
    return found.value if isinstance(found, Observed) else found.gap  # type: ignore[union-attr]


def test_alerts_fixed_by_the_owning_team() -> None:
    soon = timedelta(hours=1) / timedelta(days=1)
    change, robot = merged(5), Change("shop", "bot", False, ago(9), ago(8), (), True, merger="ann")
    other = merged(3, author="pia")
    assert by_owner([fixed(5 - soon)], [change]) == 1
    assert by_owner([fixed(8 - soon)], [robot]) == 1
    assert by_owner([fixed(5 - soon), fixed(3 - soon)], [change, other]) == Fraction(1, 2)
    assert by_owner([fixed(5 - soon), fixed(20)], [change]) == Interval(Fraction(1, 2), Fraction(1))
    assert by_owner([fixed(200)], [change]) is Gap.NOT_COLLECTED
    assert by_owner([], [change]) is Gap.NOT_COLLECTED
    assert by_owner([fixed(5)], [change], belonging=Belonging(None, {})) is Gap.NOT_VISIBLE
    assert by_owner([fixed(5)], [change], {"all": Unread(Gap.NOT_PERMITTED, "")}) is Gap.NOT_PERMITTED
    assert by_owner([fixed(5 - soon)], [change], {"secret-scanning": Unread(Gap.NOT_ENABLED, "")}) == 1
