"""The wire over the reader's door: limits, pages, conditions, and what only the shared host shows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.settings import Settings
from cnmm_collectors.gitlab.wire import connect, exchange
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Interval
from doubles.gitlab.answers import answer
from doubles.gitlab.organisation import FREE, Organisation, acme
from doubles.gitlab.server import Double, rest, serve
from unit.collectors.gitlab.workshop import TOKEN, Scan, reader, settings

SHARED = "https://gitlab.com"


def shared(mock: responses.RequestsMock, org: Organisation) -> Double:
    """Let the shared host answer with the double's own words, without any network."""
    double = Double(url=SHARED, organisation=org)

    def give(request: Any) -> tuple[int, dict[str, str], str]:
        double.tokens.append((urlsplit(request.url).netloc, request.headers.get("Authorization", "")))
        if request.method == "POST":
            asked = json.loads(request.body)
            return 200, {}, json.dumps(answer(org, asked["query"], asked["variables"]))
        parts = urlsplit(request.url)
        status, body, headers = rest(double, f"{parts.path}?{parts.query}", "")
        return status, headers, json.dumps(body)

    for verb in (responses.GET, responses.POST):
        mock.add_callback(verb, re.compile(rf"{SHARED}/.*"), give, content_type="application/json")
    return double


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def test_the_shared_host_shows_plan_and_linked_identities(mock: responses.RequestsMock) -> None:
    org = acme()
    org.identities = [11, 12, 13, 14]
    double = shared(mock, org)
    found = Scan(double, url=SHARED)
    # Six members, four of them linked, widened by one at both ends.
    linked = found.value("host.sso_linked_member_ratio", "org:acme")
    assert isinstance(linked, Interval)
    assert (float(linked.low), float(linked.high or 0)) == pytest.approx((3 / 6, 5 / 6))
    assert found.value("host.sso_enforced", "org:acme") == "unsupported"
    assert {host for host, token in double.tokens if token} == {"gitlab.com"}
    assert {token for _, token in double.tokens} == {f"Bearer {TOKEN}"}


def test_on_the_shared_host_a_free_group_without_a_second_factor_demands_none(
    mock: responses.RequestsMock,
) -> None:
    org = acme()
    org.tier, org.second_factor = FREE, False
    found = Scan(shared(mock, org), url=SHARED)
    assert found.value("host.mfa_enforced", "org:acme") is False
    assert found.value("host.sso_enforced", "org:acme") == "not_licensed"


def test_with_a_provider_the_shared_host_leaves_the_second_factor_open(mock: responses.RequestsMock) -> None:
    org = acme()
    org.second_factor = False
    assert Scan(shared(mock, org), url=SHARED).value("host.mfa_enforced", "org:acme") == "not_visible"


def test_a_refusal_for_the_rate_is_waited_for_as_long_as_the_host_says(mock: responses.RequestsMock) -> None:
    place = "https://slow.example/api/v4/groups/acme"
    mock.add(responses.GET, place, status=429, headers={"Retry-After": "1"}, json={"message": "slow"})
    mock.add(responses.GET, place, status=200, json={"full_path": "acme"})
    client = Client(reader(token="one"), Settings(url="https://slow.example", per_minute=0, max_wait=5))
    started = time.monotonic()
    body, outcome = client.get("/groups/acme")
    assert outcome.kind is Kind.PRESENT
    assert body == {"full_path": "acme"}
    assert time.monotonic() - started >= 0.9


def test_an_endpoint_that_is_spent_does_not_hold_up_the_others(mock: responses.RequestsMock) -> None:
    spent = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(time.time()) + 3600)}
    mock.add(responses.GET, "https://spent.example/api/v4/groups/beta/projects", headers=spent, json=[])
    mock.add(responses.GET, "https://spent.example/api/v4/user", json={"id": 1})
    client = Client(reader(token="two"), Settings(url="https://spent.example", per_minute=0, max_wait=0))
    assert client.get("/groups/beta/projects")[1].kind is Kind.PRESENT
    assert client.get("/user")[1].kind is Kind.PRESENT
    assert client.get("/groups/beta/projects")[1].kind is Kind.RATE_LIMITED


def test_nothing_is_ever_written(mock: responses.RequestsMock) -> None:
    with serve(acme()) as double:
        client = Client(reader(), settings(double))
        wire = connect(client._session, double.url)
        for verb, place in (("PUT", "groups/acme"), ("DELETE", "groups/acme"), ("POST", "groups")):
            with pytest.raises(HttpFault, match="only reads"):
                exchange(wire, verb, f"{double.url}/api/v4/{place}", {"name": "x"})
        assert not double.asked


def test_a_second_scan_asks_conditionally_and_keeps_no_account(tmp_path: Path) -> None:
    with serve(acme()) as double:
        for _ in range(2):
            scan = Scan(double, cache=tmp_path)
    details = [row.detail for row in scan.found.ledger if row.unit == "request"]
    unchanged = sum(int(detail.split(", ")[1].split()[0]) for detail in details)
    assert unchanged >= 5
    kept = b"".join(place.read_bytes() for place in tmp_path.rglob("*") if place.is_file())
    assert kept
    for planted in (TOKEN, "ann-a", "reader-bot", "dora-direct"):
        assert planted.encode() not in kept


def test_a_host_below_a_sub_path_is_asked_below_it(mock: responses.RequestsMock) -> None:
    mock.add(responses.GET, "https://code.example/git/api/v4/user", json={"id": 1})
    client = Client(reader(token="three"), Settings(url="https://code.example/git/", per_minute=0))
    assert client.get("/user")[0] == {"id": 1}
    assert client.graphql == "https://code.example/git/api/graphql"
