"""Authors as numbers: names and addresses are compared while history streams by, and then gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from cnmm_collectors.reader import pseudonym

_NOREPLY = re.compile(rb"(?:\d+\+)?([^@]+)@users\.noreply\.(.+)")
_TRAILER = re.compile(rb"([^<]*)<([^>]*)>")


class People:
    """Gives each person one number within a repository; two addresses under one full name are one person."""

    def __init__(self, bots: Iterable[str]) -> None:
        self._bots = frozenset(bot.lower().encode() for bot in bots)
        self._known: dict[tuple[bytes, bytes], int] = {}
        self._by_address: dict[bytes, int] = {}
        self._by_name: dict[bytes, int] = {}
        self._parent: list[int] = []
        self._aliases: list[str] = []

    def identify(self, name: bytes, address: bytes) -> int:
        """Return the person's number, 0 or more, or -1 for a bot."""
        key = (name, address)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self._place(name.strip().lower(), address.strip().lower())
        return number if number < 0 else self.root(number)

    def trailers(self, raw: bytes) -> list[int]:
        """Return the persons that `Name <address>` values name, separated by 0x03."""
        found = (_TRAILER.search(value) for value in raw.split(b"\x03"))
        return [self.identify(match[1], match[2]) for match in found if match]

    def root(self, number: int) -> int:
        """Return the number that stands for everybody found to be the same person."""
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def pseudonyms(self) -> dict[int, list[str]]:
        """Return the keyed pseudonyms of each person's addresses and full names, sorted."""
        found: dict[int, set[str]] = {}
        for number, alias in enumerate(self._aliases):
            found.setdefault(self.root(number), set()).add(alias)
        return {number: sorted(aliases) for number, aliases in found.items()}

    def forget(self) -> None:
        """Drop every name and address; numbers and pseudonyms stay."""
        self._known.clear()
        self._by_address.clear()
        self._by_name.clear()

    def _place(self, name: bytes, address: bytes) -> int:
        if is_robot(name, address, self._bots):
            return -1
        short = _NOREPLY.fullmatch(address)
        address = b"%s@users.noreply.%s" % (short[1], short[2]) if short else address
        number = self._by_address.get(address)
        if number is None:
            number = self._by_address[address] = self._add(b"address:" + address)
        # A single word is too common to be one person's name.
        if b" " in name and len(name) > 4:
            same = self._by_name.get(name)
            if same is None:
                same = self._by_name[name] = self._add(b"name:" + name)
            self._join(number, same)
        return number

    def _add(self, identity: bytes) -> int:
        self._parent.append(len(self._parent))
        self._aliases.append(pseudonym(identity.decode("utf-8", "surrogateescape")))
        return len(self._parent) - 1

    def _join(self, one: int, other: int) -> None:
        one, other = sorted((self.root(one), self.root(other)))
        self._parent[other] = one


def is_robot(name: bytes, address: bytes, bots: Collection[bytes]) -> bool:
    """True for a lower-case name or address that no person works under."""
    local = address.partition(b"@")[0].rpartition(b"+")[2]
    if b"[bot]" in name or b"[bot]" in local:
        return True
    return bool({name, local, name.replace(b" ", b"-")} & frozenset(bots))
