"""Catalogue entities from YAML, cut down to what signals need; no member of a team is kept by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

MAX_BYTES = 16 * 1024 * 1024
MAX_ENTITIES = 100_000
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPES = {
    "stream-aligned": r"stream.?aligned|product.?team|value.?stream.?team",
    "platform": r"platform",
    "enabling": r"enabling",
    "complicated-subsystem": r"complicated.?subsystem",
}
_SLUG = re.compile(r"(?:url:|dir:)?https?://[^/]+/([\w.-]+/[\w.-]+?)(?:\.git)?(?:/.*)?")
_PLACE = re.compile(r".*?/(?:-/)?(?:tree|blob)/[^/]+/(.+)")


class EntityFault(Exception):
    """A catalogue file cannot be read; the message says what is wrong, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: notes are its annotations and labels by the last part of their key, lower case."""

    kind: str
    name: str
    type: str = ""
    owner: str = ""
    lifecycle: str = ""
    system: str = ""
    domain: str = ""
    described: bool = False
    defined: bool = False
    provides: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    members: int = 0
    slug: str = ""
    place: str = ""
    file: str = ""
    digest: str = ""

    def note(self, *names: str) -> str:
        """Return the first of the notes that is there."""
        return next((self.notes[name] for name in names if self.notes.get(name)), "")

    def day(self, *names: str) -> date | None:
        """Return a note as a date."""
        try:
            return date.fromisoformat(self.note(*names)[:10])
        except ValueError:
            return None

    @property
    def team_type(self) -> str:
        """The team's type, or an empty text."""
        said = f"{self.note('team-type', 'topology')} {self.type}".casefold()
        return next((name for name, pattern in _TYPES.items() if re.search(pattern, said)), "")


def parse(raw: bytes, file: str, digest: str) -> Iterator[Entity | None]:
    """Yield each entity of a file, None for a document that is none; raises EntityFault."""
    if len(raw) > MAX_BYTES:
        raise EntityFault(f"larger than {MAX_BYTES // 1024**2} MiB; split it")
    if len(re.findall(rb"[:\-,\[]\s+\*\w", raw)) > 1000:
        raise EntityFault("too many aliases")
    try:
        for number, document in enumerate(yaml.load_all(raw, Loader=_Loader)):
            if number >= MAX_ENTITIES:
                raise EntityFault(f"more than {MAX_ENTITIES} entities; split it")
            for record in _records(document):
                yield _entity(record, file, digest)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise EntityFault(f"not well-formed YAML{f' in line {mark.line + 1}' if mark else ''}") from None


def _records(document: Any) -> Iterator[Any]:
    if isinstance(document, Mapping) and isinstance(document.get("teams"), list):
        for team in document["teams"]:
            yield {"kind": "Group", "metadata": team, "spec": team} if isinstance(team, Mapping) else team
    elif isinstance(document, Mapping) and isinstance(document.get("items"), list):
        yield from document["items"]
    elif isinstance(document, list):
        yield from document
    elif document is not None:
        yield document


def _entity(record: Any, file: str, digest: str) -> Entity | None:
    if not isinstance(record, Mapping) or not isinstance(record.get("metadata"), Mapping):
        return None
    meta = record["metadata"]
    spec = record["spec"] if isinstance(record.get("spec"), Mapping) else {}
    kind, name = str(record.get("kind", "")), str(meta.get("name", ""))
    if not kind or not name:
        return None
    notes = {**_notes(meta.get("labels")), **_notes(meta.get("annotations"))}
    members = spec.get("members")
    return Entity(
        kind=kind,
        name=name.casefold(),
        type=str(spec.get("type", "")).casefold(),
        owner=_reference(spec.get("owner"), "group"),
        lifecycle=str(spec.get("lifecycle", "")).casefold(),
        system=_reference(spec.get("system"), "system"),
        domain=_reference(spec.get("domain"), "domain"),
        described=bool(str(meta.get("description") or "").strip()),
        defined=bool(spec.get("definition")),
        provides=tuple(
            _reference(one, "api") for one in spec.get("providesApis") or () if isinstance(one, str)
        ),
        tags=frozenset(str(tag).casefold() for tag in meta.get("tags") or ()),
        notes=notes,
        members=len(members) if isinstance(members, list) else 0,
        slug=_slug(notes),
        place=_place(notes),
        file=file,
        digest=digest,
    )


def _notes(found: Any) -> dict[str, str]:
    if not isinstance(found, Mapping):
        return {}
    return {str(key).rpartition("/")[2].casefold(): _text(value) for key, value in found.items()}


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _reference(value: Any, kind: str) -> str:
    """Return the name a reference leads to where it leads to that kind, as `group:default/name` does."""
    if not isinstance(value, str):
        return ""
    text = value.strip().casefold()
    before, colon, rest = text.partition(":")
    if colon and before != kind:
        return ""
    return (rest if colon else text).rpartition("/")[2]


def _place(notes: Mapping[str, str]) -> str:
    """Return the folder in its repository that an entity says its source is in, empty for all of it."""
    match = _PLACE.fullmatch(notes.get("source-location", "") or notes.get("managed-by-location", ""))
    place = re.sub(r"(?:^|/)catalog-info\.ya?ml$", "", match[1]) if match else ""
    return place.strip("/") if re.fullmatch(r"[\w./-]*", place) and ".." not in place else ""


def _slug(notes: Mapping[str, str]) -> str:
    plain = notes.get("project-slug", "")
    if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+", plain):
        return plain
    match = _SLUG.fullmatch(notes.get("source-location", "") or notes.get("managed-by-location", ""))
    return match[1] if match else ""
