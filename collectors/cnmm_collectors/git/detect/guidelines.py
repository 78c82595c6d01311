"""The security guideline: its classes of advice, its last change, and whether anything links to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnmm_collectors.git.detect.documents import newest_change
from cnmm_collectors.git.detect.policies import policy_rules
from cnmm_collectors.git.detect.prose import Line, is_prose, read_prose
from cnmm_collectors.git.detect.readings import Hit, cite_hits, doubtful, flag, not_there, of_repository
from cnmm_collectors.git.detect.survey import Doubt, Survey
from cnmm_collectors.git.detect.waivers import read_waivers
from cnmm_collectors.signals import Observed, Reading, Signal

KEYS = ("docs.security_guideline_date", "docs.security_guideline_classes", "docs.security_guideline_linked")
WHAT = "a security guideline"
CLASSES = ("preferred", "safe", "forbidden")
_GUIDELINE = re.compile(
    r"(^|/)[^/]*(secur(e|ity))[-_ ]?(coding|development|engineering|policy|cloud)?[-_ ]?"
    r"(guides?|guidelines?|standards?|rules|baseline|practices|handbook)[^/]*$"
    r"|(^|/)security/([^/]+/)*[^/]*(guidelines?|standards?|rules|baseline|practices|handbook)[^/]*$"
    r"|(^|/)secure[-_]coding[^/]*$",
    re.IGNORECASE,
)
_HEADINGS = {
    "forbidden": re.compile(
        r"\b(forbidden|prohibited|must not|never|disallowed|banned|den(y|ied)[- ]?(list)?|do not|don'?ts?"
        r"|not allowed|unsafe|blocked)\b",
        re.IGNORECASE,
    ),
    "safe": re.compile(
        r"\b(safe|acceptable|allow(ed)?[- ]?(list)?|permitted|approved|may|tolerated|optional)\b",
        re.IGNORECASE,
    ),
    "preferred": re.compile(
        r"\b(preferred|recommended|should|best practices?|defaults?|must|required|do|use)\b", re.IGNORECASE
    ),
}
_WORDS = {
    "forbidden": re.compile(r"\b(MUST NOT|SHALL NOT|SHOULD NOT|NOT RECOMMENDED|PROHIBITED|FORBIDDEN)\b"),
    "preferred": re.compile(r"\b(MUST|SHALL|SHOULD|RECOMMENDED|REQUIRED)\b(?! NOT\b)"),
    "safe": re.compile(r"\b(MAY|OPTIONAL|PERMITTED|ALLOWED)\b(?! NOT\b)"),
}
_KEY_WORDS = re.compile(r"key ?words|RFC ?2119|BCP ?14", re.IGNORECASE)
_FROM = re.compile(
    r"(^|/)(contributing|readme|onboarding|getting[-_]started|welcome)[^/]*$|(^|/)onboarding/[^/]+$",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"\]\(([^)\s]{1,500})[^)]{0,200}\)|(https?://[^\s)>\"'\]]{1,500})|^\s*\[[^\]]{1,100}\]:\s*(\S{1,500})"
)


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield the date and the classes of the repository's guideline, and whether something links to one."""
    doubts = _doubts(survey)
    found = sorted(
        ((classes_of(survey, path), path) for path in _places(survey)), key=lambda g: (-len(g[0]), g[1])
    )
    best = [Hit(found[0][1], says=WHAT)] if found and found[0][0] else []
    yield of_repository(survey, KEYS[0], newest_change(survey, best, doubts, WHAT))
    yield of_repository(survey, KEYS[1], _classes(survey, found))
    links = list(_links(survey))
    yield of_repository(
        survey,
        KEYS[2],
        flag(survey, links, survey.doubts(lambda p: bool(_FROM.search(p))), "a link to the guideline"),
    )


def could_decide(path: str) -> bool:
    """True for a document that may be a guideline, or link to one."""
    return bool(_GUIDELINE.search(path) or _FROM.search(path))


def _could(path: str) -> bool:
    return is_prose(path) and _GUIDELINE.search(path) is not None


def _doubts(survey: Survey) -> tuple[Doubt, ...]:
    return survey.doubts(lambda path: _could(path) or path in survey.designated)


def _places(survey: Survey) -> list[str]:
    return [path for path in survey.readable if _could(path) or path in survey.designated]


def _classes(survey: Survey, found: list[tuple[dict[str, int], str]]) -> Reading:
    coded = _coded(survey)
    best: dict[str, int] = found[0][0] if found else {}
    doubts = _doubts(survey)
    if max(len(best), len(coded)) < len(CLASSES) and doubts:
        return doubtful(survey, doubts, WHAT)
    if coded and len(coded) > len(best):
        return Observed(len(coded), cite_hits(survey, coded.values()))
    if best:
        hits = [Hit(found[0][1], line, line, f"{name} advice") for name, line in best.items()]
        return Observed(len(best), cite_hits(survey, hits))
    if found:
        return Observed(0, cite_hits(survey, [Hit(found[0][1], says="no class of advice with content")]))
    return not_there(survey, WHAT)


def classes_of(survey: Survey, path: str) -> dict[str, int]:
    """Return the classes of advice with at least one line of content, each with the first such line."""
    found: dict[str, int] = {}
    for line in read_prose(survey.lines(path)):
        if not line.content or _KEY_WORDS.search(line.text):
            continue
        for name in _named(line):
            found.setdefault(name, line.number)
    return {name: found[name] for name in CLASSES if name in found}


def _named(line: Line) -> Iterator[str]:
    # The nearest heading that names a class decides; a document's title names none.
    for heading in reversed(line.under[1:] if len(line.under) > 1 else line.under):
        name = next((name for name, pattern in _HEADINGS.items() if pattern.search(heading)), "")
        if name:
            yield name
            break
    for name, pattern in _WORDS.items():
        if pattern.search(line.text):
            yield name


def _coded(survey: Survey) -> dict[str, Hit]:
    """Return the classes that explained policies with complete exception records amount to."""
    rules = [rule for rule in policy_rules(survey) if rule.explained]
    records = [record for record in read_waivers(survey)[0] if record.complete]
    refusing = [rule.hit for rule in rules if not rule.steers]
    if not refusing or not records:
        return {}
    found = {"forbidden": min(refusing), "safe": min(record.hit() for record in records)}
    steering = [rule.hit for rule in rules if rule.steers]
    if steering:
        found["preferred"] = min(steering)
    return found


def _links(survey: Survey) -> Iterator[Hit]:
    for path in survey.readable:
        if not (is_prose(path) and _FROM.search(path)):
            continue
        for line in read_prose(survey.lines(path)):
            targets = (match[1] or match[2] or match[3] for match in _LINK.finditer(line.text))
            if any(_GUIDELINE.search(target.partition("#")[0].partition("?")[0]) for target in targets):
                yield Hit(path, line.number, line.number, "link to the security guideline")
