"""The cited lines themselves: of files that machines read, where none tells of a person or a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from cnmm_collectors.git.detect.paths import path_class
from cnmm_collectors.git.model import PathClass

MOST_LINES = 3
MOST_CHARACTERS = 200
_NAMES = re.compile(
    r"(docker|container)file(\..*)?|.*\.dockerfile|.*\.tf|chart\.yaml|kustomization\.ya?ml|codeowners|go\.mod"
    r"|requirements[\w.-]*\.(txt|in)",
    re.IGNORECASE,
)
_MANIFEST = re.compile(rb"^apiVersion:", re.MULTILINE)
_CLOSED_NAME = re.compile(r"(^|[./_-])env($|[./_-])|^values|secret|\.tfvars$", re.IGNORECASE)
_CLOSED = re.compile(
    rb"kind:\s*[\"']?Secret(List)?\b|secretGenerator|stringData|-----BEGIN"
    rb"|^[ \t]*(export[ \t]+)?[A-Z][A-Z0-9_]{2,}=[^\s=]",
    re.MULTILINE,
)
_COMMENT = re.compile(r"(^|\s)(#|//).*$|<!--.*$")
_PROSE = re.compile(
    r"^\W*(name|title|display-?name|description|summary|message|note|says|text|if)[\"']?\s*[:=]",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"\b(authors?|maint\w*|contacts?|owner\w*|owned[-_ ]?by|responsible|accountable|assign\w*|review\w*"
    r"|approv\w*|e-?mail|mail\w*|users?|user-?name|logins?|committer|people|person|copyright|signed|by)\b\W",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+%-]@(?!v?\d+(\.\d+){0,2}(?![\w.-]))[\w-]+\.\w")
_HANDLE = re.compile(r"(?<![\w./-])@(?![\w.-]+/[\w.-]+)")
_SECRET = re.compile(
    r"pass|pwd|secret|token|credential|(api|private|access|signing|auth)[-_]?key|bearer|\bbasic\b|://[^/\s]*@",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9+_]{12,}")


def show_lines(path: str, raw: bytes, first: int, last: int) -> str:
    """Return up to three of the lines first..last, without comments; empty where not fit to be shown."""
    if not first or not _is_machine_read(path, raw) or _CLOSED.search(raw):
        return ""
    shown: list[str] = []
    for line in _lines(raw, first, max(first, last)):
        if _PROSE.search(line):
            continue
        if _tells(line, owners=path.endswith("CODEOWNERS")):
            return ""
        shown.append(line[:MOST_CHARACTERS])
        if len(shown) == MOST_LINES:
            break
    return "\n".join(shown)


def _is_machine_read(path: str, raw: bytes) -> bool:
    name = path.rpartition("/")[2]
    if _CLOSED_NAME.search(name):
        return False
    if path_class(path) is PathClass.CI or _NAMES.fullmatch(name):
        return True
    return name.lower().endswith((".yaml", ".yml")) and _MANIFEST.search(raw) is not None


def _lines(raw: bytes, first: int, last: int) -> Iterator[str]:
    for row in raw.split(b"\n", last)[first - 1 : last]:
        line = _COMMENT.sub("", row.decode("utf-8", "replace")).strip()
        if line:
            yield line


def _tells(line: str, *, owners: bool) -> bool:
    """True where a line may name a person or hold a secret; a wrong yes only costs the line."""
    if _ADDRESS.search(line) or _HANDLE.search(line) or _SECRET.search(line):
        return True
    if not owners and _PERSONAL.search(line):
        return True
    words = re.findall(r"[^\W\d_][\w'’-]*", line)
    if any(one.istitle() and other.istitle() for one, other in pairwise(words)):
        return True
    return any(_is_mixed(word) for word in _WORD.findall(line))


def _is_mixed(word: str) -> bool:
    return any(map(str.isdigit, word)) and any(map(str.isupper, word)) and any(map(str.islower, word))
