"""Signals that need only to know who belongs where: head count, roles, standing, teams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.people import titles
from cnmm_collectors.people.groups import Groups
from cnmm_collectors.people.roster import Person, Roster
from cnmm_collectors.people.telling import DECLARE, Desk, Unread
from cnmm_collectors.signals import Gap, Interval, Signal

_TITLE_ROLES: Mapping[str, frozenset[str]] = {
    "platform": frozenset({"platform_engineer"}),
    "platform-product-owner": frozenset({"platform_product_owner"}),
    "enabling": frozenset({"enabling", "ccoe"}),
    "operations": titles.OPERATIONS,
    "security-technical": titles.SECURITY,
    "security-policy": frozenset({"security_policy"}),
    "ai-engineer": frozenset({"ai_ml_engineer", "mlops"}),
    "ai-governance": frozenset({"ai_governance"}),
    "trust-safety": frozenset({"trust_safety"}),
}
_WORDED = {
    "security-infra": r"(infrastructure|network|cloud) security|security.*(infrastructure|network|cloud)",
    "security-platform": r"(platform|kubernetes|container) security|security.*(platform|kubernetes|contain)",
    "security-app": r"(application|app|product|software) security|appsec|security.*(application|software)",
}
_AREAS = {
    "orchestration": r"kubernetes|platform|orchestration|container",
    "pipelines": r"pipeline|dev ?ops|release|build|ci/?cd|delivery",
    "policy": r"policy|governance|devsecops",
    "cloud-operations": r"cloud|\bsre\b|reliability|operations",
}
_PLATFORM_TEAM = 3
_HIDDEN = f"rows of the roster are unread, or nobody counts its people: {DECLARE}"


@dataclass(frozen=True, slots=True)
class Belonging:
    """Answers the signals of rosters from one merged roster."""

    desk: Desk
    roster: Roster
    groups: Groups

    @property
    def source(self) -> str:
        """`hr` for an employee export, `roster` for any other list of who belongs."""
        return "hr" if "employee_id" in self.roster.columns else "roster"

    def signals(self) -> Iterator[Signal]:
        """Yield every signal that a roster answers, unknown where it lacks the column."""
        yield from self._head_count()
        yield from self._roles()
        yield from self._areas()
        yield from self._standing()
        yield from self._texts()
        yield from self._flags()

    def _tell(self, key: str, value: bool | int | Fraction | Interval, group: str) -> Signal:
        return self.desk.told(key, self.source, value, self.roster.files, group)

    def _missing(self, key: str, detail: str, gap: Gap = Gap.NOT_COLLECTED) -> Signal:
        return self.desk.untold(key, self.source, detail, gap)

    def _head_count(self) -> Iterator[Signal]:
        engineers = self.groups.get("engineers")
        key = "roster.engineer_count"
        if "role_title" not in self.roster.columns and "population" not in self.roster.columns:
            yield self._missing(key, "the roster has no role title and no population column")
        else:
            told = self.desk.cells.count(len(engineers))
            if self.roster.hides:
                most = (told.high or Fraction(0)) + self.desk.cells.steps(self.roster.unread)
                told = Interval(told.low, most if self.roster.counted else None)
            yield self._tell(key, told, "engineers")

    def unmatched(self) -> tuple[int, int]:
        """Return how many people have a title of no role family, and how many have a title."""
        titled = [person for person in self.roster.people.values() if person.title]
        strange = [p for p in titled if not p.families and not titles.is_elsewhere(p.title)]
        return len(strange), len(titled)

    def _roles(self) -> Iterator[Signal]:
        strange, titled = self.unmatched()
        # Judged by steps alone: whether the bar is passed must not tell of one title more or less.
        cells = self.desk.cells
        readable = 5 * (cells.step(strange) + cells.k - 1) <= cells.step(titled)
        people = self.roster.people.values()
        names = frozenset(person.title for person in people)
        families = frozenset(family for person in people for family in person.families)
        members = self.roster.members()
        for role in (*_TITLE_ROLES, *_WORDED, "platform-team"):
            key = f"roster.role_filled{{role={role}}}"
            if role == "platform-team":
                filled = any(
                    _is_platform_team(members[name], self.roster.types.get(name, ""))
                    for name in self.groups.teams
                )
            elif role in _WORDED:
                filled = any(re.search(_WORDED[role], name) for name in names)
            else:
                filled = bool(_TITLE_ROLES[role] & families)
            if filled or (readable and not self.roster.hides):
                yield self._tell(key, filled, f"role {role}")
            else:
                why = "somebody may be missing, no role titles, or more than a fifth of them name no family"
                yield self._missing(key, why)

    def _areas(self) -> Iterator[Signal]:
        declared = "area" in self.roster.columns
        leads = [p for p in self.roster.people.values() if p.standing in titles.SENIOR]
        for area, pattern in _AREAS.items():
            key = f"roster.senior_area_filled{{area={area}}}"
            if declared:
                filled = any(re.search(pattern, text) or text == area for p in leads for text in p.areas)
            else:
                filled = any(re.search(pattern, name) for name in {p.title for p in leads if p.families})
            if filled or (declared and not self.roster.hides):
                yield self._tell(key, filled, f"area {area}")
            else:
                yield self._missing(key, "the roster names no areas, and no senior title names this one")
        key = "roster.cn_team_named"
        if not self.roster.tasks:
            yield self._missing(key, "the roster states no task or mission for teams")
        else:
            named = any("cloud-native" in tasks for tasks in self.roster.tasks.values())
            yield self._tell(key, named, "teams with a task")

    def _standing(self) -> Iterator[Signal]:
        for population in ("cloud-native", "engineers", "platform"):
            key = f"hr.senior_ratio{{population={population}}}"
            people = self.groups.get(population)
            if not self.roster.graded:
                yield self._missing(key, "no standing in the roster: no level column and no title that tells")
                continue
            senior = sum(self.roster.people[number].standing in titles.SENIOR for number in people)
            yield self._share(key, senior, len(people), population)

    def _share(self, key: str, hits: int, group: int, what: str) -> Signal:
        unread = Unread(strangers=self.roster.unread, anybody=not self.roster.counted)
        return self.desk.share(key, self.source, hits, group, self.roster.files, what, unread)

    def _texts(self) -> Iterator[Signal]:
        people = self.roster.people
        engineers = [people[number] for number in self.groups.get("engineers")]
        has = "role_profile" in self.roster.columns
        if has:
            written = sum(bool(person.profile) for person in engineers)
            yield self._share("roster.role_profile_ratio", written, len(engineers), "engineers")
            texts = {
                p.profile for p in people.values() if p.profile and titles.CLOUD_NATIVE & set(p.families)
            }
            yield self._tell("hr.cn_role_profile_count", self._at_least(len(texts)), "published role texts")
        else:
            for key in ("roster.role_profile_ratio", "hr.cn_role_profile_count"):
                yield self._missing(key, "the roster does not list role texts")
        security = {
            p.title: set(p.families)
            for p in people.values()
            if set(p.families) & (titles.SECURITY | {"security_policy"})
        }
        key = "roster.security_role_split_ratio"
        if not security:
            yield self._missing(key, "the roster lists no security role text")
        elif self.roster.hides:
            yield self._missing(key, _HIDDEN)
        else:
            clear = sum(
                ("security_policy" in found) != bool(found & titles.SECURITY) for found in security.values()
            )
            yield self._tell(key, Fraction(clear, len(security)), "security role texts")
        yield self._experts()

    def _experts(self) -> Signal:
        key = "roster.expert_group_count"
        if "expert_group" not in self.roster.columns:
            return self._missing(key, "the roster names no expert groups")
        sizes: dict[str, int] = {}
        for person in self.roster.people.values():
            for group in person.groups:
                sizes[group] = sizes.get(group, 0) + 1
        return self._tell(key, self._at_least(sum(size >= 3 for size in sizes.values())), "expert groups")

    def _at_least(self, number: int) -> int | Interval:
        """Return a count that grows with each row that was not read, open upwards while there is one."""
        return Interval(Fraction(number), None) if self.roster.hides else number

    def _flags(self) -> Iterator[Signal]:
        engineers = [self.roster.people[number] for number in self.groups.get("engineers")]
        if "mentor" in self.roster.columns:
            paired = sum("mentor" in person.flags for person in engineers)
            yield self._share("hr.mentor_ratio", paired, len(engineers), "engineers")
        else:
            yield self._missing("hr.mentor_ratio", "mentoring pairs are not recorded")
        if "plan_reviewed" in self.roster.columns:
            as_of = self.desk.reader.as_of
            fresh = sum(p.plan is not None and 0 <= (as_of - p.plan).days <= 365 for p in engineers)
            yield self._share("hr.dev_plan_ratio", fresh, len(engineers), "engineers")
        else:
            yield self._missing("hr.dev_plan_ratio", "no date of a development plan in the roster")


def _is_platform_team(members: Sequence[Person], declared: str) -> bool:
    if len(members) < _PLATFORM_TEAM:
        return False
    platform = sum("platform_engineer" in person.families for person in members)
    return declared.startswith("platform") or 2 * platform > len(members)
