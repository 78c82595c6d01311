"""The collector read against GitHub's published examples: answers that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cnmm_collectors.github.client import Client
from cnmm_collectors.github.security import read_assistant, read_scans, read_security
from cnmm_collectors.hosts.facts import Read, Repository, Standing, Unread
from cnmm_collectors.hosts.outcomes import Kind
from doubles.github.examples import Examples
from doubles.github.organisation import Organisation, repository
from doubles.github.server import Double, serve
from unit.collectors.github.workshop import Scan, reader, settings


@pytest.fixture(scope="module")
def double(published_api: Path) -> Iterator[Double]:
    org = Organisation(login="octocat", repositories=[repository("Hello-World", "octocat")])
    with serve(org) as one:
        one.rest = Examples(published_api, one.url).answer
        yield one


@pytest.fixture
def client(double: Double) -> Client:
    return Client(reader(), settings(double))


@pytest.mark.parametrize(
    "path",
    [
        "/orgs/octocat", "/repos/octocat/Hello-World", "/orgs/octocat/copilot/billing",
        "/repos/octocat/Hello-World/code-scanning/analyses",
    ],
)  # fmt: skip
def test_a_published_example_is_an_answer(client: Client, path: str) -> None:
    body, outcome = client.get(path)
    assert outcome.kind is Kind.PRESENT
    assert body


@pytest.mark.parametrize("kind", ["dependabot", "secret-scanning", "code-scanning"])
def test_published_alerts_are_read(client: Client, kind: str) -> None:
    found = client.listing(f"/orgs/octocat/{kind}/alerts")
    assert found.complete
    assert found.rows


def test_published_alerts_are_understood(client: Client) -> None:
    scans = read_scans(client, "octocat", date(2022, 7, 1), 730, 90)
    assert not scans.why
    # The examples are dismissed with a reason or no more than serious, and their server knows no filter.
    assert scans.alerts == ()


def test_the_published_report_of_seats_is_read(client: Client) -> None:
    found = read_assistant(client, "octocat")
    assert isinstance(found, Read)
    assert found.value is True
    assert "12" not in found.evidence[0].excerpt  # of seats nothing but whether there are any


def test_the_published_list_of_repositories_shows_or_hides_its_settings(client: Client) -> None:
    named = Repository("Hello-World", "", Standing.ACTIVE, "", "main", ())
    other = Repository("elsewhere", "", Standing.ACTIVE, "", "main", ())
    first, second = read_security(client, "octocat", [named, other])
    assert isinstance(first.secret_scanning, Read)
    assert isinstance(first.push_protection, Read)
    assert (first.secret_scanning.value, first.push_protection.value) == (True, False)
    assert isinstance(second.secret_scanning, Unread)


def test_a_whole_scan_over_the_examples_ends_and_adds_up(double: Double) -> None:
    found = Scan(double, "octocat")
    assert found.found.signals
    assert found.clones() == ["repo:octocat/Hello-World"]
    assert found.value("host.ai_assistant_in_use", "org:octocat") is True
    # The example counts other repositories than the listing: that is no enumeration.
    assert not found.found.populations
