"""Role families, standing and discipline from a role title; titles only, never free text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from cnmm_collectors.shipped import shipped

_Data = tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]


@cache
def _data() -> tuple[_Data, re.Pattern[str]]:
    """Return the families in order, each with what takes a false friend out, and what is other work."""
    found = shipped(__package__, "titles.yaml")
    made = tuple(
        (one["name"], re.compile(one["pattern"]), re.compile(one["without"]) if "without" in one else None)
        for one in found["families"]
    )
    return made, re.compile(found["elsewhere"])


_STANDING = (
    ("intern", re.compile(r"\b(intern|trainee|werkstudent|apprentice|azubi|stagiaire|becario)\b")),
    ("principal", re.compile(r"\b(principal|distinguished|fellow)\b")),
    ("staff", re.compile(r"\bstaff\b")),
    ("lead", re.compile(r"\blead\b|\bchief\b|\bleiter|\bhead\b|\bteamlead")),
    ("senior", re.compile(r"\bsenior\b|\bsr\b\.?|\bsénior\b|\bexperte?\b")),
    ("junior", re.compile(r"\b(junior|jr)\b|\bassociate\b(?! director)")),
)
SENIOR = frozenset({"senior", "lead", "staff", "principal"})
DISCIPLINE = {
    "developer": "application", "architect": "application", "ai_ml_engineer": "data", "mlops": "data",
    "data_scientist": "data", "data_engineer": "data", "dba": "data", "sre": "infrastructure",
    "platform_engineer": "infrastructure", "devops": "infrastructure", "cloud": "infrastructure",
    "sysadmin": "infrastructure", "network": "infrastructure", "security": "security",
    "devsecops": "security", "security_policy": "security", "qa": "quality", "product_owner": "product",
    "platform_product_owner": "product", "design": "design",
}  # fmt: skip
ENGINEERING = frozenset(DISCIPLINE) - {"product_owner", "platform_product_owner", "design", "security_policy"}
CLOUD_NATIVE = frozenset({"platform_engineer", "sre", "devops", "cloud", "mlops", "devsecops", "ccoe"})
PLATFORM = frozenset({"platform_engineer"})
OPERATIONS = frozenset({"sre", "sysadmin", "network", "dba"})
SECURITY = frozenset({"security", "devsecops"})
ML = frozenset({"mlops", "ai_ml_engineer", "data_scientist"})


@lru_cache(maxsize=50_000)
def normal(title: str) -> str:
    """Return a title as it is compared."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    plain = re.sub(r"\((?:m|w|d|f|x|h|[/| ])+\)", " ", plain)
    plain = re.sub(r"\b(engineer|entwickler|developpeur|développeur)(?:in|:in|\*in|euse)\b", r"\1", plain)
    return re.sub(r"[\s_,–—-]+", " ", plain).strip()


@lru_cache(maxsize=50_000)
def families(title: str) -> tuple[str, ...]:
    """Return every role family a title names, the primary one first; empty where it names none."""
    plain = normal(title)
    return tuple(
        name
        for name, pattern, without in _data()[0]
        if pattern.search(plain) and not (without and without.search(plain))
    )


def is_elsewhere(title: str) -> bool:
    """True for a title that is plainly no engineering, product or security work."""
    return not families(title) and bool(_data()[1].search(normal(title)))


@lru_cache(maxsize=50_000)
def standing(title: str, level: str) -> str:
    """Return intern, junior, mid, senior, lead, staff or principal; a level that says so comes first."""
    for text in (normal(level), normal(title)):
        grade = re.fullmatch(r"(?:l|ic|e|level ?)?\s?(\d{1,2})", text)
        if grade and text == normal(level):
            return _graded(int(grade[1]))
        for name, pattern in _STANDING:
            if text and pattern.search(text):
                return name
    roman = re.search(r"\b(i{1,3}|iv|v)$", normal(title))
    if roman:
        return _graded({"i": 3, "ii": 4, "iii": 5, "iv": 6, "v": 7}[roman[1]])
    return "mid"


def _graded(number: int) -> str:
    if number < 3:
        return "junior"
    return "mid" if number < 5 else "senior" if number < 6 else "staff" if number < 7 else "principal"
