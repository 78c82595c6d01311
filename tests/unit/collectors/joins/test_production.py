"""Which teams run in production on containers: never said of a team whose workload may be somewhere unread."""

from __future__ import annotations

import pytest

from cnmm_collectors import placement
from cnmm_collectors.joins.production import ProductionJoin
from cnmm_collectors.placement import Place, Sight
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Absent, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG, PROD, EAST = (Subject.parse(one) for one in ("org:acme", "cluster:prod", "cluster:east"))
TEAM = Subject.parse("team:acme/web")
CONTEXT = {"organisation": ORG, "now": "2026-11-23T00:00:00Z", "settled": True}


def facts(
    *places: Place, runs: bool = False, sight: Sight = Sight.WHOLE, declared: tuple[Subject, ...] = (PROD,),
    whole: bool = True,
) -> list[PersonFact]:  # fmt: skip
    return [
        placement.of_catalogue(ORG, whole),
        *placement.of_team(TEAM, places),
        *placement.of_cluster(PROD, sight, [TEAM] if runs else [], declared),
    ]


def judge(found: list[PersonFact], **context: object) -> Reading:
    (signal,) = ProductionJoin().join(found, {**CONTEXT, **context})
    assert signal.subject == TEAM
    return signal.reading


@pytest.mark.parametrize("places", [(), (Place.ABLE,), (Place.UNTOLD,)])
def test_a_workload_in_production_is_enough(places: tuple[Place, ...]) -> None:
    reading = judge(facts(*places, runs=True, sight=Sight.PARTIAL, whole=False), settled=False)
    assert isinstance(reading, Observed)
    assert reading.value is True
    assert "cluster:prod" in reading.evidence[0].excerpt


def test_a_managed_runtime_is_what_no_cluster_could_show() -> None:
    reading = judge(facts(Place.MANAGED, sight=Sight.PARTIAL))
    assert isinstance(reading, Observed)
    assert reading.value is True


def test_no_workload_anywhere_is_a_no_and_nothing_fit_for_containers_is_outside() -> None:
    reading = judge(facts(Place.ABLE, Place.UNABLE))
    assert isinstance(reading, Observed)
    assert reading.value is False
    assert isinstance(judge(facts(Place.UNABLE)), Absent)
    assert isinstance(judge(facts()), Absent)


@pytest.mark.parametrize("places", [(), (Place.ABLE,), (Place.UNABLE,)])
def test_what_was_not_read_denies_nothing(places: tuple[Place, ...]) -> None:
    dark = [
        facts(*places, sight=Sight.PARTIAL),
        facts(*places, declared=(PROD, EAST)),
        facts(*places, declared=()),
        facts(*places, whole=False),
        facts(*places, Place.UNTOLD),
    ]
    for found in dark:
        assert isinstance(judge(found), Unknown)
    assert isinstance(judge(facts(*places), settled=False), Unknown)


def test_a_cluster_apart_from_production_counts_for_nobody() -> None:
    found = [*facts(Place.ABLE), *placement.of_cluster(EAST, Sight.APART, [], [PROD])]
    reading = judge(found)
    assert isinstance(reading, Observed)
    assert reading.value is False
