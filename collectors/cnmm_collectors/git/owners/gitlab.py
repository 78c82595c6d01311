"""CODEOWNERS as GitLab reads it: in each section the last matching line decides; all apply."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cnmm_collectors.git.owners.lines import (
    decode,
    is_email,
    read_lines,
    size_of,
    split_pattern,
    split_tokens,
)
from cnmm_collectors.git.owners.model import Owner, OwnersError, OwnersFile, Rule
from cnmm_collectors.git.owners.patterns import PatternIndex, compile_pattern

SIZE_LIMIT = 10 * 1024 * 1024

_HEADING = re.compile(r"(\^?)\[([^\]]+)\](?:\[([^\]]*)\])?(?:[ \t\r\f\v]+(.*))?", re.DOTALL)
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"@({_NAME}(?:/{_NAME})*)")
_ROLE = re.compile(r"@@(developer|maintainer|owner)s?", re.IGNORECASE)


@dataclass(slots=True)
class _Section:
    name: str | None = None
    optional: bool = False
    approvals: int = 1
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    groups: frozenset[str]
    sections: dict[str | None, _Section] = field(default_factory=lambda: {None: _Section()})
    errors: list[OwnersError] = field(default_factory=list)

    def report(self, line: int, code: str, message: str) -> None:
        self.errors.append(OwnersError(line, code, message))


def parse_gitlab(path: str, content: bytes | str, groups: frozenset[str] = frozenset()) -> OwnersFile:
    """Read a CODEOWNERS file as GitLab does; never raises, what is ignored is an error.

    A `@name` without a slash may be a user or a top-level group, and spelling cannot tell: it is a
    person unless the caller names it in `groups` (any case, without `@`). Malformed owners are
    ignored one by one, also in what was meant as a comment behind the pattern. Not documented, and
    read here so that nothing is claimed too much: the default owners of a repeated section are
    those of its nearest heading, its approvals the smallest asked for. Whoever has no access is
    dropped by GitLab, which the text cannot show. A file over 10 MiB is not read (own limit).
    """
    if size_of(content) > SIZE_LIMIT:
        error = OwnersError(0, "too_large", "the file is larger than 10 MiB and was not read")
        return OwnersFile(path, "gitlab", (), (error,), truncated=True)
    draft = _Draft(frozenset(name.lower() for name in groups))
    section = draft.sections[None]
    defaults: tuple[Owner, ...] = ()
    for number, line in read_lines(decode(content), draft.errors):
        heading = _read_heading(number, line, draft)
        if heading:
            section, defaults = heading
        else:
            _read_entry(number, line, section, defaults, draft)
    rules = [
        replace(rule, section=section.name, optional=section.optional, approvals=section.approvals)
        for section in draft.sections.values()
        for rule in section.rules
    ]
    rules.sort(key=lambda rule: rule.line)
    return OwnersFile(path, "gitlab", tuple(rules), tuple(draft.errors))


def is_heading(line: str) -> bool:
    """Whether a stripped line is a section heading."""
    found = _HEADING.fullmatch(line)
    return found is not None and bool(found[2].strip())


def _read_heading(number: int, line: str, draft: _Draft) -> tuple[_Section, tuple[Owner, ...]] | None:
    found = _HEADING.fullmatch(line)
    if found is None or not found[2].strip():
        if line.startswith(("[", "^[")):
            draft.report(
                number,
                "unparsable_section",
                "the section heading cannot be read; the line is an entry",
            )
        return None
    optional, name = found[1] == "^", found[2].strip()
    approvals = _read_approvals(number, found[3], draft)
    section = draft.sections.get(name.casefold())
    if section is None:
        section = draft.sections[name.casefold()] = _Section(name, optional, approvals)
    section.optional = section.optional and optional
    section.approvals = min(section.approvals, approvals)
    return section, _read_owners(number, found[4] or "", draft)


def _read_approvals(number: int, text: str | None, draft: _Draft) -> int:
    if text is None:
        return 1
    if len(text) <= 6 and text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    draft.report(
        number,
        "invalid_approvals",
        "the number of approvals is no integer from 1; one approval is required",
    )
    return 1


def _read_entry(
    number: int, line: str, section: _Section, defaults: tuple[Owner, ...], draft: _Draft
) -> None:
    pattern, rest = split_pattern(line)
    if pattern == "!":
        draft.report(
            number,
            "invalid_pattern",
            "an exclusion without a path excludes nothing; the line is skipped",
        )
        return
    if pattern.startswith("!"):
        section.rules.append(Rule(number, pattern, ()))
        return
    owners = _read_owners(number, rest, draft) if rest else defaults
    if not owners:
        draft.report(number, "no_owners", "the entry has no owner, so GitLab approves its paths by itself")
    section.rules.append(Rule(number, pattern, owners))


def _read_owners(number: int, text: str, draft: _Draft) -> tuple[Owner, ...]:
    tokens = split_tokens(text)
    if any(token.startswith("#") for token in tokens):
        draft.report(
            number,
            "inline_comment",
            "there are no comments behind a pattern; owners named there count",
        )
    read = [read_owner(token, draft.groups) for token in tokens]
    owners = tuple(dict.fromkeys(owner for owner in read if owner is not None))
    ignored = sum(owner is None for owner in read)
    if ignored:
        draft.report(
            number,
            "invalid_owner",
            f"{ignored} of {len(read)} entries are no owners and are ignored",
        )
    return owners


def read_owner(token: str, groups: frozenset[str] = frozenset()) -> Owner | None:
    """The owner a token spells on GitLab, or None; `groups` are lower-case top-level groups."""
    role = _ROLE.fullmatch(token)
    if role:
        return Owner("role", role[1].lower())
    path = _PATH.fullmatch(token)
    if path:
        is_group = "/" in path[1] or path[1].lower() in groups
        return Owner("group" if is_group else "person", path[1])
    return Owner("email", token) if is_email(token) else None


def applying_gitlab(file: OwnersFile) -> Callable[[str], tuple[Rule, ...]]:
    """A function from a path to its rules: one at most for each section not excluding it."""
    sections: dict[str | None, list[Rule]] = {}
    for rule in file.rules:
        sections.setdefault(rule.section, []).append(rule)
    choosers = [_applying_section(rules) for rules in sections.values()]

    def choose(path: str) -> tuple[Rule, ...]:
        return tuple(rule for chooser in choosers if (rule := chooser(path)) is not None)

    return choose


def _applying_section(rules: list[Rule]) -> Callable[[str], Rule | None]:
    entries = [rule for rule in rules if not rule.pattern.startswith("!")]
    excluding = PatternIndex(
        [compile_pattern(r.pattern[1:], "gitlab") for r in rules if r.pattern.startswith("!")]
    )
    index = PatternIndex([compile_pattern(rule.pattern, "gitlab") for rule in entries])

    def choose(path: str) -> Rule | None:
        found = index.last(path)
        return entries[found] if found >= 0 and excluding.last(path) < 0 else None

    return choose
