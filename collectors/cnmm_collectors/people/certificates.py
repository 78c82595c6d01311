"""Certificates: names, look-alikes, dated validity; a certificate counts while active on the audit date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

_CHANGE = date(2024, 4, 1)
_OF_CNCF = {
    "KCNA": "kubernetes and cloud native associate",
    "KCSA": "kubernetes and cloud native security associate",
    "CKA": "certified kubernetes administrator",
    "CKAD": "certified kubernetes application developer",
    "CKS": "certified kubernetes security specialist",
    "PCA": "prometheus certified associate",
    "ICA": "istio certified associate",
    "CCA": "cilium certified associate",
    "CAPA": "certified argo project associate",
    "CGOA": "certified gitops associate",
    "CBA": "certified backstage associate",
    "OTCA": "opentelemetry certified associate",
    "KCA": "kyverno certified associate",
    "CNPA": "certified cloud native platform engineering associate",
    "CNPE": "certified cloud native platform engineer",
    "LFCS": "linux foundation certified system administrator",
}
CODES = frozenset(_OF_CNCF)
_OTHER_SPELLINGS = {
    "kubernetes and cloud security associate": "KCSA",
    "linux foundation certified sysadmin": "LFCS",
    "certified cloud native platform engineering associate": "CNPA",
    "gitops certified associate": "CGOA",
    "certified argo project associate": "CAPA",
}
_NAMES = sorted(
    [*((name, code) for code, name in _OF_CNCF.items()), *_OTHER_SPELLINGS.items()],
    key=lambda item: -len(item[0]),
)
_COLLIDING = frozenset({"PCA", "CAPA", "CCA", "ICA", "CBA", "KCA"})
_ISSUER = re.compile(r"linux foundation|\bcncf\b|cloud native computing")
_TRAINING = re.compile(
    r"\b(prep|preparation|practice|mock|bootcamp|course|training|study|simulator|workshop|voucher|kurs|schulung"
    r"|formation|curso|speaker|preparación|vorbereitung)\b"
)
_CURRENT_ID = re.compile(r"LF-[0-9a-z]{10}", re.IGNORECASE)
_LEGACY_ID = re.compile(r"CKAD?-\d{4}-\d{6}-\d{4}", re.IGNORECASE)
KUBESTRONAUT = frozenset({"KCNA", "KCSA", "CKA", "CKAD", "CKS"})
_GOLDEN_FIRST = frozenset(_OF_CNCF) - {"CNPA", "CNPE"}
_GOLDEN_ADDED = ((date(2025, 10, 1), "CNPA"), (date(2026, 3, 1), "CNPE"))


def code_of(title: str, issuer: str = "") -> str:
    """Return the certificate a title names, or an empty text for a course, a look-alike or anything else."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    plain = re.sub(r"[®™©]", "", plain)
    plain = re.sub(r"[\s_–—‑]+", " ", plain.replace("&", "and")).strip()
    if _TRAINING.search(plain):
        return ""
    for name, code in _NAMES:
        if name in plain.replace("-", " ") or name in plain:
            return code
    official = bool(_ISSUER.search(issuer.casefold()))
    for code in sorted(_OF_CNCF, key=len, reverse=True):
        if re.search(rf"(?<![a-z0-9]){code.casefold()}(?![a-z0-9])", plain):
            foreign = bool(issuer.strip()) and not official
            return "" if foreign or (code in _COLLIDING and not official) else code
    return ""


def months_valid(code: str, achieved: date) -> int:
    """Return how long a certificate holds: 36 months if earned before April 2024, CKS and later ones 24."""
    return 24 if achieved >= _CHANGE or code == "CKS" else 36


def expiry(code: str, achieved: date) -> date:
    """Return the last day a certificate is active."""
    total = achieved.year * 12 + achieved.month - 1 + months_valid(code, achieved)
    year, month = divmod(total, 12)
    for day in range(achieved.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, achieved.day)


def golden_set(as_of: date) -> frozenset[str]:
    """Return what the Golden Kubestronaut title asked for on that day."""
    return _GOLDEN_FIRST | {code for since, code in _GOLDEN_ADDED if as_of >= since}


def is_well_formed(credential: str) -> bool:
    """True for a credential id in the form that the issuer gives; the id itself is kept nowhere."""
    text = credential.strip()
    return bool(_CURRENT_ID.fullmatch(text) or _LEGACY_ID.fullmatch(text))


def is_official(issuer: str) -> bool:
    """True where the issuer is the one that gives these certificates."""
    return bool(_ISSUER.search(issuer.casefold()))


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of one person: from when, to when, and whether its record checks out."""

    person: int
    code: str
    issued: date
    expires: date
    verified: bool


@dataclass(slots=True)
class Certificates:
    """All certificate records, the latest for each person and code."""

    held: dict[tuple[int, str], Certificate] = field(default_factory=dict)
    ever: dict[int, set[str]] = field(default_factory=dict)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    partial: bool = False
    unread: int = 0

    def add(self, one: Certificate) -> None:
        """Keep a record; of retakes and doubles the one that holds longest stays."""
        self.ever.setdefault(one.person, set()).add(one.code)
        known = self.held.get((one.person, one.code))
        if known is None or (one.expires, one.verified) > (known.expires, known.verified):
            self.held[one.person, one.code] = one

    def active(self, as_of: date) -> Mapping[int, frozenset[str]]:
        """Return the codes that are active on the audit date, by person."""
        found: dict[int, set[str]] = {}
        for one in self.held.values():
            if one.issued <= as_of <= one.expires:
                found.setdefault(one.person, set()).add(one.code)
        return {person: frozenset(codes) for person, codes in found.items()}

    def verified(self, as_of: date) -> tuple[int, int]:
        """Return how many active records check out, and how many active records there are."""
        active = [one for one in self.held.values() if one.issued <= as_of <= one.expires]
        return sum(one.verified for one in active), len(active)


def title_valid(records: Iterable[Certificate], as_of: date) -> bool:
    """True where a person holds the Kubestronaut title: all five were active together once.

    The title stays to the end of the year in which the first of the five runs out.
    """
    five = {one.code: one for one in records if one.code in KUBESTRONAUT}
    if set(five) != KUBESTRONAUT:
        return False
    complete = max(one.issued for one in five.values())
    first = min(one.expires for one in five.values())
    return complete <= min(first, as_of) and as_of <= date(first.year, 12, 31)
