"""A repository that moves between the inventory and what is asked later is unknown, never one without changes."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.github import moving
from cnmm_collectors.signals import Unknown
from contract.judging import tells_no_more
from doubles.github.organisation import Organisation, acme
from doubles.github.server import serve
from unit.collectors.github.workshop import Scan

TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}
BY_CHANGES = ("host.review_coverage_ratio", "host.stalled_review_ratio", "host.change_lead_time_hours_p50")


def scan(org: Organisation, *faults: tuple[str, str]) -> Scan:
    with serve(org) as double:
        for place, fault in faults:
            double.faults.set(place, fault)
        return Scan(double, tracking=TRACKING, contents=False, clone=False)


def readings(found: Scan) -> dict[tuple[str, str], Any]:
    return {(one.key, str(one.subject)): one.reading for one in found.found.signals}


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str], Any]:
    return readings(scan(acme()))


def moved(name: str, to: str | None) -> Organisation:
    """Return an organisation whose later lists know a repository by another name, or no longer."""
    org = acme()
    org.moved[f"R_{name}"] = to
    other = (to or "").partition("/")[2]
    lists = (org.changes, org.stalled, org.issues)
    for rows in lists:
        own = [row for row in rows if row["repository"]["name"] == name]
        for row in own:
            if to is not None and to.startswith("acme/"):
                row["repository"] = {**row["repository"], "name": other}
            else:
                rows.remove(row)
    return org


@pytest.mark.parametrize("to", ["acme/checkout-2", "elsewhere/checkout", None])
def test_what_later_lists_miss_is_unknown_with_its_cause(to: str | None, truth: Any) -> None:
    found = readings(scan(moved("checkout", to)))
    for key, reading in found.items():
        assert tells_no_more(reading, truth.get(key)), (key, reading, truth.get(key))
    for key in BY_CHANGES[:2]:
        reading = found[key, "repo:acme/checkout"]
        assert isinstance(reading, Unknown)
        assert "while it was read" in reading.detail
        other, same = found[key, "repo:acme/portal"], truth[key, "repo:acme/portal"]
        assert getattr(other, "value", None) == getattr(same, "value", None)
        assert type(other) is type(same)


def test_a_list_of_the_host_that_names_it_otherwise_denies_nothing() -> None:
    org = acme()
    org.attested = {"provenance": ["checkout"], "sbom": ["checkout"]}
    truth = readings(scan(org))
    later = moved("checkout", "acme/checkout-2")
    later.attested = {"provenance": ["checkout-2"], "sbom": ["checkout-2"]}
    later.alerts = {}
    found = readings(scan(later))
    assert (
        truth["host.release_sbom_ratio", "repo:acme/checkout"]
        != found["host.release_sbom_ratio", "repo:acme/checkout"]
    )
    for key, reading in found.items():
        assert key[1] != "repo:acme/checkout" or tells_no_more(reading, truth.get(key)), (key, reading)


def test_every_list_of_the_second_look_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> dict[Any, Any]:
        found = readings(scan(moved("checkout", None)))
        return {
            key: (type(one), getattr(one, "value", None), getattr(one, "detail", ""))
            for key, one in found.items()
        }

    usual = told()
    monkeypatch.setattr(moving, "LONGEST", 1)
    monkeypatch.setattr(moving, "BATCH", len(moving.LISTS))
    assert told() == usual


def test_without_a_second_look_the_lists_would_deny_what_was_there(truth: Any) -> None:
    org = moved("checkout", None)
    org.moved.clear()
    found = readings(scan(org))
    assert not all(tells_no_more(one, truth.get(key)) for key, one in found.items())


@pytest.mark.parametrize(
    "faults",
    [
        (("places", "all forbidden"),), (("places", "502"),),
        (("repos/acme/ledger/code-scanning", "hidden"),), (("repos/acme/ledger/code-scanning", "gone"),),
        (("repos/acme/ledger/code-scanning", "elsewhere"),), (("environments", "all forbidden"),),
    ],
)  # fmt: skip
def test_a_host_that_does_not_say_where_it_is_now_denies_nothing(faults: Any, truth: Any) -> None:
    for key, reading in readings(scan(acme(), *faults)).items():
        assert tells_no_more(reading, truth.get(key)), (key, reading, truth.get(key))
