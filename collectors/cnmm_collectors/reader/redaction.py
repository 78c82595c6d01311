"""Redaction: what may stand in an excerpt, a locator or a query, and what is replaced before it does.

Persons become `<person>`, secret-shaped values `<secret>`, control and direction characters a visible
spelling. Line breaks are kept, so line numbers stay true.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

_PERSON = "<person>"
_SECRET = "<secret>"  # noqa: S105  (a placeholder, not a secret)
_SCAN = 8_000

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL)
_SHAPES = re.compile(
    r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"
    r"|\b(?:gh[pousr]_|github_pat_)\w{16,}"
    r"|\b(?:glpat|gldt|glrt|glcbt|glptt|glft|glsoat|gloas)-[\w-]{16,}"
    r"|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}"
    r"|hooks\.slack\.com/services/[\w/]+"
    r"|\bAIza[\w-]{30,}|\bya29\.[\w.-]{20,}"
    r"|\b[rs]k_(?:live|test)_\w{12,}|\bsk-(?:[a-z]+-)*[\w-]{20,}"
    r"|\bnpm_\w{30,}|\bpypi-[\w-]{40,}|\bdop_v1_\w{30,}|\bhv[sb]\.[\w-]{20,}|\bdckr_pat_[\w-]{16,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?"
)
_SHAPE_SIGNS = (
    "AKIA", "ASIA", "AROA", "AIDA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glp",
    "gld", "glr", "glc", "glf", "glsoat", "gloas", "xox", "xapp-", "hooks.slack", "AIza", "ya29.", "k_live_",
    "k_test_", "sk-",
    "npm_", "pypi-", "dop_v1_", "hvs.", "hvb.", "dckr_pat_", "SG.", "eyJ",
)  # fmt: skip
_USERINFO = re.compile(r"(?<=://)[^\s/@'\"<>]+(?:@[^\s/@'\"<>]+)*@")
_LOGIN = re.compile(r"\A[\w.+-]+@(?=[\w.-]+:)")
"""Who logs in, at the start of an address as SSH has them: `LOGIN@HOST:PATH`."""
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic|authorization:\s*\w+)\s+[\w.~+/=-]{8,}")
_AUTHORIZATION_WORDS = ("bearer", "basic", "authorization")
_ASSIGNED_NAME = r"""
    (?: passw(?:or)?d | passwd | passphrase | pwd | secret | token | credentials? | api[_-]?key
      | apikey | access[_-]?key(?:[_-]?id)? | private[_-]?key | secret[_-]?key | signing[_-]?key
      | auth[_-]?key
      | encryption[_-]?key | connection[_-]?string | dsn | webhook(?:[_-]?url)? ) [\d]* ["']?
      [ \t]* (?: := | => | [:=] ) [ \t]*
    """
_ASSIGNED = re.compile(
    rf"""(?ix)
    ( {_ASSIGNED_NAME} )
    ( "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | [^\s,;\#}}\])]+ )
    """
)
_ASSIGNED_PLAIN = re.compile(f"(?x){_ASSIGNED_NAME}")
"""Finds in lower case what the other finds in any case, many times as fast: asked first of ASCII."""
_REFERENCE = re.compile(
    r"""(?ix) ["']? (?: \$ .* | \{\{.* | %[\w(].* | <.* | \|-? | >-? | & .* | ! .* | \[.* | \{.*
    | os\.(?:environ|getenv)\b.* | process\.env\b.* | System\.getenv\b.* | ENV\[.*
    | (?:secrets|vars|var|env|local|inputs|matrix|steps)\.[a-z_][\w.-]*
    | true | false | null | none | nil | inherit | read | write | required | optional | string | str
    | "" | '' | ~ )
    ["']? $"""
)
_PADDED = re.compile(r"(?<![\w/+])([A-Za-z0-9+/]{5,})(={1,2})(?![\w=])")
_VALUE = re.compile(r"\$|%[\w(]|\{\{|<(?!/)|[`~*(\[]|\.{0,2}/|-")
"""How what is given to a name begins, where it is neither a word nor quoted."""
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_PIECE = re.compile(r"[/\-_]")
# What follows the @ of a pinned action is a version, not a host.
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+@(?!v?\d+(?:\.\d+){0,2}(?![\w.-]))[\w-]+(?:\.[\w-]+)+")
_NAMED_ADDRESS = re.compile(r"(?:[^\W\d_][\w.'’-]*[ \t]+){1,4}<[^<>\s]+@[^<>\s]+>")
_TRAILER = re.compile(
    r"(?im)^(\W{0,4}(?:co-authored-by|signed-off-by|reviewed-by|acked-by|tested-by|reported-by|authors?"
    r"|maintainers?|committer|copyright(?:\s+\(c\)|\s+©)?\s+[\d,\s-]+(?:by\s)?)\s*[:\s]\s*)(?=[^\s\[{|>])[^\n]+$"
)
_HANDLE = re.compile(r"(?<![\w@/.`$])@(?!@)[A-Za-z0-9_](?:[\w.-]*[\w])?(?![\w/-])")
_USER_REF = re.compile(r"(?i)\buser:(?:[\w.-]+/)?[\w.-]+")
_PEOPLE_FILE = re.compile(
    r"(?:^|/)(?:MAINTAINERS|AUTHORS|CONTRIBUTORS|CREDITS|EMERITUS|\.mailmap)[^/]*$", re.I
)
_OWNERS_FILE = re.compile(r"(?:^|/)OWNERS(?:_ALIASES)?$")
_LIST_ITEM = re.compile(r"(?m)^([ \t]*-[ \t]+)[^\n#]+")
_SECRET_BLOCK = re.compile(
    r"(?m)^([ \t]*)(?:data|stringData):[ \t]*\n((?:(?:\1[ \t]+[^\n]*|[ \t]*)(?:\n|\Z))+)"
)
_BLOCK_LINE = re.compile(r"(?m)^([ \t]+[\w.\"'/-]+:[ \t]*)[^\n]+|^[ \t]+(?![\w.\"'/-]+:)[^\n]+")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def redact(text: str, path: str = "") -> str:
    """Return the text fit to be shown: no handle, address or secret-shaped value, every line kept."""
    text = _UNSAFE.sub(_spell, text.replace("\r\n", "\n"))
    if path and _PEOPLE_FILE.search(path):
        return "\n".join(_PERSON if line.strip() else line for line in text.split("\n"))
    return _hide_people(_hide_secrets(text), path)


@lru_cache(maxsize=2048)
def redact_url(text: str) -> str:
    """Return a locator or query without user information, secret-shaped values or control characters."""
    text = _UNSAFE.sub(_spell, text).replace("\n", "\\x0a").replace("\t", "\\x09")
    text = _USERINFO.sub("", text) if "://" in text else _LOGIN.sub("", text)
    return _hide_secrets(text)


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters, never the first half of a redaction mark."""
    if len(text) <= limit:
        return text
    text = text[: limit - 1]
    mark = text.rfind("<", max(0, len(text) - len(_PERSON)))
    if mark >= 0 and ">" not in text[mark:]:
        text = text[:mark]
    return text + "…"


def bound(text: str) -> str:
    """Return the part of a long text worth redacting; a word that the cut would halve is left out."""
    if len(text) <= _SCAN:
        return text
    head = text[:_SCAN]
    return head[: max(head.rfind(" "), head.rfind("\n"), 0)]


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _hide_secrets(text: str) -> str:
    if "-----BEGIN" in text:
        text = _PEM.sub(_hide_lines, text)
    if "kind: Secret" in text or "stringData:" in text:
        text = _SECRET_BLOCK.sub(_hide_block, text)
    if any(sign in text for sign in _SHAPE_SIGNS):
        text = _SHAPES.sub(_SECRET, text)
    if "://" in text:
        text = _USERINFO.sub(f"{_SECRET}@", text)
    # Only ASCII letters have the same two cases for `lower` as for a pattern that ignores case.
    lower = text.lower() if text.isascii() else None
    if lower is None or any(word in lower for word in _AUTHORIZATION_WORDS):
        text = _AUTHORIZATION.sub(rf"\1 {_SECRET}", text)
    if lower is None or _ASSIGNED_PLAIN.search(lower):
        text = _ASSIGNED.sub(_hide_assigned, text)
    if "=" in text:
        text = _PADDED.sub(_hide_padded, text)
    return _RUN.sub(_hide_random, text)


def _hide_people(text: str, path: str) -> str:
    if path and _OWNERS_FILE.search(path):
        text = _LIST_ITEM.sub(rf"\1{_PERSON}", text)
    if "@" in text:
        if "<" in text:
            text = _NAMED_ADDRESS.sub(_PERSON, text)
        text = _ADDRESS.sub(_PERSON, text)
        text = _HANDLE.sub(_PERSON, text)
    text = _USER_REF.sub(f"user:{_PERSON}", text)
    return _TRAILER.sub(rf"\1{_PERSON}", text)


def _hide_lines(match: re.Match[str]) -> str:
    return _SECRET + "\n" * match.group().count("\n")


def _hide_block(match: re.Match[str]) -> str:
    start = match.start(2) - match.start()
    body = _BLOCK_LINE.sub(lambda line: f"{line[1] or '  '}{_SECRET}", match.group(2))
    return match.group()[:start] + body


def _hide_assigned(match: re.Match[str]) -> str:
    if _REFERENCE.match(match.group(2)):
        return match.group()
    return f"{match.group(1)}{_SECRET}"


def _hide_padded(match: re.Match[str]) -> str:
    """Hide what ends as base64 does; `name=` before a value is a name, where no padding could end so."""
    word, padding = match.groups()
    if len(padding) == 1 and word.isalnum() and word[0].isalpha():
        text, end = match.string, match.end()
        plain = word.islower() or word.isupper()
        if text.startswith(("$", "{{", "%("), end) or (plain and _gives(text, match.start(), end)):
            return match.group()
        # Base64 comes in fours, so an empty value behind another length follows a name.
        if plain and word.isalpha() and len(word) % 4 != 3 and text[end : end + 1] in ("", " ", "\t", "\n"):
            return match.group()
    return _SECRET


def _gives(text: str, start: int, end: int) -> bool:
    """True where a value begins at `end`: a quote that opens, a reference, an option or a path."""
    mark = text[end : end + 1]
    if mark and mark in "\"'":
        return text.count(mark, text.rfind("\n", 0, start) + 1, end) % 2 == 0
    return _VALUE.match(text, end) is not None


def _hide_random(match: re.Match[str]) -> str:
    run = match.group()
    longest = max(_PIECE.split(run), key=len)
    return _SECRET if len(longest) >= 20 and _is_random(longest) else run


def _is_random(word: str) -> bool:
    """True where a word mixes cases and digits too evenly to have been written by hand."""
    kinds = (any(map(str.isdigit, word)), any(map(str.isupper, word)), any(map(str.islower, word)))
    if not all(kinds):
        return False
    total = len(word)
    entropy = -sum(n / total * math.log2(n / total) for n in Counter(word).values())
    return entropy >= 3.5
