"""What counts the same as what is set or declared: the practice itself, wherever it was observed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnmm_collectors.signals import split_key
from cnmm_rules.criteria import AllOf, Compare, NOf, ShareOf, Test, keys_of
from cnmm_rules.ranges import Operator

EQUIVALENT: Mapping[str, tuple[str, ...]] = {
    "host.push_protection_ratio": ("ci.secret_scan_ratio",),
    "host.secret_scanning_ratio": ("ci.secret_scan_ratio",),
    "host.dependency_alert_ratio": ("ci.image_scan_ratio",),
    "host.required_security_check_ratio": ("ci.policy_test_ratio", "host.security_check_run_ratio"),
    "ci.provenance_ratio": ("host.release_provenance_ratio",),
    "ci.sbom_ratio": ("host.release_sbom_ratio",),
}
"""What is set or declared, and the practices any of which a row that asks for it takes as well, everywhere.

`host.branch_protection_ratio` counts reviewed changes itself where the plan has no rule of approval.
"""
_ASKING = (Operator.ABOVE, Operator.AT_LEAST)


def paid_alone(test: Test) -> Iterator[str]:
    """Yield each setting of the table that a test asks for without one of its practices beside it."""
    yield from _walk(test, frozenset())


def _walk(test: Test, beside: frozenset[str]) -> Iterator[str]:
    if isinstance(test, AllOf | NOf):
        for position, one in enumerate(test.tests):
            others = test.tests[:position] + test.tests[position + 1 :]
            free = isinstance(test, NOf) and test.n == 1
            yield from _walk(one, beside | {_id(key) for other in others for key in keys_of(other) if free})
    elif isinstance(test, Compare | ShareOf) and test.comparison.operator in _ASKING:
        practices = EQUIVALENT.get(_id(test.key), ())
        if practices and not beside.intersection(practices):
            yield _id(test.key)


def _id(key: str) -> str:
    return split_key(key)[0]
