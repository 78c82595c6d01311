"""What an answer of a Git host means: one table for status, headers, message and GraphQL error type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cnmm_collectors.signals import Gap


class Kind(StrEnum):
    """What an answer says of the thing asked for; only `present` and `absent` are answers about it."""

    PRESENT = "present"
    ABSENT = "absent"
    EMPTY = "empty"
    NOT_ENABLED = "not_enabled"
    NOT_LICENSED = "not_licensed"
    NOT_PERMITTED = "not_permitted"
    NOT_VISIBLE = "not_visible"
    BLOCKED = "blocked"
    PENDING = "pending"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    ERROR = "error"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    CAPPED = "capped"
    UNSUPPORTED = "unsupported"


GAPS: Mapping[Kind, Gap] = {
    Kind.ABSENT: Gap.NOT_VISIBLE,
    Kind.EMPTY: Gap.NOT_COLLECTED,
    Kind.NOT_ENABLED: Gap.NOT_ENABLED,
    Kind.NOT_LICENSED: Gap.NOT_LICENSED,
    Kind.NOT_PERMITTED: Gap.NOT_PERMITTED,
    Kind.NOT_VISIBLE: Gap.NOT_VISIBLE,
    Kind.BLOCKED: Gap.NOT_VISIBLE,
    Kind.PENDING: Gap.NOT_COLLECTED,
    Kind.RATE_LIMITED: Gap.RATE_LIMITED,
    Kind.REFUSED: Gap.NOT_PERMITTED,
    Kind.ERROR: Gap.UNREACHABLE,
    Kind.MALFORMED: Gap.MALFORMED,
    Kind.TOO_LARGE: Gap.UNSUPPORTED,
    Kind.CAPPED: Gap.SAMPLED_OUT,
    Kind.UNSUPPORTED: Gap.UNSUPPORTED,
}
"""The gap of each kind. `absent` has one too: alone it proves nothing, see `proves_absence`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer means, in words of ours; `needs` is the permission the host itself says would do.

    `status` is that of the answer.
    """

    kind: Kind
    detail: str
    needs: str = ""
    status: int = 0

    @property
    def gap(self) -> Gap:
        """The gap of a reading that rests on this outcome."""
        return GAPS.get(self.kind, Gap.UNREACHABLE)

    def explain(self) -> str:
        """Return the detail with what would change it, in one line."""
        return f"{self.detail}; needs {self.needs}" if self.needs else self.detail


_BY_GAP = {
    Gap.NOT_PERMITTED: Kind.NOT_PERMITTED,
    Gap.RATE_LIMITED: Kind.RATE_LIMITED,
    Gap.MALFORMED: Kind.MALFORMED,
    Gap.UNSUPPORTED: Kind.TOO_LARGE,
    Gap.SAMPLED_OUT: Kind.CAPPED,
    Gap.NOT_COLLECTED: Kind.PENDING,
}


def of_fault(gap: Gap, detail: str) -> Outcome:
    """Return the outcome of a request that got no usable answer at all."""
    return Outcome(_BY_GAP.get(gap, Kind.ERROR), detail)


def proves_absence(outcome: Outcome, seen_alike: bool) -> bool:
    """True where "not there" may be believed: another read of that subject under the same permission
    succeeded.
    """
    return outcome.kind is Kind.ABSENT and seen_alike


@dataclass(frozen=True, slots=True)
class _Row:
    status: int
    sign: re.Pattern[str]
    kind: Kind
    detail: str


def _row(status: int, sign: str, kind: Kind, detail: str) -> _Row:
    return _Row(status, re.compile(sign, re.I), kind, detail)


# The first row that fits decides; an empty sign fits every message of its status.
_TABLE = (
    _row(202, "", Kind.PENDING, "the host is still computing the answer"),
    _row(204, "", Kind.EMPTY, "the host has nothing to say about it"),
    _row(401, "", Kind.REFUSED, "the credential is wrong or has expired"),
    _row(403, r"rate limit|abuse detection", Kind.RATE_LIMITED, "the host limits the rate of requests"),
    _row(403, r"SAML enforcement|SSO", Kind.NOT_PERMITTED,
         "the credential is not authorised for single sign-on"),
    _row(403, r"Resource not accessible by", Kind.NOT_PERMITTED, "the credential lacks the permission"),
    _row(403, r"insufficient_scope", Kind.NOT_PERMITTED, "the token lacks the scope"),
    _row(403, r"Must have admin rights", Kind.NOT_PERMITTED, "needs administration of the repository"),
    _row(403, r"Upgrade to GitHub|requires? (?:a )?(?:Premium|Ultimate)|not available for your plan",
         Kind.NOT_LICENSED, "the plan does not include it"),
    _row(403, r"(?:Code Security|Advanced Security|GHAS) must be enabled", Kind.NOT_LICENSED,
         "the security product is not enabled, or not licensed"),
    _row(403, r"alerts are (?:disabled|not available)|is (?:disabled|not enabled)|not enabled for this",
         Kind.NOT_ENABLED, "it is switched off"),
    _row(403, r"IP allow list", Kind.NOT_PERMITTED,
         "the organisation's allow list of addresses leaves us out"),
    _row(403, r"access blocked|DMCA|Terms of Service", Kind.BLOCKED, "the host has blocked it"),
    _row(403, "", Kind.NOT_PERMITTED, "the host refused access"),
    _row(404, r"Secret scanning is disabled", Kind.NOT_ENABLED, "secret scanning is switched off"),
    _row(404, r"(?:vulnerability|Dependabot) alerts are disabled", Kind.NOT_ENABLED, "it is switched off"),
    _row(404, r"no analysis found", Kind.ABSENT, "code scanning has no results"),
    _row(404, r"Branch not protected", Kind.ABSENT, "the branch has no classic protection"),
    _row(404, "", Kind.NOT_VISIBLE, "not there, or hidden from this credential"),
    _row(409, r"Repository is empty", Kind.EMPTY, "the repository is empty"),
    _row(410, "", Kind.NOT_ENABLED, "the feature is switched off or gone"),
    _row(422, "", Kind.ERROR, "the host rejected the request"),
    _row(429, "", Kind.RATE_LIMITED, "the host limits the rate of requests"),
    _row(451, "", Kind.BLOCKED, "the host has blocked it for legal reasons"),
)  # fmt: skip

_GRAPHQL = {
    "FORBIDDEN": (Kind.NOT_PERMITTED, "the credential lacks the permission"),
    "INSUFFICIENT_SCOPES": (Kind.NOT_PERMITTED, "the token lacks the scope"),
    "NOT_FOUND": (Kind.NOT_VISIBLE, "not there, or hidden from this credential"),
    "RATE_LIMITED": (Kind.RATE_LIMITED, "the host limits the rate of requests"),
    "RATE_LIMIT": (Kind.RATE_LIMITED, "the host limits the rate of requests"),
    "SERVICE_UNAVAILABLE": (Kind.ERROR, "the host failed to answer"),
    "MAX_NODE_LIMIT_EXCEEDED": (Kind.ERROR, "the host refused the size of the query"),
    "RESOURCE_LIMITS_EXCEEDED": (Kind.ERROR, "the host refused the size of the query"),
    "TIMEOUT": (Kind.ERROR, "the host took too long"),
}


_UNDEFINED = ("undefinedField", "argumentNotAccepted", "undefinedType", "argumentLiteralsIncompatible")
"""What a host says of a question it cannot understand, before it answers any of it."""


def classify(status: int, headers: Mapping[str, str], body: Any = None) -> Outcome:
    """Return what an answer means, from its status, its lower-case headers and its decoded JSON body."""
    message = _message(body)
    needs = _needs(headers)
    if status in (403, 429) and (headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers):
        return Outcome(Kind.RATE_LIMITED, "the host limits the rate of requests")
    if status in (401, 403) and headers.get("x-github-sso", "").startswith("required"):
        return Outcome(Kind.NOT_PERMITTED, "the credential is not authorised for single sign-on")
    if status in (403, 451) and isinstance(body, Mapping) and body.get("block"):
        return Outcome(Kind.BLOCKED, "the host has blocked it")
    for row in _TABLE:
        if row.status == status and row.sign.search(message):
            return Outcome(
                row.kind, row.detail, needs if row.kind is Kind.NOT_PERMITTED else "", status=status
            )
    if 200 <= status < 300:
        return Outcome(Kind.PRESENT, "")
    if status >= 500:
        return Outcome(Kind.ERROR, f"the host failed with status {status}")
    return Outcome(Kind.ERROR, f"the host answered with status {status}", status=status)


def classify_error(error: Any) -> Outcome:
    """Return what one entry of a GraphQL answer's `errors` means for the field at its path."""
    if not isinstance(error, Mapping):
        return Outcome(Kind.MALFORMED, "the host gave an error this program cannot read")
    extensions = error.get("extensions")
    code = error.get("type") or (extensions.get("code") if isinstance(extensions, Mapping) else None)
    unknown = classify_unknown(error)
    if unknown is not None:
        return unknown
    known = _GRAPHQL.get(str(code).upper())
    message = str(error.get("message", ""))
    if "SAML enforcement" in message or (
        isinstance(extensions, Mapping) and extensions.get("saml_failure") is True
    ):
        return Outcome(Kind.NOT_PERMITTED, "the credential is not authorised for single sign-on")
    if known is not None:
        return Outcome(*known)
    if "rate limit" in message.lower():
        return Outcome(Kind.RATE_LIMITED, "the host limits the rate of requests")
    if "Resource not accessible" in message:
        return Outcome(Kind.NOT_PERMITTED, "the credential lacks the permission")
    if re.search(r"something went wrong|timed? ?out|couldn't respond", message, re.I):
        return Outcome(Kind.ERROR, "the host failed to answer")
    return Outcome(Kind.ERROR, "the host gave an error this program does not know")


_DENIED = re.compile(r"Field '(\w{1,80})' doesn't (?:exist on type|accept argument) '(\w{1,80})'")


def classify_unknown(error: Any) -> Outcome | None:
    """Return what an error says that the host does not know of a question, by name; None for other errors."""
    if not isinstance(error, Mapping):
        return None
    given = error.get("extensions")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    told = _DENIED.search(str(error.get("message", "")))
    if str(said.get("code")) not in _UNDEFINED and told is None:
        return None
    names = [said.get(key) for key in ("typeName", "name", "fieldName", "argumentName")]
    if told is not None and "accept" not in told[0]:
        names = [told[2], told[1]]
    plain = [str(one) for one in names if re.fullmatch(r"\w{1,80}", str(one or ""))]
    what = ".".join(plain) or "part of the question"
    return Outcome(Kind.UNSUPPORTED, f"this version or edition of the host does not have {what}")


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that says most about why something was not read."""
    order = list(Kind)
    return max(outcomes, key=lambda one: (one.kind is Kind.RATE_LIMITED, order.index(one.kind)))


def _message(body: Any) -> str:
    if not isinstance(body, Mapping):
        return ""
    parts = [body.get("message"), body.get("error"), body.get("error_description")]
    return " ".join(str(part) for part in parts if part)[:2000]


def _needs(headers: Mapping[str, str]) -> str:
    """Return the permission a host's own header asks for: `,` joins what is needed together, `;` parts
    alternatives.
    """
    asked = headers.get("x-accepted-github-permissions") or ""
    if not asked:
        scopes = headers.get("x-accepted-oauth-scopes") or ""
        asked = f"scope {scopes}" if scopes else ""
    asked = re.sub(r"[^\w=,;: -]", "", asked)[:120]
    alternatives = [part.strip() for part in asked.split(";")]
    return " or ".join(part.replace(",", " and ").replace("=", ": ") for part in alternatives if part)
