"""Rosters that are no table: MAINTAINERS and OWNERS files, ladders and team files in YAML or Markdown.

Each entry becomes a numbered row of the roster's own fields; names of people are left where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cnmm_collectors.people.layouts import ROSTER
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.examine import Examined
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.headers import candidates
from cnmm_collectors.tables.places import ALIASES

Row = dict[str, str]
Rows = tuple[list[str], list[tuple[int, list[str]]]]
_MOST = 4 * 1024**2
_DEEPEST = 8
_NAMED = re.compile(
    r"(OWNERS|OWNERS_ALIASES|(EMERITUS_)?MAINTAINERS|COMMITTERS|APPROVERS|REVIEWERS)", re.IGNORECASE
)
_GONE = re.compile(r"emerit|alumni|former|retired|inactive|ehemalig|anciens", re.IGNORECASE)
_LEAD = re.compile(r"maintainer|approver|\blead|owner|committer|chair", re.IGNORECASE)
_HEADING = re.compile(r"#+\s+(.*?)\s*#*|([^\s|*-].*):")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LOGIN = re.compile(r"(?<![\w@/.])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?![\w./-])")
_PROFILE = re.compile(r"github\.com/([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?![\w/-])")
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})")
_RULE = re.compile(r"[\s|:-]+")
_LISTS = {
    "approvers": {"tech_lead": "yes"},
    "reviewers": {},
    "maintainers": {"tech_lead": "yes"},
    "leads": {"tech_lead": "yes"},
    "lead": {"tech_lead": "yes"},
    "owners": {"tech_lead": "yes"},
    "members": {},
    "people": {},
    "admins": {},
}
_ABOUT = {"task": "task", "mission": "task", "purpose": "task", "type": "team_type", "topology": "team_type"}


def listed(path: Path, facts: Examined) -> Rows | None:
    """Return header and numbered rows of a list of people, None for a table; raises TableFault."""
    if facts.kind not in ("text", "yaml"):
        return None
    named = _NAMED.fullmatch(path.name.removesuffix(path.suffix) if path.suffix != ".csv" else "")
    markdown = path.suffix.lower() in (".md", ".markdown")
    if not (named or markdown or facts.kind == "yaml"):
        return None
    if facts.size > _MOST:
        raise TableFault(
            f"{path.name}: more than {_MOST // 1024**2} MiB for a list of people", Gap.UNSUPPORTED
        )
    text = path.read_bytes()[facts.bom :].decode(facts.encoding, "replace")
    plain = named is not None and named[1].upper().startswith("OWNERS")
    rows = list(_of_yaml(path, text) if facts.kind == "yaml" or plain else _of_text(path, text))
    if not rows:
        raise TableFault(f"{path.name}: lists nobody by login, address or id")
    # A name that stands for a team of aliases is no account.
    teams = {row["team"] for _, row in rows if "team" in row} | _aliases(path)
    rows = [(number, row) for number, row in rows if row.get("login") not in teams]
    header = sorted({name for _, row in rows for name in row})
    return header, [(number, [row.get(name, "") for name in header]) for number, row in rows]


def _aliases(path: Path) -> set[str]:
    """Return the names of groups that the file of aliases beside an OWNERS file declares."""
    beside = path.with_name(ALIASES)
    if path.name != "OWNERS" or not beside.is_file() or beside.is_symlink():
        return set()
    try:
        found = yaml.safe_load(beside.read_bytes()[:_MOST])
    except (OSError, yaml.YAMLError, RecursionError):
        return set()
    aliases = found.get("aliases") if isinstance(found, Mapping) else None
    return {str(name) for name in aliases} if isinstance(aliases, Mapping) else set()


def _of_yaml(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise TableFault(f"{path.name}: not well-formed YAML") from error
    yield from enumerate(_walk(document, "", {}), 1)


def _walk(node: Any, team: str, about: Row, depth: int = 0) -> Iterator[Row]:
    """Yield a row for each person below a node; `team` and `about` come from the nodes above it."""
    if depth > _DEEPEST:
        return
    if isinstance(node, Mapping):
        yield from _branch(node, team, about, depth)
    elif isinstance(node, list):
        for entry in node:
            row = _person(entry, team, about)
            if row is not None:
                yield row
            elif isinstance(entry, Mapping):
                yield from _walk(entry, team, about, depth + 1)


def _branch(node: Mapping[Any, Any], team: str, about: Row, depth: int) -> Iterator[Row]:
    """Yield the people of a mapping: of its lists, of the aliases it declares, and of what lies deeper."""
    name = str(node.get("team") or node.get("name") or team) if _has_list(node) else team
    told = {**about, **{_ABOUT[k]: str(v) for k, v in node.items() if k in _ABOUT and isinstance(v, str)}}
    for key, value in ((str(key), value) for key, value in node.items() if not _GONE.search(str(key))):
        if key in _LISTS:
            entries = value if isinstance(value, list) else [value]
            yield from _walk(entries, name, {**told, **_LISTS[key]}, depth + 1)
        elif key == "aliases" and isinstance(value, Mapping):
            for alias, members in value.items():
                yield from _walk(members, str(alias), told, depth + 1)
        elif isinstance(value, Mapping | list):
            inner = key if isinstance(value, Mapping) and _has_list(value) else name
            yield from _walk(value, inner, told, depth + 1)


def _has_list(node: Mapping[Any, Any]) -> bool:
    return any(key in node for key in _LISTS)


def _person(entry: Any, team: str, about: Row) -> Row | None:
    """Return the row of an entry that names one person by login, address or id."""
    row: Row = {}
    if isinstance(entry, str):
        text = entry.strip().removeprefix("@")
        if _ADDRESS.fullmatch(text):
            row["email"] = text
        elif _PLAIN.fullmatch(text):
            row["login"] = text
    elif isinstance(entry, Mapping):
        for key, value in entry.items():
            field = next(iter(candidates(str(key), ROSTER.fields)), "")
            if field and isinstance(value, str | int | bool) and not isinstance(value, float):
                row.setdefault(field, "yes" if value is True else "" if value is False else str(value))
    if not any(row.get(key) for key in ("login", "email", "employee_id")):
        return None
    return {**about, **({"team": team} if team else {}), **row}


def _of_text(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    """Yield a row for each line with a login or an address; headings say which list it is."""
    gone, lead = bool(_GONE.search(path.name)), bool(_LEAD.search(path.name))
    head: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            title = heading[1] or heading[2] or ""
            gone, lead, head = bool(_GONE.search(title)), bool(_LEAD.search(title)) or lead, ()
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if "|" in line else []
        if cells and not _RULE.fullmatch(line) and not head:
            head = tuple(next(iter(candidates(cell, ROSTER.fields)), "") for cell in cells)
            continue
        row = _in_line(line) | _in_cells(head, cells)
        if not gone and any(row.get(key) for key in ("login", "email", "employee_id")):
            yield number, {**({"tech_lead": "yes"} if lead else {}), **row}


def _in_line(line: str) -> Row:
    login = _PROFILE.search(line) or _LOGIN.search(line)
    address = _ADDRESS.search(line)
    return {
        **({"login": login[1]} if login else {}),
        **({"email": address[0]} if address and not address[0].endswith("noreply.github.com") else {}),
    }


def _in_cells(head: tuple[str, ...], cells: list[str]) -> Row:
    """Return the fields of a Markdown table's row; links in it are read by their target."""
    found: Row = {}
    for field, cell in zip(head, cells, strict=False):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).strip("`* ").removeprefix("@")
        if field in ("login", "email", "employee_id") and not _PLAIN.fullmatch(text) and "@" not in text:
            continue
        if field and text:
            found.setdefault(field, text)
    return found
