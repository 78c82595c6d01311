"""The lines of a CODEOWNERS file, before any dialect reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnmm_collectors.git.owners.model import OwnersError

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_PATTERN = re.compile(r"(?:\\.|[^ \t\r\f\v\\]|\\$)+", re.DOTALL)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"/\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,63}")
_BLANK = " \t\r\f\v"
_BLANKS = re.compile(r"[ \t\r\f\v]+")


def decode(content: bytes | str) -> str:
    """The text of a file; bytes that are not UTF-8 become surrogates and cost only their line."""
    return content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content


def size_of(content: bytes | str) -> int:
    """The size in bytes of the file, also where it arrives as text decoded with surrogateescape."""
    if isinstance(content, bytes):
        return len(content)
    return len(content.encode("utf-8", "surrogatepass")) - 2 * len(_ESCAPED_BYTE.findall(content))


def read_lines(text: str, errors: list[OwnersError]) -> Iterator[tuple[int, str]]:
    """Yield (line from 1, stripped text) but for blanks and comments; report unreadable lines."""
    if text.startswith("\ufeff"):
        errors.append(
            OwnersError(1, "byte_order_mark", "the file starts with a byte order mark, which is ignored")
        )
        text = text[1:]
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(_BLANK)
        if not line or line.startswith("#"):
            continue
        if _SURROGATE.search(line):
            errors.append(OwnersError(number, "not_utf8", "the line is not valid UTF-8 and is skipped"))
        elif "\0" in line:
            errors.append(OwnersError(number, "nul_byte", "the line holds a NUL byte and is skipped"))
        else:
            yield number, _keep_escaped_end(raw, line)


def _keep_escaped_end(raw: str, line: str) -> str:
    # `path\ ` ends in an escaped space, which stripping would turn into a lone backslash.
    backslashes = len(line) - len(line.rstrip("\\"))
    rest = raw.rstrip("\r").lstrip(_BLANK)[len(line) :]
    return line + rest[:1] if backslashes % 2 and rest else line


def split_pattern(line: str) -> tuple[str, str]:
    """Split a line into its pattern, which ends at the first unescaped blank, and what follows."""
    found = _PATTERN.match(line)
    end = found.end() if found else 0
    return line[:end], line[end:].strip(_BLANK)


def split_tokens(text: str) -> list[str]:
    """The tokens between blanks; only ASCII blanks part them."""
    return [token for token in _BLANKS.split(text) if token]


def is_email(token: str) -> bool:
    """Whether a token is spelled like an e-mail address of at most 254 characters."""
    return len(token) <= 254 and _EMAIL.fullmatch(token) is not None
