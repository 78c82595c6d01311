"""Who is one person: pseudonyms joined wherever a source shows two of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cnmm_collectors.plugin import PersonFact

ALIASES = frozenset({"git.alias", "roster.alias", "account.alias"})


@dataclass(slots=True)
class Links:
    """Sets of pseudonyms, each known by one of them."""

    _parent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[PersonFact]) -> Links:
        """Return the links that the alias facts among these make."""
        links = cls()
        for fact in facts:
            if fact.attribute in ALIASES:
                links.join(fact.person, fact.value)
        return links

    def root(self, name: str) -> str:
        """Return the pseudonym that stands for everybody found to be the same person."""
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        """Make two pseudonyms one person."""
        one, other = sorted((self.root(one), self.root(other)))
        self._parent[other] = one
