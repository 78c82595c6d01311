"""What the documentation says of each tier is what a scan of that tier shows."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cnmm_collectors import registry
from cnmm_collectors.gitlab.collector import GitLabCollector
from cnmm_collectors.gitlab.rights import Tier
from cnmm_collectors.hosts.support import UNASKED, cell, signals_of
from cnmm_collectors.signals import Gap, Unknown, split_key
from doubles.gitlab.organisation import DEVELOPER, acme
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import Scan

NEEDS = GitLabCollector.support
OF_THE_SHARED_HOST = {"host.sso_linked_member_ratio"}
ELSEWHERE = {"host.support_reply_concentration"}
"""Published only where ten people replied, which the group of the double is too small for."""


@cache
def scan(tier: str) -> Scan:
    org = acme()
    org.tier, org.administrator, org.assistant, org.shares_usage = tier, True, 3, True
    next(one for one in org.groups if one["path"] == "web")["members"] |= {
        f"crew-{number}": DEVELOPER for number in range(4)
    }
    tracking = {"teams": ["*"], "requests": ["ledger"], "platform": ["payments"]}
    with serve(org) as double:
        return Scan(double, tracking=tracking, tier=tier)


@pytest.mark.parametrize("tier", [tier.name.lower() for tier in Tier])
def test_a_tier_answers_what_the_matrix_says(tier: str) -> None:
    readings: dict[str, list[object]] = {}
    for one in scan(tier).found.signals:
        readings.setdefault(split_key(one.key)[0], []).append(one.reading)
    for signal in signals_of(NEEDS):
        if signal in OF_THE_SHARED_HOST | ELSEWHERE:
            continue
        said = cell(NEEDS, signal, Tier[tier.upper()])
        if signal.startswith("ci."):
            # Of pipelines the host proves what it shows and is silent about the rest.
            assert (signal in readings) is (said == "yes"), signal
            continue
        told = [one for one in readings[signal] if not isinstance(one, Unknown)]
        licensed = [
            one for one in readings[signal] if not (isinstance(one, Unknown) and one.gap is Gap.NOT_LICENSED)
        ]
        if said == "not licensed" and signal != "host.alert_fixed_by_owner_ratio":
            assert len(licensed) < len(readings[signal]), signal
        if said == "yes":
            assert told, signal


def test_what_is_not_asked_for_points_to_signals_that_are_declared() -> None:
    named = {name for *_, why in UNASKED for name in re.findall(r"`([^`]+)`", why)}
    assert named
    assert named <= set(registry.load())


def test_every_signal_of_the_matrix_is_declared() -> None:
    assert set(signals_of(NEEDS)) <= {spec.id for spec in GitLabCollector.signals}
