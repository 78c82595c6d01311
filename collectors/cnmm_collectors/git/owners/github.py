"""CODEOWNERS as GitHub reads it: the last matching line decides, and there are no sections."""

from __future__ import annotations

import re
from collections.abc import Callable

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

SIZE_LIMIT = 3_000_000

_TEAM = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9_-]*)/[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_PERSON = re.compile(r"@([A-Za-z0-9][A-Za-z0-9_-]*)")
_BRACKET = re.compile(r"(?:[^\\]|\\.)*?[\[\]]")
_INLINE_COMMENT = re.compile(r"(?:^|[ \t\r\f\v])#")


def parse_github(path: str, content: bytes | str) -> OwnersFile:
    """Read a CODEOWNERS file as GitHub does; never raises, every line that is not used is an error.

    GitHub documents that a file of 3 MB or more is not loaded, that a line with invalid syntax is
    skipped (so one malformed owner voids its line), that `!`, `[ ]` ranges and an escaped leading
    `#` do not work, and that an empty owner list leaves the path without owner. It also drops
    owners who do not exist or may not write, which the text alone cannot show: what is valid here
    is valid in spelling only.
    """
    if size_of(content) >= SIZE_LIMIT:
        error = OwnersError(0, "too_large", "the file is 3 MB or larger, so GitHub does not use it")
        return OwnersFile(path, "github", (), (error,), truncated=True)
    errors: list[OwnersError] = []
    rules: list[Rule] = []
    for number, line in read_lines(decode(content), errors):
        parsed = _parse_line(number, line)
        if isinstance(parsed, Rule):
            rules.append(parsed)
        else:
            errors.append(parsed)
    return OwnersFile(path, "github", tuple(rules), tuple(errors))


def applying_github(file: OwnersFile) -> Callable[[str], tuple[Rule, ...]]:
    """A function from a path to the one rule that decides it, or to none."""
    index = PatternIndex(tuple(compile_pattern(rule.pattern, "github") for rule in file.rules))
    chosen = tuple((rule,) for rule in file.rules)

    def choose(path: str) -> tuple[Rule, ...]:
        found = index.last(path)
        return () if found < 0 else chosen[found]

    return choose


def _parse_line(number: int, line: str) -> Rule | OwnersError:
    pattern, rest = split_pattern(line)
    refused = _refuse_pattern(number, pattern)
    if refused:
        return refused
    comment = _INLINE_COMMENT.search(rest)
    tokens = split_tokens(rest[: comment.start()] if comment else rest)
    owners = [read_owner(token) for token in tokens]
    for position, owner in enumerate(owners, start=1):
        if owner is None:
            return OwnersError(
                number,
                "invalid_owner",
                f"entry {position} behind the pattern is no owner; the line is skipped",
            )
    return Rule(number, pattern, tuple(owner for owner in owners if owner is not None))


def _refuse_pattern(number: int, pattern: str) -> OwnersError | None:
    if pattern.startswith("!"):
        return OwnersError(
            number, "negation_unsupported", "GitHub has no negated patterns; the line is skipped"
        )
    if pattern.startswith("\\#"):
        return OwnersError(
            number, "escaped_hash_unsupported", "GitHub has no escaped `#`; the line is skipped"
        )
    if _BRACKET.match(pattern):
        return OwnersError(
            number, "brackets_unsupported", "GitHub has no sections or ranges; the line is skipped"
        )
    if "***" in pattern:
        return OwnersError(
            number, "invalid_pattern", "three asterisks in a row mean nothing; the line is skipped"
        )
    return None


def read_owner(token: str) -> Owner | None:
    """The owner a token spells on GitHub, or None: `@org/team` is a team and `@user` a person."""
    team = _TEAM.fullmatch(token)
    if team:
        return Owner("team", team[1])
    person = _PERSON.fullmatch(token)
    if person:
        return Owner("person", person[1])
    return Owner("email", token) if is_email(token) else None
