"""Identity: ids, addresses and logins as keyed pseudonyms; linked where a row holds several, not by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cnmm_collectors.reader import pseudonym
from cnmm_collectors.tables.cast import is_empty

KEYS = ("employee_id", "email", "login")


def tag(kind: str, text: str) -> str:
    """Return the pseudonym of an id of that kind, empty for an empty one; addresses are tagged as by Git."""
    text = text.strip()
    if is_empty(text):
        return ""
    if kind == "login":
        text = text.split("?")[0].rstrip("/").rpartition("/")[2].removeprefix("@")
    return pseudonym(f"{'address' if kind == 'email' else kind}:{text}")


def forge_address(login: str) -> str:
    """Return the pseudonym of the address a host gives to a login that hides its own."""
    return pseudonym(f"address:{login.strip().removeprefix('@')}@users.noreply.github.com")


class Conflict(Exception):
    """One row's ids belong to two people; the row stays unlinked. Carries no id."""


@dataclass(slots=True)
class Directory:
    """Who is who, by pseudonym; persons are numbers from 0."""

    _known: dict[str, int] = field(default_factory=dict)
    _employee: dict[int, str] = field(default_factory=dict)
    aliases: list[list[str]] = field(default_factory=list)
    _disputed: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.aliases)

    def find(self, kind: str, text: str) -> int | None:
        """Return the person an id belongs to, or None."""
        return self._known.get(tag(kind, text))

    def place(self, ids: Sequence[tuple[str, str]]) -> int | None:
        """Return the person of a row's (kind, id) pairs, new where none is known, None without any id.

        Raises Conflict, and from then on the address or login that two people claim belongs to neither.
        """
        named = [(kind, found) for kind, text in ids if (found := tag(kind, text))]
        if not named:
            return None
        tags = [one for one in named if one[1] not in self._disputed]
        if not tags:
            raise Conflict
        owners = {self._known[found] for _, found in tags if found in self._known}
        employee = next((found for kind, found in tags if kind == "employee_id"), "")
        if len(owners) > 1 or any(
            employee and self._employee.get(owner, employee) != employee for owner in owners
        ):
            self._dispute(tags)
            raise Conflict
        person = owners.pop() if owners else len(self.aliases)
        if person == len(self.aliases):
            self.aliases.append([])
        self._learn(person, tags, employee)
        for kind, text in ids:
            if kind == "login" and not is_empty(text) and tag(kind, text) not in self._disputed:
                self._learn(person, [("email", forge_address(text))], "")
        return person

    def _dispute(self, tags: Iterable[tuple[str, str]]) -> None:
        for kind, found in tags:
            owner = None if kind == "employee_id" else self._known.pop(found, None)
            if owner is not None:
                self._disputed.add(found)
                self.aliases[owner].remove(found)

    def _learn(self, person: int, tags: Iterable[tuple[str, str]], employee: str) -> None:
        for _, found in tags:
            if found not in self._known and found not in self._disputed:
                self._known[found] = person
                self.aliases[person].append(found)
        if employee:
            self._employee[person] = employee
