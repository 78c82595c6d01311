"""Shell lines of a pipeline as single commands, with comments and talk left out."""

from __future__ import annotations

import re

from cnmm_collectors.git.detect.nodes import Node

_SPLIT = re.compile(r"&&|\|\||;|\||\n")
_PREFIX = re.compile(
    r"^(?:(?:if|then|do|else|!|time|sudo(?: -E)?|exec|env|nohup|npx(?: --yes| -y)?|pipx run|uvx|poetry run"
    r"|uv run|bundle exec|pnpm exec|yarn|go run|timeout \S+|[A-Za-z_]\w*=\S*)\s+)+"
)
_FOLDER = re.compile(r"^(?:\.{0,2}/)?(?:[\w.$~{}-]+/)*(?=[\w.-]+(?:\s|$))")
_TALK = re.compile(r"^(echo|printf|:|cat|grep|which|command -v|apt-get|apt|brew|curl|wget)\b")
_QUOTED_TALK = re.compile(r"\b(echo|printf)\b\s+(\"[^\"\n]*\"|'[^'\n]*')")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
LINE_LIMIT = 2000
SCRIPT_LIMIT = 200_000
SOFTENED = "|| true"


def read_commands(node: Node) -> tuple[tuple[int, str], ...]:
    """Return (line, command) of a script: a text or a list of texts; a softened command ends in `|| true`."""
    found: list[tuple[int, str]] = []
    budget = SCRIPT_LIMIT
    for _, item in node.walk():
        if isinstance(item.value, str) and budget > 0:
            text = item.value[:budget]
            budget -= len(text)
            found.extend(_commands(text, item.line, item.end))
    return tuple(found)


def _commands(text: str, first: int, last: int) -> list[tuple[int, str]]:
    lines = text.split("\n")
    # A block scalar starts on the line after its indicator.
    start = first + 1 if last > first and len(text.rstrip("\n").split("\n")) <= last - first else first
    found: list[tuple[int, str]] = []
    until = ""
    joined, joined_at = "", 0
    for number, raw in enumerate(lines, start):
        line = raw.strip()[:LINE_LIMIT]
        if until:
            until = "" if line == until else until
            continue
        if line.startswith("#"):
            continue
        joined_at = joined_at if joined else number
        joined = f"{joined} {line}".strip()[:LINE_LIMIT]
        if line.endswith("\\"):
            joined = joined[:-1]
            continue
        opened = _HEREDOC.search(joined)
        until = opened[1] if opened else ""
        found.extend((min(joined_at, last), part) for part in _split(joined))
        joined = ""
    return found


def _split(line: str) -> list[str]:
    line = _QUOTED_TALK.sub("echo", line)
    line = re.sub(r"\s#.*$", "", line)
    softened = re.search(r"\|\|\s*(true|:|exit 0|echo)\b", line) is not None
    parts = (_FOLDER.sub("", _PREFIX.sub("", part.strip()), count=1) for part in _SPLIT.split(line))
    kept = [part for part in parts if part and not _TALK.match(part)]
    return [f"{part} {SOFTENED}" for part in kept] if softened else kept
