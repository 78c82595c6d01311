"""Answers nobody here wrote: each one of python-gitlab's tests, given to every REST question of the collector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.projects import row_of
from cnmm_collectors.gitlab.rights import Sight, Subscription, Tier, read_sight
from cnmm_collectors.gitlab.scanners import read_push_protection
from cnmm_collectors.hosts.facts import Read, Unread
from cnmm_collectors.signals import Unknown
from doubles.gitlab.organisation import ULTIMATE, Organisation, project
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import Scan, reader, settings

FEW = 12


@pytest.fixture(scope="module")
def answers(recorded: dict[str, list[Any]]) -> list[Any]:
    """Give the answers of all files, each once, the largest first."""
    texts = {
        json.dumps(one, sort_keys=True): one for many in recorded.values() for one in many if is_json(one)
    }
    return [texts[key] for key in sorted(texts, key=len, reverse=True)]


def is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def test_there_are_many(answers: list[Any]) -> None:
    assert len(answers) > 100


def test_a_push_rule_is_read_as_the_host_writes_it(recorded: dict[str, list[Any]]) -> None:
    rules = [one for one in recorded["test_groups"] if isinstance(one, dict) and "prevent_secrets" in one]
    assert rules
    org = Organisation(projects=[project("shop", push_protection=False, push_rule=rules[0])])
    with serve(org) as double:
        client = Client(reader(), settings(double))
        sight = read_sight(client, "acme")
        row = row_of(client, "acme", client.get("/projects/acme%2Fshop")[0], "/projects/1")
        assert row is not None
        found = read_push_protection(client, sight, row)
    assert isinstance(found, Read)
    assert found.value is rules[0]["prevent_secrets"]


def test_a_project_of_theirs_is_a_row_or_nothing(answers: list[Any]) -> None:
    with serve(Organisation()) as double:
        client = Client(reader(), settings(double))
        rows = [one for many in answers for one in (many if isinstance(many, list) else [many])]
        full = [one for one in rows if isinstance(one, dict) and "path_with_namespace" in one]
        assert full
        for one in full:
            place = str(one["path_with_namespace"]).partition("/")[0]
            row = row_of(client, place, one, "/projects/1")
            # Without `archived` nothing says whether it is in use.
            assert row is None or row.data["id"] == one["id"]


@pytest.mark.parametrize("position", range(FEW))
def test_no_answer_meant_for_another_question_becomes_a_fact(answers: list[Any], position: int) -> None:
    wrong = answers[:: max(1, len(answers) // FEW)][position]
    org = Organisation(projects=[project("shop")])
    with serve(org) as double:
        double.rest = lambda _: (200, wrong)
        found = Scan(double)
    assert not found.found.populations
    assert all(isinstance(one.reading, Unknown) for one in found.found.signals)
    assert found.found.ledger


def test_a_plan_or_role_out_of_another_answer_is_no_plan(answers: list[Any]) -> None:
    with serve(Organisation(tier=ULTIMATE)) as double:
        client = Client(reader(), settings(double))
        for wrong in answers[::10]:
            double.rest = lambda _, wrong=wrong: (200, wrong)
            sight: Sight = read_sight(client, "acme")
            assert sight.subscription.least is Tier.FREE
            lacking = Subscription(Tier.FREE, Tier.ULTIMATE, "").lacking(Tier.PREMIUM, "it")
            assert isinstance(lacking, Unread)
