"""What a fact is about: the closed set of subject kinds and their canonical spelling."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import unquote_to_bytes

_PLAIN = re.compile(r"[!#$&(-;=?-\[\]_a-z~]+")
_NAME = re.compile(r"[^\s\x00-\x1f\x7f<>\"'`{}|\\^]+")


class SubjectKind(StrEnum):
    """The closed set of things a signal can be about."""

    ORG = "org"
    TEAM = "team"
    REPO = "repo"
    COMPONENT = "component"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    POPULATION = "population"


_KINDS = frozenset(kind.value for kind in SubjectKind)


class SubjectError(ValueError):
    """A subject is not spelled `kind:name`; the message says which part is wrong."""


class Subject(str):
    """One thing a fact is about, spelled `kind:name`, such as `repo:acme/checkout`.

    A string, so that the millions of look-ups of a large bundle hash it once. Raises SubjectError where
    the name is empty or holds white space, control or quoting characters; free-form names go through
    `Subject.safe`.
    """

    __slots__ = ("kind",)
    kind: SubjectKind

    def __new__(cls, kind: SubjectKind, name: str) -> Subject:
        """Return the subject; raises SubjectError."""
        if not _NAME.fullmatch(name):
            raise SubjectError(f"{name[:80]!r} is not a subject name: use letters, digits, / . _ -")
        subject = super().__new__(cls, f"{kind.value}:{name}")
        subject.kind = kind
        return subject

    @property
    def name(self) -> str:
        """What follows the kind."""
        return self[len(self.kind.value) + 1 :]

    def __reduce__(self) -> tuple[type[Subject], tuple[SubjectKind, str]]:
        """Pickle by kind and name."""
        return type(self), (self.kind, self.name)

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Return the subject that `kind:name` spells; raises SubjectError."""
        return _parse(text)

    @classmethod
    def safe(cls, kind: SubjectKind, *parts: str) -> Subject:
        """Return a subject whose name joins parts with `/`, every unusable character as `%XX`."""
        return cls(kind, "/".join(_escape(part) for part in parts if part) or "_")

    def parts(self) -> list[str]:
        """Return the parts of the name as `safe` took them."""
        return [unquote_to_bytes(part).decode("utf-8", "surrogateescape") for part in self.name.split("/")]


_KNOWN: dict[str, Subject] = {}
_MOST = 500_000
"""Subjects that are held once, however often they are named."""


def _parse(text: str) -> Subject:
    found = _KNOWN.get(text)
    if found is None:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        found = _spelled(text)
        _KNOWN[found] = found
    return found


def _spelled(text: str) -> Subject:
    kind, colon, name = text.partition(":")
    if not colon or kind not in _KINDS:
        kinds = ", ".join(SubjectKind)
        raise SubjectError(f"{text[:80]!r} is not a subject: write KIND:NAME with KIND one of {kinds}")
    return Subject(SubjectKind(kind), name)


def _escape(part: str) -> str:
    if _PLAIN.fullmatch(part):
        return part
    raw = part.encode("utf-8", "surrogateescape")
    return "".join(
        chr(byte) if 32 < byte < 127 and chr(byte) not in "<>\"'`{}|\\^%" else f"%{byte:02X}" for byte in raw
    )
