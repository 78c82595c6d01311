"""Prose documents as headings and lines of content; code, comments and front matter set apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnmm_collectors.git.detect.comments import blank_comments

SUFFIXES = (".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".markdown", ".txt")
CONTENT_LENGTH = 20
_HEADING = re.compile(r"^(#{1,6}|={2,6})\s+(.+?)\s*#*$")
_UNDERLINE = re.compile(r"^(={3,}|-{3,}|~{3,})\s*$")
_FENCE = re.compile(r"^\s*(```|~~~|----$|\.\. code)")
_FIELD = re.compile(r"^([\w -]{1,40}):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: number, text, the headings above it, outermost first; `level` is 0 where it is no heading."""

    number: int
    text: str
    level: int
    under: tuple[str, ...]

    @property
    def content(self) -> bool:
        """True for a line of at least 20 characters that is not a heading."""
        return self.level == 0 and len(self.text.strip(" -*|>\t")) >= CONTENT_LENGTH


def is_prose(path: str) -> bool:
    """True for a document in a mark-up or plain text format."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(SUFFIXES) or "." not in name


def read_prose(lines: list[str]) -> list[Line]:
    """Return the lines of prose with their headings; fenced code, comments and front matter are left out."""
    lines = blank_comments("\n".join(lines)).split("\n")
    return list(_read(lines, len(_front(lines))))


def _read(lines: list[str], start: int) -> Iterator[Line]:
    above: list[tuple[int, str]] = []
    fenced = False
    for index in range(start, len(lines)):
        text = lines[index].rstrip()
        if _FENCE.match(text) and not _underlines(lines, index):
            fenced = not fenced
            continue
        if fenced or not text.strip() or _UNDERLINE.match(text):
            continue
        level, title = _heading(lines, index)
        if level:
            above = [(n, t) for n, t in above if n < level]
            yield Line(index + 1, title, level, tuple(t for _, t in above))
            above.append((level, title))
        else:
            yield Line(index + 1, text, 0, tuple(t for _, t in above))


def _underlines(lines: list[str], index: int) -> bool:
    return index > 0 and _UNDERLINE.match(lines[index]) is not None and bool(lines[index - 1].strip())


def _heading(lines: list[str], index: int) -> tuple[int, str]:
    match = _HEADING.match(lines[index])
    if match:
        return len(match[1]), match[2]
    following = lines[index + 1] if index + 1 < len(lines) else ""
    if _UNDERLINE.match(following) and len(lines[index].strip()) <= 100 and "|" not in lines[index]:
        return (1 if following[0] == "=" else 2), lines[index].strip()
    return 0, ""


def _front(lines: list[str]) -> list[str]:
    if not lines or lines[0].strip() != "---":
        return []
    end = next((n for n, line in enumerate(lines[1:200], 1) if line.strip() == "---"), 0)
    return lines[: end + 1] if end else []


def front_matter(lines: list[str]) -> dict[str, tuple[str, int]]:
    """Return the plain fields of front matter in lower case, each with its value and line."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(_front(lines), 1):
        match = _FIELD.match(line)
        if match:
            found[match[1].strip().lower()] = (match[2].strip(" \"'"), number)
    return found


def content_count(lines: list[str]) -> int:
    """Return how many lines of content a document has."""
    return sum(line.content for line in read_prose(lines))
