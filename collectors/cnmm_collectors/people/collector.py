"""The people collector: all exports of an organisation in one item, so that they are told together or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import registry
from cnmm_collectors.people import settings as options
from cnmm_collectors.people.credentials import holds_badges
from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.facts import person_facts
from cnmm_collectors.people.findings import find
from cnmm_collectors.people.layouts import LAYOUTS
from cnmm_collectors.people.lists import listed
from cnmm_collectors.people.registers import REGISTERS
from cnmm_collectors.plugin import LedgerRow, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.signals import SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.tables.draft import draft
from cnmm_collectors.tables.examine import examine
from cnmm_collectors.tables.places import expand, held, state_of
from cnmm_collectors.tables.probing import probe_exports, recognised
from cnmm_collectors.tables.records import load_json

SOURCES = ("hr", "roster", "training", "certifications", "survey")
KINDS = ("roster", "training", "certifications", "survey", "openings", *REGISTERS)


def _answerable() -> tuple[SignalSpec, ...]:
    found = registry.declared(("roster", "hr", "training", "survey"))
    return tuple(spec for spec in found if any(source.name in SOURCES for source in spec.sources))


def _from(*sources: str) -> tuple[str, ...]:
    return tuple(one.id for one in _answerable() if any(source.name in sources for source in one.sources))


_OPENINGS = ("hr.cn_opening_ratio",)
_SKILLS = ("training.skill_level_share",)
_SESSIONS = ("training.session_team_ratio",)
_CERTIFICATES = _from("certifications")
_COURSES = tuple(one for one in _from("training") if one not in (*_SKILLS, *_SESSIONS, *_CERTIFICATES))
_BY_LAYOUT = {"completions": _COURSES, "skills": _SKILLS, "sessions": _SESSIONS}


class PeopleCollector:
    """Reads rosters, training, certificate and survey exports; implements `plugin.Collector`."""

    name: ClassVar[str] = "people"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = _answerable()
    Settings: ClassVar[type[BaseModel]] = options.Settings
    answers: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "roster": tuple(one for one in _from("hr", "roster") if one not in _OPENINGS),
        "training": (*_COURSES, *_SKILLS, *_SESSIONS),
        "certifications": _CERTIFICATES,
        "survey": _from("survey"),
        "openings": _OPENINGS,
        **dict.fromkeys(REGISTERS, ()),
    }

    @staticmethod
    def draft(kind: str, path: Path) -> str:
        """Return a mapping file for an export, empty for another kind; raises TableFault."""
        return draft(path, kind, LAYOUTS[kind]) if kind in LAYOUTS else ""

    def accepts(self, target: Target) -> bool:
        """True for the exports of `sources:`."""
        return target.kind == "people"

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield one item for all files together; a source without a file becomes a ledger row."""
        org = target.subject or Subject(SubjectKind.ORG, "given-targets")
        files: list[tuple[str, str]] = []
        seen: list[tuple[str | int, ...]] = []
        missing: list[str] = []
        for kind, locator in target.facts:
            if kind not in KINDS:
                continue
            found = expand(Path(locator))
            if not found:
                missing.append(kind)
                yield LedgerRow(
                    "people",
                    "file",
                    f"{kind}: {Path(locator).name}",
                    1,
                    0,
                    0,
                    1,
                    "not_visible",
                    "no such file",
                )
            files += [(kind, str(path)) for path in found]
            seen += [state_of(path) for path in found]
        payload = (("files", tuple(files)), ("k", int(target.fact("k", "5"))), ("missing", tuple(missing)))
        yield WorkItem(
            self.name, f"exports of {org.name}", target, (org,), "local", payload=payload, seen=tuple(seen)
        )

    def probe(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[Probe]:
        """Yield how each export is recognised, from its header alone."""

        def look(kind: str, path: Path) -> tuple[str, str]:
            facts = examine(path)
            if kind == "roster" and listed(path, facts) is not None:
                return "people", "a list of people, in a form that is known"
            if kind == "certifications" and facts.kind == "json" and holds_badges(load_json(path, facts)):
                return "certificates", "saved Open Badges"
            return recognised(path, kind, LAYOUTS[kind], settings.hints(path))

        yield from probe_exports(target.facts, self.answers, _BY_LAYOUT, look)

    def state(self, item: WorkItem, settings: options.Settings, reader: Reader) -> str:
        """Return a digest of all files, which decide the whole reading; empty where nothing is to be kept."""
        if not settings.keep:
            return ""
        return held(Path(locator) for _, locator in dict(item.payload)["files"])

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterable[Yield]:
        """Yield what all exports say together: cells of k people or more, and the account of every row."""
        given = dict(item.payload)
        exports = Exports(settings, reader.as_of, k=int(given["k"]))
        by_kind: dict[str, list[Path]] = defaultdict(list)
        for kind, locator in given["files"]:
            by_kind[kind].append(Path(locator))
        exports.read(by_kind)
        exports.missing = frozenset(given["missing"])
        yield from find(exports, item.subjects[0], reader, int(given["k"]), self.signals)
        yield from person_facts(exports, item.subjects[0])
