"""A practice that was observed counts as the setting that is sold, and lint holds every row to that."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnmm_collectors import registry
from cnmm_rules.criteria import AllOf, Compare, NOf, Test
from cnmm_rules.equivalence import EQUIVALENT, paid_alone
from cnmm_rules.ranges import Comparison, Operator


def asks(key: str, operator: Operator = Operator.ABOVE) -> Compare:
    return Compare(key, Comparison(operator, Fraction(1, 2)))


PUSH, SCAN = asks("host.push_protection_ratio"), asks("ci.secret_scan_ratio")


@pytest.mark.parametrize(
    ("test", "found"),
    [
        (PUSH, ["host.push_protection_ratio"]),
        (AllOf((PUSH, SCAN)), ["host.push_protection_ratio"]),
        (NOf(2, (PUSH, SCAN, SCAN)), ["host.push_protection_ratio"]),
        (NOf(1, (PUSH, SCAN)), []),
        (NOf(1, (AllOf((PUSH, asks("ci.pipeline_ratio"))), AllOf((SCAN, asks("ci.pipeline_ratio"))))), []),
        (NOf(1, (PUSH, asks("ci.pipeline_ratio"))), ["host.push_protection_ratio"]),
        (asks("host.push_protection_ratio", Operator.BELOW), []),
        (asks("host.mfa_enforced"), []),
    ],
)
def test_a_setting_alone_is_found(test: Test, found: list[str]) -> None:
    assert list(paid_alone(test)) == found


def test_the_table_names_declared_signals() -> None:
    known = registry.load()
    assert all(name in known for pair in EQUIVALENT.items() for name in (pair[0], *pair[1]))
    hosts = {"github", "gitlab"}
    for pair in EQUIVALENT.items():
        sources = [{source.name for source in known[name].sources} for name in (pair[0], *pair[1])]
        assert any(hosts <= each for each in sources), f"{pair[0]}: no host shows it or a practice of it"
