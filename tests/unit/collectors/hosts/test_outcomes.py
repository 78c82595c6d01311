"""Every row of the outcome table: what an answer means, and that only two kinds are answers at all."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.hosts.outcomes import (
    GAPS,
    Kind,
    Outcome,
    classify,
    classify_error,
    of_fault,
    proves_absence,
    worst,
)
from cnmm_collectors.signals import Gap

PERMISSIONS = {"x-accepted-github-permissions": "members=read; administration=read,metadata=read"}
REST: list[tuple[str, int, dict[str, str], Any, Kind]] = [
    ("answer", 200, {}, {"id": 1}, Kind.PRESENT),
    ("created", 201, {}, {"token": "x"}, Kind.PRESENT),
    ("computing", 202, {}, None, Kind.PENDING),
    ("nothing", 204, {}, None, Kind.EMPTY),
    ("bad token", 401, {}, "Bad credentials", Kind.REFUSED),
    ("app", 403, PERMISSIONS, "Resource not accessible by integration", Kind.NOT_PERMITTED),
    ("fine-grained token", 403, PERMISSIONS, "Resource not accessible by personal access token",
     Kind.NOT_PERMITTED),
    ("sso header", 403, {"x-github-sso": "required; url=https://x"}, "no", Kind.NOT_PERMITTED),
    ("sso on 401", 401, {"x-github-sso": "required; url=https://x"}, "no", Kind.NOT_PERMITTED),
    ("sso message", 403, {}, "Resource protected by organization SAML enforcement.", Kind.NOT_PERMITTED),
    ("no admin", 403, {}, "Must have admin rights to Repository.", Kind.NOT_PERMITTED),
    ("plan", 403, {}, "Upgrade to GitHub Pro or make this repository public to enable this feature.",
     Kind.NOT_LICENSED),
    ("alerts off", 403, {}, "Dependabot alerts are disabled for this repository.", Kind.NOT_ENABLED),
    ("code security", 403, {}, "Code Security must be enabled for this repository to use code scanning.",
     Kind.NOT_LICENSED),
    ("advanced security", 403, {}, "Advanced Security must be enabled for this repository to use code scanning.",
     Kind.NOT_LICENSED),
    ("allow list", 403, {}, "the organization has an IP allow list enabled", Kind.NOT_PERMITTED),
    ("blocked", 403, {}, {"message": "Repository access blocked", "block": {"reason": "tos"}}, Kind.BLOCKED),
    ("any 403", 403, {}, "Forbidden", Kind.NOT_PERMITTED),
    ("scope", 403, {}, {"error": "insufficient_scope"}, Kind.NOT_PERMITTED),
    ("secret scanning off", 404, {}, "Secret scanning is disabled on this repository.", Kind.NOT_ENABLED),
    ("no analysis", 404, {}, "no analysis found", Kind.ABSENT),
    ("not protected", 404, {}, "Branch not protected", Kind.ABSENT),
    ("hidden", 404, {}, "Not Found", Kind.NOT_VISIBLE),
    ("hidden at the other host", 404, {}, {"message": "404 Project Not Found"}, Kind.NOT_VISIBLE),
    ("hidden without a body", 404, {}, None, Kind.NOT_VISIBLE),
    ("empty", 409, {}, "Git Repository is empty.", Kind.EMPTY),
    ("gone", 410, {}, "Issues are disabled for this repo", Kind.NOT_ENABLED),
    ("legal", 451, {}, {"block": {"reason": "dmca"}}, Kind.BLOCKED),
    ("legal without a body", 451, {}, None, Kind.BLOCKED),
    ("spent", 403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded", Kind.RATE_LIMITED),
    ("spent, other words", 403, {"x-ratelimit-remaining": "0"}, "Forbidden", Kind.RATE_LIMITED),
    ("retry later", 403, {"retry-after": "60"}, "Forbidden", Kind.RATE_LIMITED),
    ("secondary", 403, {}, "You have exceeded a secondary rate limit.", Kind.RATE_LIMITED),
    ("too many", 429, {}, "Too Many Requests", Kind.RATE_LIMITED),
    ("too many, with a time", 429, {"retry-after": "1"}, None, Kind.RATE_LIMITED),
    ("rejected", 422, {}, "Validation Failed", Kind.ERROR),
    ("server", 500, {}, None, Kind.ERROR),
    ("gateway", 502, {}, "<html>", Kind.ERROR),
    ("unavailable", 503, {}, None, Kind.ERROR),
    ("time-out", 504, {}, None, Kind.ERROR),
    ("redirect", 302, {}, None, Kind.ERROR),
    ("teapot", 418, {}, None, Kind.ERROR),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"), [row[1:] for row in REST], ids=[row[0] for row in REST]
)
def test_an_answer_means(status: int, headers: dict[str, str], body: Any, kind: Kind) -> None:
    outcome = classify(status, headers, {"message": body} if isinstance(body, str) else body)
    assert outcome.kind is kind
    assert kind is Kind.PRESENT or outcome.detail


GRAPHQL: list[tuple[Any, Kind]] = [
    ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, Kind.NOT_PERMITTED),
    ({"type": "FORBIDDEN", "extensions": {"saml_failure": True}}, Kind.NOT_PERMITTED),
    ({"message": "Resource protected by organization SAML enforcement."}, Kind.NOT_PERMITTED),
    ({"type": "INSUFFICIENT_SCOPES"}, Kind.NOT_PERMITTED),
    ({"type": "NOT_FOUND"}, Kind.NOT_VISIBLE),
    ({"type": "RATE_LIMITED"}, Kind.RATE_LIMITED),
    ({"message": "API rate limit exceeded"}, Kind.RATE_LIMITED),
    ({"type": "SERVICE_UNAVAILABLE"}, Kind.ERROR),
    ({"type": "MAX_NODE_LIMIT_EXCEEDED"}, Kind.ERROR),
    ({"extensions": {"code": "TIMEOUT"}}, Kind.ERROR),
    ({"message": "Something went wrong while executing your query."}, Kind.ERROR),
    ({"message": "Field 'x' doesn't exist"}, Kind.ERROR),
    ({}, Kind.ERROR),
    ("no", Kind.MALFORMED),
    (None, Kind.MALFORMED),
]


@pytest.mark.parametrize(("error", "kind"), GRAPHQL)
def test_an_error_of_graphql_means(error: Any, kind: Kind) -> None:
    assert classify_error(error).kind is kind


def test_every_kind_but_an_answer_has_a_gap() -> None:
    assert set(GAPS) == set(Kind) - {Kind.PRESENT}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("seen", [True, False])
def test_absence_needs_its_kind_and_a_read_alike(kind: Kind, seen: bool) -> None:
    assert proves_absence(Outcome(kind, "x"), seen) is (kind is Kind.ABSENT and seen)


def test_the_hosts_own_words_on_permission_are_passed_on_cleaned() -> None:
    outcome = classify(403, PERMISSIONS, {"message": "Resource not accessible by integration"})
    assert outcome.explain() == (
        "the credential lacks the permission; needs members: read or administration: read and metadata: read"
    )
    dirty = classify(403, {"x-accepted-github-permissions": "a=read\x1b[31m<script>"}, None)
    assert "<" not in dirty.explain()
    assert "\x1b" not in dirty.explain()


def test_the_hosts_message_is_never_repeated() -> None:
    outcome = classify(403, {}, {"message": "Must have admin rights to Repository. ghp_secret @jane"})
    assert "jane" not in outcome.explain()
    assert "ghp_" not in outcome.explain()


def test_a_fault_of_transport_keeps_its_gap() -> None:
    for gap in (Gap.NOT_PERMITTED, Gap.RATE_LIMITED, Gap.MALFORMED, Gap.UNSUPPORTED, Gap.SAMPLED_OUT,
                Gap.NOT_COLLECTED, Gap.UNREACHABLE):  # fmt: skip
        assert of_fault(gap, "x").gap is gap


def test_a_rate_limit_says_most() -> None:
    assert worst([Outcome(Kind.RATE_LIMITED, "a"), Outcome(Kind.MALFORMED, "b")]).kind is Kind.RATE_LIMITED
