"""Who the collector reads as: an App's installation, several tokens, and none that leaks."""

from __future__ import annotations

import logging
import pickle
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cnmm_collectors.github.auth import Installation
from cnmm_collectors.github.settings import App
from cnmm_collectors.subjects import SubjectKind
from doubles.github.organisation import Organisation, acme
from doubles.github.server import Double, serve
from unit.collectors.github.workshop import TOKEN, Scan, reader, settings

MINTED = "ghs_mintedMinted0123456789mintedCD"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def app(key: rsa.RSAPrivateKey, tmp_path: Path) -> dict[str, Any]:
    raw = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "app.pem").write_bytes(raw)
    return {"id": 7, "key_file": tmp_path / "app.pem", "installation": 42}


def installed(selection: str = "all", **permissions: str) -> Organisation:
    org = acme()
    org.viewer_administers = False
    org.installation = {
        "token": MINTED, "expires_at": "2099-01-01T00:00:00Z", "repository_selection": selection,
        "permissions": {"metadata": "read", **permissions},
    }  # fmt: skip
    return org


def scan(org: Organisation, app: dict[str, Any], **changes: Any) -> tuple[Scan, Double]:
    with serve(org) as double:
        return Scan(double, token="", app=app, **changes), double


def test_an_app_reads_with_the_token_it_is_given(app: dict[str, Any], key: rsa.RSAPrivateKey) -> None:
    found, double = scan(installed(administration="read", members="read"), app)
    signed = double.tokens[0][1].removeprefix("Bearer ")
    assert jwt.decode(signed, key.public_key(), ["RS256"])["iss"] == "7"
    assert {token for _, token in double.tokens[1:]} <= {f"Bearer {MINTED}", f"Bearer {signed}"} | {
        token for _, token in double.tokens if token.count(".") == 2
    }
    population = found.population("org:acme", SubjectKind.REPO)
    assert population is not None
    assert population.count == 7
    assert found.population("org:acme", SubjectKind.TEAM) is not None
    assert MINTED not in repr(found.found)


def test_an_app_on_chosen_repositories_sees_no_whole_organisation(app: dict[str, Any]) -> None:
    found, _ = scan(installed("selected", administration="read", members="read"), app)
    assert not found.found.populations
    row = next(one for one in found.found.ledger if one.unit == "repository")
    assert "chosen repositories" in row.detail


def test_an_app_that_may_not_read_members_knows_no_team_for_sure(app: dict[str, Any]) -> None:
    found, _ = scan(installed(administration="read"), app)
    assert found.population("org:acme", SubjectKind.TEAM) is None
    assert found.value("host.team_repo_ratio", "repo:acme/checkout") == "not_visible"


@pytest.mark.parametrize(
    "text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_file_that_holds_no_key_is_named_and_not_shown(app: dict[str, Any], text: str) -> None:
    Path(app["key_file"]).write_text(text)
    found, double = scan(installed(), app)
    assert "key file" in found.found.ledger[0].detail
    assert not double.asked


def test_a_refused_app_says_what_to_check(app: dict[str, Any]) -> None:
    found, _ = scan(acme(), app)
    assert "installation" in found.found.ledger[0].detail
    assert found.value("host.mfa_enforced", "org:acme") == "not_permitted"


def test_several_tokens_share_the_work() -> None:
    org = acme()
    with serve(org) as double:
        double.extra = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "33330000000"}
        Scan(double, token=f"{TOKEN} second-token-value", activity=False, analyses=False)
    assert {token for _, token in double.tokens} == {f"Bearer {TOKEN}", "Bearer second-token-value"}


def test_no_log_holds_a_token_or_an_account(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(acme()) as double:
        double.faults.set("members", "bad credentials")
        double.faults.set("inventory", "502", times=1)
        found = Scan(double)
    for planted in (TOKEN, "ann-a", "olga-owner"):
        assert planted not in caplog.text
    assert TOKEN.encode() not in pickle.dumps(found.found)


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_a_clock_that_is_hours_off_makes_no_token_for_every_request(
    hours: int, app: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(acme()) as double:
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600 * (1 + hours)))
        double.organisation.installation = {"token": MINTED, "expires_at": ends, "permissions": {}}
        # The host's own clock is off by as much: to this machine, the token ended long ago or ends much later.
        told = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3_600 * hours))
        monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: told)
        held = Installation(reader(), settings(double, app=app), App(**app))
        for _ in range(5):
            assert held.authorise() == {"Authorization": f"Bearer {MINTED}"}
        assert len(double.tokens) == 1
